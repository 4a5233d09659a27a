"""A table of an upstream in `config.toml`: put at its end, in place of one of the same name.

Nothing else of the file is rewritten, so its comments stay; those inside the table would be lost.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dsfix.config import writing
from dsfix.config.file import text_of, understood
from dsfix.errors import DsfixError

_HEADER = re.compile(r"\s*\[")


def save(path: Path, name: str, table: Mapping[str, Any], *, force: bool = False) -> None:
    """Write the table. Raises DsfixError where comments would be lost, unless by `force`."""
    with writing.changing(path):
        text = text_of(path) or ""
        understood(text, str(path))
        rest, old = _without_table(text, str(path), name)
        if writing.has_comments(old) and not force:
            raise DsfixError(
                f"[upstreams.{name}] of {path} has comments, which would be lost",
                hint="dsfix config edit, or --force to lose them",
            )
        writing.replace(path, writing.with_upstreams(rest, str(path), {name: table}))


def _without_table(text: str, path: str, name: str) -> tuple[str, str]:
    """The file's text without the table of that upstream, and the text of the table.

    Raises DsfixError for a table that has no header of its own.
    """
    header = re.compile(
        rf"""\s*\[{{1,2}}\s*["']?upstreams["']?\s*\.\s*["']?{re.escape(name)}["']?\s*[.\]]"""
    )
    kept: list[str] = []
    taken: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line):
            inside = bool(header.match(line))
        (taken if inside else kept).append(line)
    rest = "".join(kept)
    wanted = tomllib.loads(text)
    if name in wanted.get("upstreams", {}):
        del wanted["upstreams"][name]
    if not _same(rest, wanted):
        raise DsfixError(
            f"{path}: upstreams.{name} has not the form of a table [upstreams.{name}]",
            hint="dsfix config edit",
        )
    return rest, "".join(taken)


def _same(text: str, wanted: dict[str, Any]) -> bool:
    """Whether a text says just that; a table of upstreams without any is as good as none."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return {"upstreams": {}, **found} == {"upstreams": {}, **wanted}
