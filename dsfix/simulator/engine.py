"""The simulator without a socket: a request in, a reply out."""

from __future__ import annotations

import json
import random
import secrets
import string
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dsfix.simulator import chat, messages, responses
from dsfix.simulator.answer import Answer, ToolUse, Usage
from dsfix.simulator.cache import PromptCache
from dsfix.simulator.faults import KEEP_ALIVE, endless, error_frame, failure
from dsfix.simulator.model import Move, move
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Ledger, Request, read, refusal
from dsfix.simulator.rules.base import MODELS
from dsfix.simulator.rules.images import seen_images
from dsfix.simulator.rules.ledger import Minted
from dsfix.simulator.rules.tokens import prompt_of, tokens
from dsfix.simulator.rules.transport import BALANCE_PATH, COUNT_PATH, decode
from dsfix.simulator.rules.values import budget, served_model, user_id
from dsfix.simulator.rules.wire import context
from dsfix.simulator.tools import offered

_ALPHABET = string.ascii_letters + string.digits
_CREATED = 1_790_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: one body, or the events of a stream. `refused_by` names the rule.

    `cut_after`: the connection breaks after so many events. `repeat`: what follows for ever.
    """

    status: int
    content_type: str | None
    frames: tuple[bytes, ...]
    streamed: bool = False
    refused_by: str = ""
    cut_after: int = 0
    repeat: bytes = b""


@dataclass(slots=True)
class Engine:
    """One simulated server: options, what it has produced, and what it has cached."""

    options: Options = field(default_factory=Options)
    ledger: Ledger = field(default_factory=Ledger)
    cache: PromptCache = field(default_factory=PromptCache)
    _seed: int = 0
    _answered: int = 0
    _failures: list[int] = field(default_factory=list)
    _random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._failures = list(self.options.fail)
        given = self.options.seed
        self._seed = secrets.randbelow(1_000_000) if given is None else given
        self._random.seed(self._seed)

    def reply(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        """Answer one request; header names are in lower case, the path has no query."""
        request = read(method, path, headers, raw, policy=self.options.policy, ledger=self.ledger)
        if request.dialect is not None and self._failures:
            status = self._failures.pop(0)
            kind, body = failure(status)
            return Reply(status, kind, (body,), refused_by="fail")
        refused = refusal(request)
        if refused is not None:
            rule, answer = refused
            self.ledger.refused_once |= rule.name == "flaky"
            return Reply(answer.status, answer.content_type, (answer.body,), refused_by=rule.name)
        return _information(request) if request.dialect is None else self._answer(request)

    def _answer(self, request: Request) -> Reply:
        assert request.dialect is not None
        self._answered += 1
        answer = self._turn(request)
        usage = self._usage(request, answer)
        answer, usage = _shortened(answer, usage, budget(request.body, request.dialect))
        self._remember(request, answer)
        shown = replace(answer, model=self.options.serve_as or answer.model)
        if request.body.get("stream") is True:
            return self._streamed(request, shown, usage)
        if request.dialect == "chat":
            return _json(chat.completion(shown, usage, _CREATED))
        if request.dialect == "responses":
            return _json(responses.response(shown, usage, _CREATED))
        return _json(messages.message(shown, usage, self.options.signature))

    def _streamed(self, request: Request, shown: Answer, usage: Usage) -> Reply:
        assert request.dialect is not None
        options, cut, repeat = self.options, 0, b""
        frames = tuple(_events(request, shown, usage, options))
        if self._answered == options.cut_request:
            cut = options.cut_after
            if options.error_after:
                frames = frames[: options.error_after]
                error = error_frame(request.dialect, shown, _CREATED, len(frames))
                frames = (*frames, error)
            if options.endless != "no":
                frames, repeat = endless(frames, options.endless)
        dressed = tuple(_dressed(frame, options) for frame in frames)
        kind = "text/event-stream; charset=utf-8"
        return Reply(200, kind, dressed, True, cut_after=cut, repeat=repeat)

    def _turn(self, request: Request) -> Answer:
        assert request.dialect is not None
        every = self.options.no_reasoning_every
        model = served_model(request.body["model"], request.dialect) or ""
        seen = seen_images(request.body, model, request.policy)
        made = move(request.body, request.dialect, self._answered, self._seed, seen)
        last = request.body.get("messages", ())[-1:]
        if self.options.mute_after_system and last and last[0]["role"] == "system":
            made = Move()
        silent = not request.thinking or (every and self._answered % every == 0)
        tools = {tool.name: tool for tool in offered(request.body)}
        calls = tuple(
            ToolUse(self._call_id(place), name, given, tools[name].namespace, tools[name].custom)
            for place, (name, given) in enumerate(made.calls)
        )
        return Answer(
            id=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            model=model,
            reasoning="" if silent else made.reasoning,
            text=made.text,
            calls=calls,
            redacted=made.redacted and request.dialect == "messages" and not silent,
        )

    def _call_id(self, place: int) -> str:
        return f"call_{place:02d}_" + "".join(self._random.choices(_ALPHABET, k=24))

    def _usage(self, request: Request, answer: Answer) -> Usage:
        prompt = prompt_of(request.body)
        partition = f"{user_id(request.body, request.dialect)}\n{answer.model}\n"
        spoken = answer.text + "".join(json.dumps(call.arguments) for call in answer.calls)
        thought = tokens(answer.reasoning.encode())
        return Usage(
            prompt=tokens(prompt),
            hit=self.cache.hit(partition, prompt),
            answer=thought + tokens(spoken.encode()),
            reasoning=thought,
        )

    def _remember(self, request: Request, answer: Answer) -> None:
        self.ledger.add(
            Minted(
                id=answer.id,
                key=request.key,
                reasoning="" if answer.redacted else answer.reasoning,
                text=answer.text,
                context=context(request.history),
                calls=tuple(call.id for call in answer.calls),
            )
        )


def _shortened(answer: Answer, usage: Usage, limit: int | None) -> tuple[Answer, Usage]:
    """`max_tokens` bounds reasoning and answer together, and reasoning is spent first.

    tinkerindustries/agent-harness docs/OBSERVED.md, 2026-08-09.
    """
    if limit is None or usage.answer <= limit:
        return answer, usage
    reasoning = answer.reasoning[: 4 * limit]
    left = limit - tokens(reasoning.encode())
    short = replace(answer, reasoning=reasoning, text=answer.text[: 4 * left], calls=())
    spent = min(usage.reasoning, limit)
    return replace(short, truncated=True), replace(usage, answer=limit, reasoning=spent)


def _dressed(frame: bytes, options: Options) -> bytes:
    text = KEEP_ALIVE + frame if options.keep_alive else frame
    return text.replace(b"\n", b"\r\n") if options.crlf else text


def _events(request: Request, answer: Answer, usage: Usage, options: Options) -> Iterator[bytes]:
    if request.dialect == "messages":
        for event in messages.events(answer, usage, options.signature):
            yield messages.frame(event)
        return
    if request.dialect == "responses":
        for event in responses.events(answer, usage, _CREATED):
            yield responses.frame(event)
        return
    asked = request.body.get("stream_options")
    include = isinstance(asked, dict) and bool(asked.get("include_usage"))
    for chunk in chat.chunks(answer, usage, _CREATED, include, options.usage_chunk):
        yield chat.frame(chunk)
    yield chat.DONE


def _information(request: Request) -> Reply:
    """The routes on which no model answers: models, balance, counting.

    https://api-docs.deepseek.com/api/list-models and /api/get-user-balance.
    """
    if request.path == COUNT_PATH:
        body, _ = decode(request.raw)
        return _json({"input_tokens": tokens(prompt_of(body if isinstance(body, dict) else {}))})
    if request.path == BALANCE_PATH:
        amounts = {
            "total_balance": "10.00",
            "granted_balance": "0.00",
            "topped_up_balance": "10.00",
        }
        return _json({"is_available": True, "balance_infos": [{"currency": "USD", **amounts}]})
    models = [{"id": name, "object": "model", "owned_by": "deepseek"} for name in MODELS]
    return _json({"object": "list", "data": models})


def _json(value: Mapping[str, Any]) -> Reply:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(200, "application/json", (body,))
