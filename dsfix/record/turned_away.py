"""Requests that were refused at the door, of which nothing went upstream."""

from __future__ import annotations

from collections import Counter

from dsfix.admission import Refusal

# Different refusals that are told apart: whoever holds the token may ask for any path.
KINDS = 50
_OTHERS = "other requests"


class TurnedAway:
    """How often each refusal was given. One thread adds, any reads."""

    def __init__(self) -> None:
        self._counts: Counter[Refusal] = Counter()

    def add(self, refusal: Refusal) -> Refusal | None:
        """Count it; as what, where it is the first of its kind."""
        if refusal not in self._counts and len(self._counts) >= KINDS:
            refusal = Refusal(refusal.status, _OTHERS)
        self._counts[refusal] += 1
        return refusal if self._counts[refusal] == 1 else None

    def all(self) -> list[tuple[Refusal, int]]:
        """Each with its count, the most frequent first."""
        return self._counts.copy().most_common()
