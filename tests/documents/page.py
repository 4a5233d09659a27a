"""`docs/json.md`: every member of every document, and what kind of value it has."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.documents.example import documents

NAME = "json.md"
_HEAD = """<!-- Made by `make docs` from what the commands print; edit `tests/documents` instead. -->

# JSON documents

With `--json` a command prints one document on stdout, also for an error: `schema` is 1 and changes only when a member
goes away or means something else; `command` are the words that were run; `data` is the answer, null where there is
none; `errors` has the `code` and `message` of each. The one of `dsfix run --summary-file` stands alone.

A path such as `data[].id` is a member of each item of a list. Times are UTC as text, or seconds since 1970 as a number;
durations are seconds, sizes bytes, amounts of money decimal numbers as text. What is empty in the example below shows
as an empty list or null. What each command that changes a report answers stands below `dsfix reports tag` and `delete`.
"""
_KINDS = {str: "text", bool: "true or false", int: "number", float: "number", type(None): "null"}
_SHARED = ("schema", "command", "command[]", "errors")


def page() -> str:
    """The page, made from documents that are printed now."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory) / "home"
        home.mkdir()
        parts = [_section(name, document) for name, document in documents(home)]
    return "\n".join([_HEAD, *parts])


def members(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each member below a value, by its path, with the kind of its value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from members(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from members(inner, f"{path}[]")
    else:
        yield path, "empty list" if value == [] else _KINDS[type(value)]


def _section(name: str, document: Any) -> str:
    kinds: dict[str, list[str]] = {}
    for path, kind in members(document):
        if path not in _SHARED:
            kinds.setdefault(path, [])
            if kind not in kinds[path]:
                kinds[path].append(kind)
    rows = "".join(
        f"| `{path}` | {' or '.join(sorted(found))} |\n" for path, found in kinds.items()
    )
    return f"## dsfix {name}\n\n| member | value |\n|---|---|\n{rows}"
