"""What changed from one request of a session to another, told by the first difference."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from dsfix.record.differing import common
from dsfix.record.reader import Recorded, SessionRecord
from dsfix.report.transcript import tool_name

_AROUND = 60  # characters shown before and after the first that differs


@dataclass(frozen=True, slots=True)
class Rows:
    """Two lists: how many items are the same from the start, how many there are, and the first
    that differ, as JSON from shortly before the difference on; empty where a list has ended.
    """

    same: int
    before: int
    after: int
    was: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs; what is empty is the same in both requests.

    `params` holds both values of a short member, models included, None where it is absent.
    """

    params: Mapping[str, tuple[Any, Any]]
    system: Rows | None
    tools_added: tuple[str, ...]
    tools_removed: tuple[str, ...]
    tools_changed: tuple[str, ...]
    tools: Rows | None
    messages: Rows | None


def difference(record: SessionRecord, one: Recorded, two: Recorded) -> Difference:
    """From the first request to the second."""
    was, now = _tools(record, one), _tools(record, two)
    return Difference(
        params=_params(record, one, two),
        system=_rows(_items(record, one, "system"), _items(record, two, "system")),
        tools_added=tuple(name for name in now if name not in was),
        tools_removed=tuple(name for name in was if name not in now),
        tools_changed=tuple(n for n, tool in was.items() if n in now and now[n] != tool),
        tools=_rows(_items(record, one, "tools"), _items(record, two, "tools")),
        messages=_rows(record.messages(one), record.messages(two)),
    )


def _params(record: SessionRecord, one: Recorded, two: Recorded) -> dict[str, tuple[Any, Any]]:
    was, now = _members(record, one), _members(record, two)
    names = dict.fromkeys((*was, *now))
    return {
        name: (was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)
    }


def _members(record: SessionRecord, each: Recorded) -> dict[str, Any]:
    """Every member of the body but the lists, and what the exchange says of it."""
    exchange = each.exchange
    names = [name for name in each.parts if name not in ("system", "instructions", "tools")]
    return {
        "path": exchange.path,
        "model": exchange.asked,
        "model sent": exchange.sent,
        "stream": exchange.stream,
        **each.params,
        **{name: record.part(each, name) for name in names},
    }


def _items(record: SessionRecord, each: Recorded, name: str) -> list[Any]:
    """A part as a list; Responses calls the system prompt `instructions`."""
    found = record.part(each, name)
    if found is None and name == "system":
        found = record.part(each, "instructions")
    return found if isinstance(found, list) else [] if found is None else [found]


def _tools(record: SessionRecord, each: Recorded) -> dict[str, Any]:
    """The tools by name."""
    tools: dict[str, Any] = {}
    for tool in _items(record, each, "tools"):
        if isinstance(tool, dict):
            tools[tool_name(tool) or "?"] = tool
    return tools


def _rows(was: Sequence[Any], now: Sequence[Any]) -> Rows | None:
    """None where both are the same."""
    if was == now:
        return None
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(was, now, strict=False)))
    texts = [
        json.dumps(items[same], ensure_ascii=False) if same < len(items) else ""
        for items in (was, now)
    ]
    shown = (_from(text, common(*texts)) for text in texts)
    return Rows(same, len(was), len(now), *shown)


def _from(text: str, at: int) -> str:
    begin, end = max(0, at - _AROUND), at + _AROUND
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
