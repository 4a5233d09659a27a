"""How the simulated server behaves beyond its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dsfix.simulator.rules.base import Policy, switch


@dataclass(frozen=True, slots=True)
class Options:
    """Switches of the server; the rules have their own in `policy`."""

    policy: Policy = field(default_factory=Policy)
    seed: int | None = switch(None, "makes ids, reasoning and file names repeatable")
    serve_as: str = switch("", "the model name in every answer, whatever was asked")

    # What an answer says.
    no_reasoning_every: int = switch(
        0, "each nth answer has no reasoning, as V4 now and then (damianvtran/local-operator#1037)"
    )
    bare: Literal["absent", "empty"] = switch(
        "absent",
        "without reasoning there is no thinking at all, or an empty one"
        " (deepseek-ai/deepseek-recipe)",
    )
    thinks_anyway: bool = switch(
        False, "reasoning comes though thinking is off (HosheaLi/dsv4-cc-proxy)"
    )
    thinking_tokens: int = switch(
        0, "reasoning is at least so long, and eats small budgets (tinkerindustries/agent-harness)"
    )
    placeholders: Literal["answer", "empty", "think"] = switch(
        "answer",
        "what placeholders do: nothing, the same text on all turns leaves the answer empty"
        " (Lingtai-AI/lingtai-kernel#9), blank text leaves it inside thinking"
        " (lobehub/lobehub#16294)",
    )
    mute_after_system: bool = switch(
        False,
        "a request that ends with a system message gets an empty answer (QuantumNous/new-api#5413)",
    )
    dsml_every: int = switch(
        0,
        "the calls of each nth answer leak as text in the model's own syntax (SuperJJ007/CSSwitch)",
    )
    broken_every: int = switch(
        0,
        "the arguments of each nth answer's last call lack their last brace, in streams and on"
        " Chat and Responses (tinkerindustries/agent-harness)",
    )

    # How it is written down.
    signature: Literal["delta", "start", "none"] = switch(
        "delta",
        "thinking is signed by a delta (NousResearch/hermes-agent#21048), has an empty signature"
        " at its start too (deepseek-ai/deepseek-recipe), or has none"
        " (Alishahryar1/free-claude-code#599)",
    )
    ping: bool = switch(False, "a ping after the start of the first block on Messages")
    usage_chunk: Literal["last", "own", "none"] = switch(
        "last",
        "on Chat the usage rides on the last chunk, as measured, has a chunk of its own, as once"
        " documented, or is missing",
    )

    # How it travels.
    keep_alive: bool = switch(False, "comments in streams and blank lines before JSON")
    slow_start: float = switch(0.0, "seconds before an answer, filled with comments or blank lines")
    delay: float = switch(0.0, "seconds before each event")
    chunk: int = switch(0, "streams are written in pieces of so many bytes")
    crlf: bool = switch(False, "lines of streams end in CR LF")
    gzip: bool = switch(False, "answers are compressed, whatever was asked for")

    # What goes wrong.
    fail: tuple[int, ...] = switch(
        (), "statuses that are answered first, one each; 0 resets the connection"
    )
    relay: Literal["none", "trace-id", "wrapped"] = switch(
        "none",
        "refusals are the server's own, have a relay's mark at their end (ad-naan/Adnify#193), or"
        " are quoted in a message of its own (decolua/9router#773)",
    )
    cut_after: int = switch(
        0, "an answer breaks off after so many events, or after so many bytes of JSON"
    )
    cut: Literal["reset", "close", "end"] = switch(
        "reset", "how: by a reset, without the end of the body, or as if it were whole"
    )
    cut_request: int = switch(
        1, "which answer is cut, fails or does not end, counted from 1", least=1
    )
    error_after: int = switch(0, "an error event ends an answer after so many events")
    endless: Literal["no", "comments", "events"] = switch(
        "no", "an answer never ends, but goes on with comments or events"
    )
