"""Whether a request begins with the very bytes of the one it goes on from: the cache asks for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Set
from typing import Any, NamedTuple

from tests.sessions.agent import Request
from tests.sessions.fault import Fault, parting
from tests.sessions.writing import said_in
from tests.support.strict_rules import WIRES, prompt


class Sent(NamedTuple):
    """One request: of whom, its entries by number, as it was given, and the prompt sent for it."""

    of: tuple[str, str, str]
    numbers: tuple[int, ...]
    given: list[str]
    prompt: list[str]


class Prefixes:
    """Knows the prompts that were sent. `doubtful` are placeholders that may become another."""

    def __init__(self, doubtful: Set[str], left: Counter[str]) -> None:
        self._doubtful, self._left = doubtful, left
        self._sent: list[Sent] = []

    def check(self, asked: Request) -> None:
        """Raise Fault where a prompt differs from the one before in what both have."""
        thread, received = asked.thread, asked.came[0]
        if not thread.tools or WIRES[thread.dialect].is_off(received.body):
            return
        of = thread.name, thread.model, thread.dialect
        numbers = tuple(each.number for each in thread.history)
        given = _given(thread.dialect, json.loads(asked.body))
        body = _as_read(received.body)
        now = Sent(of, numbers, given, prompt(thread.dialect, body))
        before = max(
            (each for each in self._sent if _goes_on(now, each)),
            key=lambda each: len(each.numbers),
            default=None,
        )
        self._sent.append(now)
        if before is not None:
            self._compare(before.prompt, now.prompt)

    def _compare(self, before: list[str], now: list[str]) -> None:
        nth = parting(before, now)
        if nth == len(before):
            return
        was, new = before[nth], now[nth] if nth < len(now) else ""
        if any(each in new for each in self._doubtful):
            # One that was known until another like it was given.
            self._left["a prefix changed, as a turn is like another"] += 1
            return
        around = slice(max(0, (at := parting(was, new)) - 80), at + 160)
        raise Fault("prefix", f"part {nth} at {at} was {was[around]!r}, is {new[around]!r}")


def _goes_on(now: Sent, before: Sent) -> bool:
    """Whether a request goes on from an earlier one, byte for byte as far as others said it."""
    count, parts = len(before.numbers), len(before.given)
    same = now.of == before.of and now.numbers[:count] == before.numbers
    return same and now.given[:parts] == before.given


def _given(dialect: str, body: dict[str, Any]) -> list[str]:
    """What a request says, without what the model said and without the cache's markers."""
    out = []
    for message in body[said_in(dialect)]:
        if message.get("role") == "assistant" or message.get("type") == "function_call":
            out.append("reply")
        elif message.get("type") != "reasoning":
            out.append(json.dumps(_unmarked(message)))
    return out


def _unmarked(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list):
        return message
    plain = [{key: part[key] for key in part if key != "cache_control"} for part in content]
    return {**message, "content": plain}


def _as_read(value: Any) -> Any:
    """As a model reads it: no signature, no other name for reasoning, and no text is an empty one."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if key not in ("signature", "reasoning")}
        if "content" in kept and kept["content"] is None:
            kept["content"] = ""
        return {key: _as_read(each) for key, each in kept.items()}
    return [_as_read(each) for each in value] if isinstance(value, list) else value
