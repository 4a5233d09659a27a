"""What the page knows of a session, as one JSON document.

A message is told once, whatever number of requests carries it: `nodes` are pairs of a parent and
a message, both by place, and a request names its last node.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dsfix.record.edited import Edit
from dsfix.record.labels import labels
from dsfix.record.reader import Event, Recorded, SessionRecord
from dsfix.repairs.placeholder import is_ours
from dsfix.report.cost import Costs
from dsfix.report.documents import costs_in, exchange
from dsfix.report.summary import Summary
from dsfix.report.transcript import Said, Sort, tool_name, transcript

NOWHERE = -1
# The lists that only ever grow while a session runs.
LISTS = ("nodes", "messages", "parts")


def document(record: SessionRecord, summary: Summary) -> dict[str, Any]:
    """The session as it stands."""
    places = _Places.of(record)
    costs = costs_in(record, summary.bill)
    return {
        "session": _session(record),
        "summary": summary.as_dict(),
        "nodes": _nodes(record, places),
        "messages": [_said(transcript([each])) for each in record.contents.values()],
        "parts": [_part(part, places) for part in record.parts.values()],
        "exchanges": [_exchange(each, places, costs) for each in record.exchanges],
    }


class _Places(NamedTuple):
    """Where each node, message and part stands, by name."""

    nodes: Mapping[str, int]
    messages: Mapping[str, int]
    parts: Mapping[str, int]

    @classmethod
    def of(cls, record: SessionRecord) -> _Places:
        tables = (record.nodes, record.contents, record.parts)
        return cls(*({name: place for place, name in enumerate(table)} for table in tables))


def _session(record: SessionRecord) -> dict[str, Any]:
    start, own = record.start, labels(record.path.parent)
    return {
        "id": record.id,
        "state": str(record.state),
        "started": record.started,
        "duration": record.duration,
        "exit_code": record.end.get("exit_code"),
        "agent": start.get("agent"),
        "upstream": start.get("upstream"),
        "cwd": start.get("cwd"),
        "argv": start.get("argv"),
        "version": start.get("version"),
        "title": own.title,
        "tags": own.tags,
    }


def _nodes(record: SessionRecord, places: _Places) -> list[tuple[int, int]]:
    """Each node's parent and message; NOWHERE for the first of a history and what was not kept.

    A parent was written before: one that was not would lead round in a circle.
    """
    parents = [places.nodes.get(node.get("parent", ""), NOWHERE) for node in record.nodes.values()]
    return [
        (
            parent if parent < place else NOWHERE,
            places.messages.get(node.get("hash", ""), NOWHERE),
        )
        for place, (parent, node) in enumerate(zip(parents, record.nodes.values(), strict=True))
    ]


def _said(some: Iterable[Said]) -> list[Said]:
    """What was said; a placeholder of ours has our name, one of another program none."""
    return [each._replace(name="dsfix") if _is_ours(each) else each for each in some]


def _is_ours(said: Said) -> bool:
    return said.sort is Sort.PLACEHOLDER and is_ours(said.text)


def _part(part: Event, places: _Places) -> dict[str, Any]:
    """A piece of a system prompt, a tool, or where the pieces of a list stand."""
    if "items" in part:
        return {"items": [places.parts.get(name, NOWHERE) for name in part["items"]]}
    content = part.get("content")
    if isinstance(content, dict) and isinstance(content.get("text"), str):
        return {"text": content["text"]}
    if isinstance(content, str):
        return {"text": content}
    text = json.dumps(content, ensure_ascii=False, indent=2) if content is not None else None
    return {"text": text, "name": tool_name(content)}


def _exchange(each: Recorded, places: _Places, costs: Costs | None) -> dict[str, Any]:
    """An exchange, its last node, its parts and what was answered."""
    told = exchange(each, costs)
    return {
        **told,
        "cost": None if told["cost"] is None else float(told["cost"]),
        "head": places.nodes.get(each.head, NOWHERE),
        "parts": {name: places.parts.get(part, NOWHERE) for name, part in each.parts.items()},
        "params": each.params,
        "answer": _said(transcript((), each.answer)),
        "edits": {**told["edits"], "request": [_edit(edit) for edit in each.edited.request]},
    }


def _edit(edit: Edit) -> dict[str, Any]:
    """What a repair changed, and whether it put in a placeholder of ours."""
    try:
        put_in = any(map(is_ours, _texts(json.loads(edit.after or "null"))))
    except (ValueError, RecursionError):  # cut, or too deep; a placeholder is neither
        put_in = False
    return {**edit._asdict(), "placeholder": put_in}


def _texts(value: Any) -> Iterator[str]:
    """Every text in a piece of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
