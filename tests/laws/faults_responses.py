"""What can be wrong with a history on the Responses dialect."""

from __future__ import annotations

from typing import Any

from tests.laws.faults import (
    COMMON,
    Break,
    Fault,
    History,
    Message,
    Pick,
    changed,
    fault,
    inserted,
    noted,
    replaced,
)

_PAIRING = "tool-pairing"
_CALL, _OUTPUT = "function_call", "function_call_output"
_UNKNOWN: tuple[Message, ...] = (
    {"type": "item_reference", "id": "msg_1"},
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
    {"type": "web_search_call", "id": "ws_2", "status": "completed"},
    {"type": "local_shell_call", "id": "l1", "call_id": "call_l", "action": {"type": "exec", "command": ["ls"]}},
    {"type": "local_shell_call_output", "id": "l1", "output": "o"},
    {"type": "mcp_call", "id": "m1", "server_label": "s", "name": "n", "arguments": "{}", "output": "o"},
    {"type": "image_generation_call", "id": "i1", "status": "completed", "result": "iVBO"},
    {"type": "compaction", "id": "c1", "encrypted_content": "gAAA"},
    {"type": "agent_message", "id": "a1", "author": "/root", "content": [{"type": "encrypted_content", "encrypted_content": "w"}]},
    {"type": "tool_search_call", "call_id": "call_s", "execution": "client", "arguments": {"query": "q"}},
    {"type": "tool_search_output", "call_id": "call_s", "tools": [{"type": "function", "name": "found_1", "parameters": {"type": "object"}}, 1]},
    {"type": "brand_new", "text": "words"},
)  # fmt: skip
_PARTS: tuple[Message, ...] = (
    {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "auto"},
    {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
    {"type": "input_audio", "data": "UklG", "format": "wav"},
    {"type": "refusal", "refusal": "no"},
    {"type": "text", "text": "words"},
    {"type": "brand_new", "nested": {"a": [1, None]}},
)


def _of(items: History, *kinds: str) -> list[int]:
    return [at for at, item in enumerate(items) if item.get("type", "message") in kinds]


def _lost(kind: str) -> Break:
    def broken(pick: Pick, items: History) -> History:
        at = pick.of(_of(items, kind))
        return items[:at] + items[at + 1 :]

    return broken


def _doubled(kind: str) -> Break:
    def broken(pick: Pick, items: History) -> History:
        at = pick.of(_of(items, kind))
        return inserted(items, pick.of(range(at + 1, len(items) + 1)), items[at])

    return broken


def _moved(kind: str) -> Break:
    def broken(pick: Pick, items: History) -> History:
        at = pick.of(_of(items, kind))
        rest = items[:at] + items[at + 1 :]
        near = [n for n in range(len(rest) + 1) if abs(n - at) < 4]
        return inserted(rest, pick.of(near), items[at])

    return broken


def _shuffled(pick: Pick, items: History) -> History:
    """Outputs that stand beside each other in any order."""
    at = pick.of(_of(items, _OUTPUT))
    end = at + 1
    while end < len(items) and items[end].get("type") == _OUTPUT:
        end += 1
    return [*items[:at], *pick.order(items[at:end]), *items[end:]]


def _interleaved(pick: Pick, items: History) -> History:
    """Each output right behind its call: call, output, call, output."""
    outputs = {item.get("call_id"): item for item in items if item.get("type") == _OUTPUT}
    pick.of(list(outputs))
    out: History = []
    for item in items:
        if item.get("type") == _CALL and item.get("call_id") in outputs:
            out += [item, outputs.pop(item["call_id"])]
        elif item.get("type") != _OUTPUT:
            out.append(item)
    return [*out, *outputs.values()]


def _between(pick: Pick, items: History) -> History:
    """A message between calls and outputs, or among them."""
    role = pick.of(["user", "assistant", "developer"])
    word = {"type": "message", "role": role, "content": "a word"}
    return inserted(items, pick.of(_of(items, _CALL, _OUTPUT)), word)


def _identified(*values: Any) -> Break:
    """A call, an output, or both, under an id that is none; `...` takes it away."""

    def broken(pick: Pick, items: History) -> History:
        old = items[pick.of(_of(items, _CALL))].get("call_id")
        new, kinds = pick.of(values), pick.of([(_CALL,), (_OUTPUT,), (_CALL, _OUTPUT)])
        return [
            changed(item, "call_id", new)
            if item.get("type") in kinds and item.get("call_id") == old
            else item
            for item in items
        ]

    return broken


def _member(kind: str, name: str, *values: Any) -> Break:
    """A member of an item of this kind is one of these."""

    def broken(pick: Pick, items: History) -> History:
        at = pick.of(_of(items, kind))
        return replaced(items, at, changed(items[at], name, pick.of(values)))

    return broken


def _part(kind: str, name: str, *parts: Any) -> Break:
    def broken(pick: Pick, items: History) -> History:
        at = pick.of(_of(items, kind))
        own = items[at].get(name)
        text = "output_text" if items[at].get("role") == "assistant" else "input_text"
        old = [{"type": text, "text": own}] if isinstance(own, str) else own or []
        place = pick.of(range(len(old) + 1))
        new = [*old[:place], pick.of(parts), *old[place:]]
        return replaced(items, at, {**items[at], name: new})

    return broken


def _item(*more: Message) -> Break:
    def broken(pick: Pick, items: History) -> History:
        return inserted(items, pick.of(range(len(items) + 1)), pick.of(more))

    return broken


FAULTS: tuple[Fault, ...] = (
    *COMMON,
    fault("output lost", _lost(_OUTPUT), _PAIRING),
    fault("call lost", _lost(_CALL), _PAIRING),
    fault("output twice", _doubled(_OUTPUT), _PAIRING),
    fault("call twice", _doubled(_CALL), _PAIRING),
    fault("output moved", _moved(_OUTPUT), _PAIRING),
    fault("call moved", _moved(_CALL), _PAIRING),
    fault("reasoning moved", _moved("reasoning"), _PAIRING),
    fault("outputs shuffled", _shuffled),
    fault("interleaved", _interleaved, _PAIRING),
    fault("word between", _between, _PAIRING),
    fault("no id", _identified("", None, ..., 7), _PAIRING),
    fault("same id", _identified("call_0"), _PAIRING),
    fault("arguments", _member(_CALL, "arguments", None, {}, "", "{", ..., 7), _PAIRING),
    fault("no name", _member(_CALL, "name", None, "", ...), _PAIRING, "tool-names"),
    fault("no output", _member(_OUTPUT, "output", None, [], {"a": 1}, ..., 7), _PAIRING, "empty-content"),
    fault("no content", _member("message", "content", None, [], ..., ""), _PAIRING, "empty-content"),
    fault("empty text", _part("message", "content", {"type": "input_text", "text": ""}, {"type": "output_text"}, {"type": "input_text", "text": None}), _PAIRING, "empty-content"),
    fault("no thought", _member("reasoning", "content", None, [], ...), _PAIRING),
    fault("unknown part", _part("message", "content", *_PARTS), _PAIRING, "content-blocks"),
    fault("unknown part of output", _part(_OUTPUT, "output", *_PARTS), _PAIRING, "content-blocks"),
    fault("unknown item", _item(*_UNKNOWN), _PAIRING, "content-blocks"),
    fault("system message", noted("system", "developer"), _PAIRING),
)  # fmt: skip
