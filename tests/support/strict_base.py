"""What all wires of the strict endpoint share: answers it gave, turns it reads, how it refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(r"\[answer-\d+-[0-9a-f]{6}\]")


class Refused(Exception):
    """A request that the endpoint does not take; `rule` names why."""

    def __init__(self, rule: str, text: str, status: int = 400) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule, self.text, self.status = rule, text, status


@dataclass
class Call:
    """A tool call to make. `custom` calls carry one text, namespaces exist on Responses only."""

    name: str
    arguments: dict[str, Any]
    namespace: str = ""
    custom: bool = False


@dataclass
class Tool:
    """A tool that a request offers, with the names of its arguments."""

    name: str
    arguments: frozenset[str]
    namespace: str = ""
    custom: bool = False


@dataclass
class Given:
    """One answer the endpoint gave. `reasoning` is None where it gave none."""

    number: int
    token: str
    reasoning: str | None
    calls: tuple[str, ...] = ()
    model: str = ""
    certain: bool = True  # False when it broke off, so nobody knows what arrived


@dataclass
class Answer:
    """One answer to put on a wire; `ending` is `completed`, `incomplete` or `failed`."""

    given: Given
    calls: list[Call]
    id: str
    model: str
    text: str
    signature: str = "uuid"
    secret: str | None = None
    ending: str = "completed"
    prompt: int = 128  # tokens that it says the request has


@dataclass
class Turn:
    """One assistant turn of a history."""

    calls: tuple[str, ...]
    text: str
    reasoning: str | None
    first: bool = True
    redacted: bool = False


@dataclass
class Memory:
    """Every answer given, by call id and by the token in its text."""

    calls: dict[str, Given] = field(default_factory=dict)
    tokens: dict[str, Given] = field(default_factory=dict)

    def add(self, given: Given) -> None:
        """Remember an answer."""
        self.tokens[given.token] = given
        for call in given.calls:
            self.calls[call] = given

    def of(self, turn: Turn) -> Given | None:
        """The answer that a turn is, None for one the endpoint did not give.

        One of nothing but reasoning, or with the token's beginning behind it, is what was left of
        a stream that broke off.
        """
        for call in turn.calls:
            if call in self.calls:
                return self.calls[call]
        found = TOKEN.findall(turn.text)
        if not turn.calls and not found and turn.reasoning:
            likely = (g for g in self.tokens.values() if g.token.startswith(turn.text))
            return next((g for g in likely if g.reasoning == turn.reasoning), None)
        return self.tokens.get(found[-1]) if found and not turn.calls else None

    def is_real(self, text: str) -> bool:
        """Whether a text is the reasoning of any answer."""
        return any(given.reasoning == text for given in self.tokens.values())


def blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The content of a message as blocks."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content or [])


def unknown(path: str, what: str, allowed: tuple[str, ...]) -> Refused:
    """The refusal of a word that is none of those allowed."""
    names = ", ".join(f"`{name}`" for name in allowed)
    text = f"{path}: unknown variant `{what}`, expected one of {names}"
    return malformed(text, "role" if path.endswith(".role") else "content")


def malformed(text: str, rule: str = "serde") -> Refused:
    """The refusal of a body that does not fit its type."""
    return Refused(rule, f"Failed to deserialize the JSON body into the target type: {text}")


def thirds(text: str) -> list[str]:
    """A text in up to three pieces."""
    size = max(1, -(-len(text) // 3))
    return [text[n : n + size] for n in range(0, len(text), size)]
