"""The input items of Responses, put together to messages the way DeepSeek's own adapter does.

deepseek-ai/deepseek-recipe (protocol/openai/responses, 2026-09) and
https://api-docs.deepseek.com/api/create-response (2026-09-19): reasoning, text and calls that
stand beside each other are one assistant message; calls belong together until all of them are
answered; plain `reasoning_text` is the only reasoning that is read; other items are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dsfix.simulator.rules.turn import Call, Turn, parsed

CALLS = ("function_call", "custom_tool_call")
OUTPUTS = ("function_call_output", "custom_tool_call_output")
KNOWN = ("message", "reasoning", *CALLS, *OUTPUTS)


@dataclass(slots=True)
class _Open:
    """A message that is still being put together."""

    role: str
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    results: tuple[str, ...] = ()

    def closed(self, index: int) -> Turn:
        return Turn(
            index=index,
            role=self.role,
            text="\n\n".join(text for text in self.texts if text),
            reasoning="\n".join(self.thoughts) if self.thoughts else None,
            calls=tuple(self.calls),
            results=self.results,
            leading=self.results,
        )


def items(body: Mapping[str, Any]) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Place, type and content of each input item that is not ignored."""
    given = body.get("input")
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    for index, item in enumerate(given or ()):
        kind = item.get("type", "message")
        if kind in KNOWN:
            yield index, kind, item


def responses_turns(body: Mapping[str, Any]) -> tuple[Turn, ...]:
    """All messages of a request whose form is valid."""
    found: list[_Open] = []
    group: _Open | None = None
    pending: set[str] = set()
    for _, kind, item in items(body):
        if kind in CALLS:
            if group is None or not pending:
                group = _assistant(found, lambda last: not last.calls)
            group.calls.append(_call(item))
            pending.add(item["call_id"])
        elif kind in OUTPUTS:
            found.append(_Open("tool", results=(item["call_id"],)))
            pending.discard(item["call_id"])
        elif kind == "reasoning":
            if thought := thought_of(item):
                turn = _assistant(found, lambda last: not last.calls and not any(last.texts))
                turn.thoughts.append(thought)
        elif item["role"] == "assistant":
            _assistant(found, lambda last: not last.calls).texts.append(text_of(item["content"]))
        else:
            found.append(_Open(item["role"], [text_of(item["content"])]))
    return tuple(turn.closed(index) for index, turn in enumerate(found))


def thought_of(item: Mapping[str, Any]) -> str:
    """The plain text of a reasoning item: neither its summary nor encrypted content counts."""
    return "\n".join(part["text"] for part in item.get("content") or ())


def text_of(content: Any) -> str:
    """The text of a message or an output."""
    if isinstance(content, str):
        return content
    return "\n\n".join(part["text"] for part in content or () if isinstance(part.get("text"), str))


def _assistant(found: list[_Open], goes_on: Callable[[_Open], bool]) -> _Open:
    """The assistant message at the end if this belongs to it, else a new one."""
    if not (found and found[-1].role == "assistant" and goes_on(found[-1])):
        found.append(_Open("assistant"))
    return found[-1]


def _call(item: Mapping[str, Any]) -> Call:
    if item["type"] == "custom_tool_call":
        return Call(item["call_id"], item["name"], {"input": item["input"]})
    return Call(item["call_id"], item["name"], parsed(item["arguments"]))
