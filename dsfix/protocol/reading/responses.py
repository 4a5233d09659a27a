"""An answer in the Responses dialect.

Events: https://api-docs.deepseek.com/guides/responses_api (2026-08-27). There is no `[DONE]`: the
last event is `response.completed`, `response.incomplete` or `response.failed`.
"""

from __future__ import annotations

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.answer import BEHIND, Answer, Block
from dsfix.protocol.reading.shared import NOTHING, WORDLESS, Index, counted, error_text, used
from dsfix.protocol.responses import TOOL_SEARCH

_KIND = {
    "reasoning": "thinking",
    "message": "text",
    "function_call": "tool_use",
    "custom_tool_call": "tool_use",
    f"{TOOL_SEARCH}_call": "tool_use",
}
_DELTAS = frozenset(
    f"response.{name}.delta"
    for name in (
        "reasoning_text",
        "output_text",
        "function_call_arguments",
        "custom_tool_call_input",
    )
)
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})


class _Part(msgspec.Struct):
    text: str | None = None


class _Item(msgspec.Struct):
    type: str | None = None
    id: msgspec.Raw = NOTHING
    call_id: str | None = None
    name: str | None = None
    content: list[_Part] | None = None
    arguments: str | dict[str, object] | None = None
    input: str | None = None
    status: str | None = None
    action: msgspec.Raw = NOTHING

    @property
    def said(self) -> str:
        """The text of all parts, put together as in a request, or what the call is given."""
        parts = [part.text for part in self.content or [] if part.text]
        apart = "\n" if self.type == "reasoning" else ""
        given = self.arguments
        if isinstance(given, dict):
            given = spans.encode(given).decode() if given else ""
        return apart.join(parts) or given or self.input or ""

    @property
    def called(self) -> str:
        """The name of the tool that it calls."""
        return self.name or (TOOL_SEARCH if self.type == f"{TOOL_SEARCH}_call" else "")


class _Details(msgspec.Struct):
    reason: str | None = None


class Whole(msgspec.Struct):
    """A JSON answer, and the `response` of an event."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[_Item] | None = None
    usage: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING
    incomplete_details: _Details | None = None


class Event(msgspec.Struct):
    """One event of the stream."""

    type: str | None = None
    response: Whole | None = None
    item: _Item | None = None
    item_id: msgspec.Raw = NOTHING
    output_index: Index = None
    delta: str | None = None
    message: str | None = None
    error: msgspec.Raw = NOTHING


def on_event(answer: Answer, event: Event) -> None:
    """Take in one event."""
    index = counted(event.output_index)
    if event.type in _DELTAS:
        block = answer.blocks.get(answer.at(index, _named(event.item_id)))
        if event.delta and block:
            answer.said(block, event.delta)
    elif event.type == "response.output_item.added" and event.item:
        answer.begin(index, _opened(event.item), _named(event.item.id))
    elif event.type == "response.output_item.done" and event.item:
        _on_done(answer, index, event.item)
    elif event.type == "error":
        answer.error = event.message or error_text(event.error) or WORDLESS
    elif event.response is not None:
        _on_response(answer, event.response)
        if event.type in _ENDS:
            answer.done = True
    else:  # a relay's own error may have no type
        answer.error = error_text(event.error) or answer.error


def _on_done(answer: Answer, index: int, item: _Item) -> None:
    """An item is over, of which nothing need have come. Copilot says another id then than when it
    began (vercel/ai#18548).
    """
    id = _named(item.id)
    _look_up(answer, item)
    place = answer.at(index, id)
    before = answer.blocks.get(place)
    if before is None or (before.complete and id not in answer.places):
        answer.begin(index, _closed(item, None), id)
    else:
        answer.put(place, _closed(item, before))


def _named(id: msgspec.Raw) -> str:
    """An id as it is spelt, empty where there is none."""
    said = bytes(id)
    return "" if said in (b"", b'""', b"null") else said.decode("utf-8", "replace")


def piece(event: Event, asked: str) -> str | None:
    """The text that an event adds to its item, None where it is or may be more than that."""
    if event.type not in _DELTAS or event.response is not None or event.item is not None:
        return None
    return event.delta if event.error is NOTHING else None


def on_whole(answer: Answer, whole: Whole) -> None:
    """Take in a JSON answer; it is all there is, also where a relay leaves its status out."""
    _on_response(answer, whole)
    _filled(answer, whole)
    answer.done = True


def _on_response(answer: Answer, response: Whole) -> None:
    answer.id = response.id or answer.id
    answer.served = response.model or answer.served
    counted = used(response.usage, answer.usage)
    answer.error = error_text(response.error) or answer.error
    if response.status in ("completed", "incomplete", "failed", "cancelled"):
        why = response.incomplete_details and response.incomplete_details.reason
        answer.finish = why or response.status
        _filled(answer, response)
    if counted is not None and not (counted.searches or counted.fetches):
        counted = counted.looking_up(answer.searches, answer.fetches)
    answer.usage = counted


def _look_up(answer: Answer, item: _Item) -> None:
    """Count a search of the web that the upstream has done, or a page that it has read for it.

    No usage of Responses counts them. Of one item each query is a search: Search takes a single one
    (https://api-docs.deepseek.com/guides/search, 2026-11).
    """
    if item.type != "web_search_call" or item.status not in (None, "completed"):
        return
    action = spans.value(bytes(item.action))
    kind = action.get("type") if isinstance(action, dict) else None
    if isinstance(action, dict) and kind == "search":
        queries = action.get("queries")
        answer.searches += len(queries) if isinstance(queries, list) and queries else 1
    elif kind == "open_page":
        answer.fetches += 1


def _filled(answer: Answer, response: Whole) -> None:
    """Take in the items that came in no event: a relay may send no more than the end."""
    numbered = max(answer.blocks, default=0) < BEHIND
    for index, item in enumerate(response.output or []):
        id = _named(item.id)
        new = id not in answer.places if id else numbered
        if new and index not in answer.blocks:
            _look_up(answer, item)
            answer.begin(index, _closed(item, None), id)


def _opened(item: _Item) -> Block:
    kind = item.type or ""
    block = Block(_KIND.get(kind, kind), item.call_id or "", item.called)
    if item.said:
        block.parts.append(item.said)
    return block


def _closed(item: _Item, before: Block | None) -> Block:
    """The finished item; it repeats what came, but a relay may leave that out."""
    block = _opened(item)
    block.complete = True
    if before is not None and not block.parts:
        block.parts = before.parts
    return block
