"""What the page knows of a session, as one JSON document.

A message is told once, whatever number of requests carries it: `nodes` are pairs of a parent and
a message, both by place, and a request names its last node.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dsfix.errors import UsageError
from dsfix.record.labels import labels
from dsfix.record.reader import Event, Recorded, SessionRecord
from dsfix.repairs.placeholder import is_ours
from dsfix.report.cost import Costs, cost_of, costs_of
from dsfix.report.documents import exchange
from dsfix.report.recall import recalled
from dsfix.report.transcript import Said, Sort, transcript
from dsfix.upstreams import resolve

NOWHERE = -1
# The lists that only ever grow while a session runs.
LISTS = ("nodes", "messages", "parts")


def document(record: SessionRecord) -> dict[str, Any]:
    """The session as it stands."""
    summary = recalled(record).as_dict()
    places = _Places.of(record)
    costs = _costs(record, summary["cost"])
    return {
        "session": _session(record),
        "summary": summary,
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
    """Each node's parent and message; NOWHERE for the first of a history and what was not kept."""
    return [
        (
            places.nodes.get(node.get("parent", ""), NOWHERE),
            places.messages.get(node.get("hash", ""), NOWHERE),
        )
        for node in record.nodes.values()
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
    return {"text": text, "name": _name(content)}


def _name(tool: Any) -> str:
    """The name of a tool, wherever its dialect has it; empty for what is none."""
    if not isinstance(tool, dict):
        return ""
    inner = tool.get("function")
    return str((inner if isinstance(inner, dict) else tool).get("name") or tool.get("type", ""))


def _exchange(each: Recorded, places: _Places, costs: Costs | None) -> dict[str, Any]:
    """An exchange, its last node, its parts and what was answered."""
    usage = each.exchange.usage
    cost = cost_of(each.exchange, usage, costs) if usage and costs else None
    return {
        **exchange(each.exchange, ended=each.ended),
        "cost": None if cost is None else float(cost),
        "head": places.nodes.get(each.head, NOWHERE),
        "parts": {name: places.parts.get(part, NOWHERE) for name, part in each.parts.items()},
        "params": each.params,
        "answer": _said(transcript((), each.answer)),
    }


def _costs(record: SessionRecord, bill: Mapping[str, Any] | None) -> Costs | None:
    """The costs in the currency of the session's bill; None where it has none."""
    if not bill:
        return None
    try:
        upstream = resolve(str(record.start.get("upstream", "")), allow_plain_http=True)
    except UsageError:
        return None
    return costs_of(upstream, bill["currency"])
