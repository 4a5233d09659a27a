"""One message of a history, whatever the dialect: what the rules and the model look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Dialect = Literal["messages", "chat", "responses"]


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `reasoning` is None where the message carries none at all.

    `results` are the ids answered here, `leading` those that come before anything else.
    """

    index: int
    role: str
    text: str = ""
    reasoning: str | None = None
    calls: tuple[Call, ...] = ()
    results: tuple[str, ...] = ()
    leading: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the calls, in order."""
        return tuple(call.id for call in self.calls)

    @property
    def silent(self) -> bool:
        """Whether nothing is said, called or answered: a broken stream leaves such turns."""
        return not (self.text or self.calls or self.results)


def parsed(source: Any) -> Mapping[str, Any]:
    """The arguments of a call; none where they are not a JSON object."""
    try:
        return mapping(json.loads(source or "{}"))
    except ValueError:
        return {}


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
