"""What a message says, for people: reasoning, text, tool calls and results, in any dialect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from dsfix.repairs.placeholder import is_placeholder


class Sort(StrEnum):
    """What kind of saying it is."""

    TEXT = "text"
    REASONING = "reasoning"
    PLACEHOLDER = "placeholder"
    CALL = "call"
    RESULT = "result"
    OTHER = "other"


class Said(NamedTuple):
    """One thing said by one role; `name` is the tool of a call, or what `other` is."""

    role: str
    sort: Sort
    text: str
    name: str = ""


def transcript(messages: Sequence[Any], answer: Sequence[Mapping[str, Any]] = ()) -> list[Said]:
    """All that these messages say, and then the answer's blocks."""
    said = [each for message in messages for each in _message(message)]
    return said + [each for block in answer for each in _answered(block)]


def tool_name(tool: Any) -> str:
    """The name of a tool that was offered, wherever its dialect has it; of one without, its type.

    Empty for what is no tool.
    """
    if not isinstance(tool, dict):
        return ""
    inner = tool.get("function")
    return str((inner if isinstance(inner, dict) else tool).get("name") or tool.get("type", ""))


def _message(message: Any) -> Iterator[Said]:
    if not isinstance(message, dict):
        yield Said("?", Sort.OTHER, "", "message that was not kept")
        return
    role = "agent" if message.get("type") == "agent_message" else str(message.get("role", "?"))
    for name in ("reasoning_content", "reasoning"):
        if isinstance(thought := message.get(name), str):
            yield _reasoning(role, thought)
            break
    content = message.get("content")
    if role == "tool":
        yield Said(role, Sort.RESULT, _plain(content))
    elif isinstance(content, str):
        yield Said(role, Sort.TEXT, content)
    elif isinstance(content, list) and message.get("type") != "reasoning":
        for block in content:
            yield from _block(role, block)
    elif "type" in message:  # an item of Responses
        yield from _block(role if role != "?" else "assistant", message)
    for call in _list(message.get("tool_calls")):
        function = call.get("function") if isinstance(call, dict) else None
        known = function if isinstance(function, dict) else {}
        yield Said(role, Sort.CALL, str(known.get("arguments", "")), str(known.get("name", "")))


def _answered(block: Mapping[str, Any]) -> Iterator[Said]:
    """A block of an answer in the record; of one without what was said, how much that was."""
    if isinstance(size := block.get("characters"), int):
        what = " ".join(str(block[name]) for name in ("type", "name") if block.get(name))
        yield Said("assistant", Sort.OTHER, "", f"{what} that was not kept, {size:,} characters")
    else:
        yield from _block("assistant", block)


def _block(role: str, block: Any) -> Iterator[Said]:
    if not isinstance(block, dict):
        yield Said(role, Sort.TEXT, _plain(block))
        return
    match block.get("type"):
        case "text" | "input_text" | "output_text" | "refusal":
            yield Said(role, Sort.TEXT, _plain(block.get("text", "")))
        case "encrypted_content":  # an agent's words for another, which are plain
            yield Said(role, Sort.TEXT, _plain(block.get("encrypted_content", "")))
        case "thinking" | "reasoning":
            places = map(block.get, ("thinking", "text", "content", "summary"))
            yield _reasoning(role, next(filter(None, map(_plain, places)), ""))
        case "tool_use" | "function_call" | "custom_tool_call" | "tool_search_call":
            given = block.get("input", block.get("arguments", block.get("partial", "")))
            text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
            name = "tool_search" if block["type"] == "tool_search_call" else ""
            yield Said(role, Sort.CALL, text, str(block.get("name", name)))
        case "tool_search_output":
            found = ", ".join(map(tool_name, _list(block.get("tools"))))
            yield Said("tool", Sort.RESULT, found)
        case "tool_result" | "function_call_output" | "custom_tool_call_output":
            result = block.get("content", block.get("output", ""))
            yield Said("tool", Sort.RESULT, _plain(result))
        case kind:
            yield Said(role, Sort.OTHER, "", str(kind or "unknown block"))


def _reasoning(role: str, text: str) -> Said:
    return Said(role, Sort.PLACEHOLDER if is_placeholder(text) else Sort.REASONING, text)


def _plain(content: Any) -> str:
    """The texts in a content of any shape; what is no text is named in brackets."""
    if isinstance(content, str):
        return content
    return "\n".join(_pieces(_list(content)))


def _pieces(blocks: Iterable[Any]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, str):
            yield block
        elif isinstance(block, dict):
            text = block.get("text")
            yield text if isinstance(text, str) else f"[{block.get('type', 'unknown block')}]"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
