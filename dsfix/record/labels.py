"""What the user says of a session: title, tags, category, project, and whether it is hidden.

Kept in `meta.json` beside the events, which are never rewritten. The file is replaced as a
whole, and whoever changes it holds a lock on the directory: two commands at once lose nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from dsfix.errors import DsfixError
from dsfix.locks import alone
from dsfix.paths import text_of, write_private
from dsfix.protocol import spans

META = "meta.json"
_SCHEMA = 1


class Labels(NamedTuple):
    """The labels of one session; empty where the user has said nothing."""

    title: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""
    project: str = ""
    hidden: bool = False

    def tagged(self, *tags: str) -> Labels:
        """With these tags too, sorted."""
        return self._replace(tags=tuple(sorted({*self.tags, *tags})))

    def untagged(self, *tags: str) -> Labels:
        """Without these tags."""
        return self._replace(tags=tuple(tag for tag in self.tags if tag not in tags))


def labels(session: Path) -> Labels:
    """The labels in that session's directory; none where they cannot be read."""
    text = text_of(session / META)
    found = spans.value(text.encode()) if text else None
    return _labels(found) if isinstance(found, dict) else Labels()


def relabel(session: Path, change: Callable[[Labels], Labels]) -> Labels:
    """Change the labels of a session and give the new ones.

    Raises DsfixError when they cannot be written.
    """
    try:
        with alone(session):
            new = change(labels(session))
            document = json.dumps({"schema": _SCHEMA, **new._asdict()}, ensure_ascii=False)
            write_private(session / META, [document.encode()], force=True)
    except OSError as error:
        raise DsfixError(
            f"{session / META} cannot be written: {error.strerror or error}",
            hint="is the state directory yours, and is there room on the disk?",
        ) from error
    return new


def _labels(found: dict[str, Any]) -> Labels:
    tags = found.get("tags")
    return Labels(
        str(found.get("title") or ""),
        tuple(sorted(map(str, tags))) if isinstance(tags, list) else (),
        str(found.get("category") or ""),
        str(found.get("project") or ""),
        bool(found.get("hidden")),
    )
