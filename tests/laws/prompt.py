"""The prompt as an upstream's cache sees it, and how much of it two requests share.

It is read from the body by itself, without the code under test: what the cache is parted by
(model and user), then tools, system and messages in order. Cache markers count for nothing,
because agents move them, and neither does whether a text stands in a block or by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

BILLING = "x-anthropic-billing-header:"
# What the server does not show to the model, on Responses.
_HIDDEN = ("id", "status", "summary", "encrypted_content", "phase", "type")

# The header that dsfix takes out counts for nothing by itself, but for all that stands behind it
# where it differs.
_WEIGHTLESS = ("role", "result", "billing")

# What kind of thing, and its text.
Piece = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in pieces; those of another `partition` are never shared."""

    partition: tuple[str, str]
    pieces: tuple[Piece, ...]

    def begins(self, other: Prompt) -> bool:
        """Whether the other prompt is this one and more."""
        return other.pieces[: len(self.pieces)] == self.pieces

    def shared(self, other: Prompt) -> int:
        """Bytes of text that both prompts begin with."""
        if self.partition != other.partition:
            return 0
        count = 0
        for (kind, mine), (also, theirs) in zip(self.pieces, other.pieces, strict=False):
            if (kind, mine) != (also, theirs):
                alike = kind == also and kind not in _WEIGHTLESS
                return count + (_common(mine, theirs) if alike else 0)
            count += _weight(kind, mine)
        return count

    @property
    def size(self) -> int:
        """Bytes of text."""
        return sum(_weight(kind, text) for kind, text in self.pieces)


def prompt(dialect: str, data: bytes) -> Prompt:
    """The prompt of a request."""
    body = plain(json.loads(data))
    metadata = body.get("metadata")
    user = metadata.get("user_id") if isinstance(metadata, dict) else body.get("user_id")
    return Prompt((str(body.get("model")), str(user)), tuple(_pieces(dialect, body)))


def plain(value: Any) -> Any:
    """A value without the markers that agents move."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if key != "cache_control"}
    return [plain(each) for each in value] if isinstance(value, list) else value


def _pieces(dialect: str, body: dict[str, Any]) -> Iterator[Piece]:
    for tool in body.get("tools") or ():
        yield "tool", _dump(tool)
    yield from _content(body.get("instructions", body.get("system")))
    if dialect == "responses":
        given = body.get("input")
        for item in given if isinstance(given, list) else [{"role": "user", "content": given}]:
            yield from _item(item)
        return
    for message in body["messages"]:
        yield from _message(message)


def _message(message: Any) -> Iterator[Piece]:
    rest = {key: each for key, each in message.items() if key not in ("role", "content")}
    yield "role", str(message.get("role"))
    reasoning = rest.pop("reasoning_content", None)
    if reasoning is not None:
        yield "thinking", str(reasoning)
    yield from _content(message.get("content"))
    for name in sorted(rest):
        yield name, _dump(rest[name])


def _item(item: Any) -> Iterator[Piece]:
    kind = item.get("type", "message")
    yield "role", str(item.get("role", kind))
    rest = {key: each for key, each in item.items() if key not in (*_HIDDEN, "role", "content")}
    content = item.get("content")
    if kind == "reasoning":
        yield "thinking", "\n".join(str(part.get("text")) for part in content or ())
    else:
        yield from _content(content)
    for name in sorted(rest):
        yield name, rest[name] if isinstance(rest[name], str) else _dump(rest[name])


def _content(content: Any) -> Iterator[Piece]:
    if isinstance(content, str):
        yield _text(content)
        return
    for block in content or ():
        kind = block.get("type")
        if isinstance(block.get("text"), str):
            yield _text(block["text"])
        elif kind == "thinking":
            yield "thinking", str(block.get("thinking"))
        elif kind == "tool_result":
            yield "result", str(block.get("tool_use_id"))
            yield from _content(block.get("content"))
        else:
            yield str(kind), _dump(block)


def _text(text: str) -> Piece:
    return "billing" if text.startswith(BILLING) else "text", text


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _weight(kind: str, text: str) -> int:
    return 0 if kind in _WEIGHTLESS else len(text.encode("utf-8", "replace"))


def _common(one: str, two: str) -> int:
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))
    return len(one[:same].encode("utf-8", "replace"))
