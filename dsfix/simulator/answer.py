"""What the model answers, before it is put into a dialect; and what dialects share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call the model makes; `namespace` and `custom` are of Responses only.

    `broken`: its arguments, as text, lack their last character.
    """

    id: str
    name: str
    arguments: Mapping[str, Any]
    namespace: str = ""
    custom: bool = False
    broken: bool = False

    @property
    def source(self) -> str:
        """The arguments as the model writes them."""
        text = json.dumps(self.arguments, ensure_ascii=False)
        return text[:-1] if self.broken else text


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one exchange; `hit` of the prompt's were cached."""

    prompt: int
    hit: int
    answer: int
    reasoning: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One assistant turn.

    `redacted`: the reasoning goes out as an opaque block on Messages. `thinking`: there is a
    place for reasoning even where there is none. `searched`: what the server looked up itself.
    """

    id: str
    model: str
    reasoning: str = ""
    text: str = ""
    calls: tuple[ToolUse, ...] = ()
    redacted: bool = False
    truncated: bool = False
    thinking: bool = False
    searched: str = ""


def frame(event: Mapping[str, Any]) -> bytes:
    """An event of Messages or Responses on the wire: both name it twice."""
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {data}\n\n".encode()


def pieces(text: str, size: int = 12) -> list[str]:
    """A text in the fragments in which it is streamed: cut anywhere, also inside a word."""
    return [text[start : start + size] for start in range(0, len(text), size)]
