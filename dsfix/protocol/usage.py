"""Token counts in one form, whatever the dialect calls them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

# For a text of which nothing else is known. An English letter is 0.3 of a token, a Chinese one 0.6
# in three bytes (https://api-docs.deepseek.com/quick_start/token_usage): the greater of the two.
TOKENS_PER_BYTE = 0.3


class Wire(msgspec.Struct):
    """The usage object of any dialect; fields another dialect has are simply absent."""

    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: Creation | None = None
    output_tokens: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_cache_hit_tokens: int | None = None
    cached_tokens: int | None = None  # Kimi: https://platform.kimi.ai/docs/api/chat
    prompt_tokens_details: Details | None = None
    completion_tokens_details: Details | None = None
    input_tokens_details: Details | None = None
    output_tokens_details: Details | None = None
    server_tool_use: LookedUp | None = None


class LookedUp(msgspec.Struct):
    """How often the upstream looked up the web with success (Messages)."""

    web_search_requests: int | None = None
    web_fetch_requests: int | None = None


class Creation(msgspec.Struct):
    """What was written to the cache for longer than five minutes (Messages)."""

    ephemeral_1h_input_tokens: int | None = None


class Details(msgspec.Struct):
    """The nested counts of Chat Completions and Responses."""

    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one exchange. `input` includes what was read from the cache (`cached`).

    Messages reports input without what was read from the cache or written to it, Chat and
    Responses with it (https://api-docs.deepseek.com/guides/kv_cache); here they mean the same.
    `reasoning` is part of `output` and None where the upstream does not tell (Messages).
    `written` is the part of `input` that was put into the cache at the agent's word, and
    `written_1h` the part of that which is kept for an hour
    (https://platform.claude.com/docs/en/build-with-claude/prompt-caching). Besides tokens there is
    what the upstream looked up on the web: `searches`, and pages that it read (`fetches`).
    """

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int | None = None
    written: int = 0
    written_1h: int = 0
    searches: int = 0
    fetches: int = 0

    @classmethod
    def read(cls, wire: Wire, before: Usage | None = None) -> Usage:
        """The counts in `wire`; a field it lacks keeps its value from an earlier event."""
        known = before or cls()
        used = cls._of_tokens(wire, known)
        web = wire.server_tool_use or LookedUp()
        return used.looking_up(
            web.web_search_requests or known.searches, web.web_fetch_requests or known.fetches
        )

    def looking_up(self, searches: int, fetches: int) -> Usage:
        """The same with what was looked up on the web besides."""
        if (searches, fetches) == (self.searches, self.fetches):
            return self
        return replace(self, searches=searches, fetches=fetches)

    @classmethod
    def _of_tokens(cls, wire: Wire, known: Usage) -> Usage:
        if wire.input_tokens_details is not None or wire.output_tokens_details is not None:
            details = wire.input_tokens_details or Details()
            out = wire.output_tokens_details or Details()
            return cls(
                wire.input_tokens or 0,
                details.cached_tokens or 0,
                wire.output_tokens or 0,
                out.reasoning_tokens,
            )
        if wire.prompt_tokens is not None or wire.completion_tokens is not None:
            details = wire.prompt_tokens_details or Details()
            out = wire.completion_tokens_details or Details()
            told = wire.prompt_cache_hit_tokens, details.cached_tokens, wire.cached_tokens
            return cls(
                wire.prompt_tokens or 0,
                next(filter(None, told), 0),
                wire.completion_tokens or 0,
                out.reasoning_tokens,
            )
        return cls._of_messages(wire, known)

    @classmethod
    def _of_messages(cls, wire: Wire, known: Usage) -> Usage:
        """Messages tells a stream's counts in two events, and may leave out what stands.

        Or say 0 there: no count goes down (envoyproxy/ai-gateway#1631, sgl-project/sglang#20830).
        """

        def told(count: int | None, before: int) -> int:
            return count or before

        read = told(wire.cache_read_input_tokens, known.cached)
        written = told(wire.cache_creation_input_tokens, known.written)
        longer = (wire.cache_creation or Creation()).ephemeral_1h_input_tokens
        rest = told(wire.input_tokens, known.input - known.cached - known.written)
        return cls(
            rest + read + written,
            read,
            told(wire.output_tokens, known.output),
            known.reasoning,
            written,
            min(told(longer, known.written_1h), written),
        )
