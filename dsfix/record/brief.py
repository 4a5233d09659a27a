"""A session without what was said in it: who, where, and its exchanges.

Told from the events of requests and responses alone, so that a year of sessions can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dsfix.record.events import exchange_of
from dsfix.record.exchange import Exchange
from dsfix.record.form import event_in
from dsfix.record.reader import seconds_of

_HEAD = 96  # bytes of a line in which its type stands
_KINDS = (b'"type":"request"', b'"type":"response"', b'"type":"session.start"')


class Brief(NamedTuple):
    """A session as far as it was written. `start` is empty where that event cannot be read."""

    id: str
    path: Path
    start: Mapping[str, Any]
    exchanges: tuple[Exchange, ...]


def brief(path: Path) -> Brief:
    """The session in that events file; what cannot be read of it is passed over."""
    start: Mapping[str, Any] = {}
    requests: dict[int, Mapping[str, Any]] = {}
    responses: dict[int, Mapping[str, Any]] = {}
    for event in _events(path):
        match event:
            case {"type": "session.start"}:
                start = event
            case {"type": "request", "exchange": int(number)}:
                requests[number] = event
            case {"type": "response", "exchange": int(number)}:
                responses[number] = event
            case _:
                pass
    exchanges = (
        _exchange(requests.get(number, {}), responses.get(number, {}))
        for number in sorted(requests.keys() | responses.keys())
    )
    return Brief(path.parent.name, path, start, tuple(exchanges))


def _events(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            for line in file:
                known = any(kind in line[:_HEAD] for kind in _KINDS)
                if known and (event := event_in(line)):
                    yield event
    except OSError:
        return  # what was read so far is what can be told


def _exchange(request: Mapping[str, Any], response: Mapping[str, Any]) -> Exchange:
    return exchange_of(request, response, seconds_of((request or response).get("ts")))
