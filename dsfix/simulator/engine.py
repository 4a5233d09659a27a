"""The simulator without a socket: a request in, a reply out."""

from __future__ import annotations

import json
import random
import secrets
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dsfix.simulator.answer import Answer, ToolUse, Usage
from dsfix.simulator.cache import PromptCache
from dsfix.simulator.delivery import Reply, as_json, delivered
from dsfix.simulator.faults import afflicted, failure, leaked, relayed
from dsfix.simulator.model import Move, move
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Ledger, Request, read, refusal
from dsfix.simulator.rules.images import seen_images
from dsfix.simulator.rules.ledger import Minted
from dsfix.simulator.rules.sampling import budget
from dsfix.simulator.rules.tokens import prompt_of, tokens
from dsfix.simulator.rules.transport import BALANCE_PATH, COUNT_PATH, decode
from dsfix.simulator.rules.values import MODELS, served_model, user_id
from dsfix.simulator.rules.wire import context
from dsfix.simulator.tools import offered

__all__ = ["Engine", "Reply"]

_ALPHABET = string.ascii_letters + string.digits


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
            rule = refused[0]
            self.ledger.refused_once |= rule.name == "flaky"
            told = relayed(refused[1], self.options.relay, str(request.body.get("model")))
            return Reply(told.status, told.content_type, (told.body,), refused_by=rule.name)
        return _information(request) if request.dialect is None else self._answer(request)

    def _answer(self, request: Request) -> Reply:
        self._answered += 1
        answer = self._turn(request)
        usage = self._usage(request, answer)
        answer, usage = _shortened(answer, usage, budget(request.body, request.dialect))
        self._remember(request, answer)
        shown = replace(answer, model=self.options.serve_as or answer.model)
        chosen = self._answered == self.options.cut_request
        return delivered(request, shown, usage, self.options, afflicted=chosen)

    def _turn(self, request: Request) -> Answer:
        assert request.dialect is not None
        options, body = self.options, _as_understood(request)
        model = served_model(str(body["model"]), request.dialect, request.policy) or ""
        seen = seen_images(body, model, request.policy)
        made = move(body, request.dialect, self._answered, self._seed, seen)
        made = afflicted(made, request, options)
        if self._each(options.dsml_every):
            made = leaked(made)
        thinking = request.thinking or options.thinks_anyway
        silent = not thinking or self._each(options.no_reasoning_every)
        return Answer(
            id=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            model=model,
            reasoning="" if silent else _drawn_out(made.reasoning, options.thinking_tokens),
            text=made.text,
            calls=self._calls(made, body),
            redacted=made.redacted and request.dialect == "messages" and not silent,
            thinking=thinking and options.bare == "empty",
            searched=made.searched,
        )

    def _calls(self, made: Move, body: Mapping[str, Any]) -> tuple[ToolUse, ...]:
        """The calls of a turn, under ids of this server; the last one may be broken."""
        tools = {tool.name: tool for tool in offered(body)}
        broken = self._each(self.options.broken_every)
        last = len(made.calls) - 1
        return tuple(
            ToolUse(
                id=f"call_{place:02d}_" + "".join(self._random.choices(_ALPHABET, k=24)),
                name=name,
                arguments=given,
                namespace=tools[name].namespace,
                custom=tools[name].custom,
                broken=broken and place == last,
            )
            for place, (name, given) in enumerate(made.calls)
        )

    def _each(self, nth: int) -> bool:
        """Whether this answer is one of each so many."""
        return bool(nth) and self._answered % nth == 0

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


def _as_understood(request: Request) -> Mapping[str, Any]:
    """The body as the model sees it: `any` may stand for `auto`."""
    choice = request.body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind == "any" and request.policy.forced_choice == "any-auto":
        return {**request.body, "tool_choice": {"type": "auto"}}
    return request.body


def _drawn_out(reasoning: str, least: int) -> str:
    """A reasoning that is at least so many tokens long; none stays none."""
    return reasoning.ljust(4 * least, ".") if reasoning else ""


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


def _information(request: Request) -> Reply:
    """The routes on which no model answers: models, balance, counting.

    https://api-docs.deepseek.com/api/list-models and /api/get-user-balance.
    """
    if request.path == COUNT_PATH:
        body, _ = decode(request.raw)
        return as_json({"input_tokens": tokens(prompt_of(body if isinstance(body, dict) else {}))})
    if request.path == BALANCE_PATH:
        amounts = {
            "total_balance": "10.00",
            "granted_balance": "0.00",
            "topped_up_balance": "10.00",
        }
        return as_json({"is_available": True, "balance_infos": [{"currency": "USD", **amounts}]})
    models = [{"id": name, "object": "model", "owned_by": "deepseek"} for name in MODELS]
    return as_json({"object": "list", "data": models})
