"""What repairs changed in an exchange, as it stands in its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Edit(NamedTuple):
    """What a repair changed in one place.

    `where` is a path in the request's body, or in an event of the answer. `before` and `after` are
    JSON, cut where they are long; None where nothing stood there or nothing does now.
    """

    repair: str
    where: str
    before: str | None = None
    after: str | None = None


class Edited(NamedTuple):
    """The edits of an exchange, in the order they were made.

    `request` has those that the request before it in the conversation did not have: `repeated`
    counts the others, and `left_out` those for which the record has no room.
    """

    request: tuple[Edit, ...] = ()
    repeated: int = 0
    left_out: int = 0
    answer: tuple[Edit, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "request": [each._asdict() for each in self.request],
            "repeated": self.repeated,
            "left_out": self.left_out,
            "answer": [each._asdict() for each in self.answer],
        }


NOTHING = Edited()


def edited_in(request: Mapping[str, Any], response: Mapping[str, Any]) -> Edited:
    """What these events tell of."""
    return Edited(
        _edits(request.get("edits", ())),
        request.get("edits_repeated", 0),
        request.get("edits_left_out", 0),
        _edits(response.get("answer_edits", ())),
    )


def _edits(some: Iterable[Mapping[str, Any]]) -> tuple[Edit, ...]:
    return tuple(
        Edit(each.get("repair", ""), each.get("where", ""), each.get("before"), each.get("after"))
        for each in some
    )
