"""On which line of a TOML text something stands, for what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

_HEADER = re.compile(r"\s*(\[{1,2})([^\[\]]+)\]")
_PLACE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")


def line_of(text: str, path: str) -> int:
    """The line on which a dotted name is set, found by its text.

    `models.2.id` is that key of the second `[[models]]`. What is not there has the line of the
    table that it would stand in; 1 where there is none.
    """
    wanted = _plain(path)
    while wanted:
        if found := _line(text, wanted):
            return found
        wanted = wanted.rpartition(".")[0]
    return 1


def broken(text: str, error: tomllib.TOMLDecodeError) -> tuple[int, str]:
    """The line on which a text stops being TOML, and what is said of it."""
    place = _PLACE.search(str(error))
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    said = _PLACE.sub("", str(error)).strip()
    return line, f'{said} (a text stands in "quotes")' if said == "Invalid value" else said


def _line(text: str, path: str) -> int:
    """The first line that sets that name or something in it, 0 for none."""
    table = ""
    numbers: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _plain(header[2])
            if header[1] == "[[":
                numbers[table] += 1
                table += f".{numbers[table]}"
            here = table
            table += "."
        else:
            here = table + _plain(line.partition("=")[0])
        if here == path or here.startswith(path + "."):
            return number
    return 0


def _plain(key: str) -> str:
    """A key or header as the names of settings are spelt."""
    parts = (part.strip().strip("\"'") for part in key.split("."))
    return ".".join(parts).replace("-", "_")
