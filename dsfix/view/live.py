"""A session as it grows: the whole of it for a page that opens, then what is new."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from dsfix.errors import DsfixError
from dsfix.record.reader import Following
from dsfix.report.page.document import LISTS, document
from dsfix.report.recall import recalled

# A session is looked at again after so many times as long as the last look took.
REST = 5.0


class Live:
    """One session's document. What changed is counted in versions, one for each look."""

    def __init__(self, path: Path, currency: str = "auto", rest: float = REST) -> None:
        self._following, self._currency, self._rest = Following(path), currency, rest
        self._document: dict[str, Any] = {}
        self._version = 0
        self._changed: dict[int, tuple[int, Any]] = {}
        self._rest_until = 0.0

    def whole(self) -> dict[str, Any]:
        """Everything that is known, and its version."""
        self._look()
        return {**self._document, "version": self._version}

    def news(self, told: dict[str, int], version: int) -> dict[str, Any]:
        """What was not told yet: `told` counts the items of each list that only grows."""
        whole = self.whole()
        lists = {name: whole[name][max(0, told.get(name, 0)) :] for name in LISTS}
        exchanges = [each for since, each in self._changed.values() if since > version]
        return {**whole, **lists, "exchanges": exchanges}

    def _look(self) -> None:
        """Look at the session again, unless it is over or was looked at a moment ago."""
        began = time.monotonic()
        if began < self._rest_until or self._over:
            return
        try:
            record = self._following.read()
        except DsfixError:
            if not self._document:
                raise
            return  # it was deleted meanwhile: what is known of it is shown still
        self._document = document(record, recalled(record, self._currency))
        self._version += 1
        for each in self._document["exchanges"]:
            if self._changed.get(each["id"], (0, None))[1] != each:
                self._changed[each["id"]] = (self._version, each)
        now = time.monotonic()
        self._rest_until = now + self._rest * (now - began)

    @property
    def _over(self) -> bool:
        return bool(self._document) and self._document["session"]["state"] != "running"
