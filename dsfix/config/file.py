"""`config.toml`: what it says, and what is wrong with it, by line.

A broken file is an error and never ignored: what it would have said may be where the code and its
key go. Only the user's own file is read, and never one that lies in a project.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from dsfix.agents import AGENTS
from dsfix.config.kinds import looks_like_key
from dsfix.config.layers import File, Value, nearest, refusal, stored_key
from dsfix.config.registry import AGENT_SETTINGS, REGISTRY, Setting
from dsfix.errors import DsfixError
from dsfix.paths import is_planted
from dsfix.upstreams.lines import broken, line_of

_TABLES = ("upstream", "run", "repairs", "settings", "agents", "upstreams")
_NOTHING = Path("/dev/null")
_KEY = re.compile(r"(?:^|[._])(?:key|token|secret|password)$")


def read(path: Path, *, required: bool = False) -> File:
    """What the file says; nothing where there is none, unless it is `required`.

    Raises DsfixError for a file that cannot be read or that says what nobody understands.
    """
    text = text_of(path)
    if text is None and required:
        hint = "DSFIX_CONFIG names it; dsfix config init makes one"
        raise DsfixError(f"there is no {path}", hint=hint)
    return File(str(path)) if text is None else understood(text, str(path))


def text_of(path: Path) -> str | None:
    """The text of the file, None where there is none. Raises DsfixError where it cannot be read."""
    try:
        facts = path.stat()
        # A pipe or a device may never come to its end; a directory is refused by the system.
        if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode) or path == _NOTHING):
            raise OSError("it is no regular file")
        _check(path, facts)
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DsfixError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise DsfixError(f"{path} is not UTF-8 text") from None


def _check(path: Path, facts: os.stat_result) -> None:
    """Raises DsfixError for a file in which another user could name a program for us to run.

    Root may use one of another user, as in a container with that user's home, unless it lies where
    anybody may put one.
    """
    if stat.S_ISREG(facts.st_mode) and facts.st_mode & stat.S_IWOTH:
        raise DsfixError(
            f"{path} can be written by anybody",
            hint=f"see that it says what you mean, then chmod o-w {path}",
        )
    if facts.st_uid not in (0, os.geteuid()) and (os.geteuid() or is_planted(path)):
        raise DsfixError(f"{path} belongs to somebody else", hint="use a copy that is yours")


def understood(text: str, path: str) -> File:
    """What the text of the file says. Raises DsfixError with the line of what is wrong."""
    try:
        return _Reader(text, path).file(_decoded(text, path))
    except RecursionError:
        raise DsfixError(f"{path} is nested too deeply", hint="dsfix config edit") from None


def _decoded(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, said = broken(text, error)
        raise DsfixError(f"{path}:{line}: {said}", hint="dsfix config edit") from None
    except ValueError:  # of more digits than Python reads
        raise DsfixError(
            f"{path} has a number that is too long", hint="dsfix config edit"
        ) from None


def place(path: str, name: str) -> str:
    """`FILE:LINE` of a dotted name in that file, as far as it can be read."""
    return f"{path}:{line_of(text_of(Path(path)) or '', name)}"


def flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a table and of those in it, by dotted name; an empty table is a value."""
    for key, value in table.items():
        name = prefix + key.replace("-", "_")
        if isinstance(value, dict) and value:
            yield from flat(value, name + ".")
        else:
            yield name, value


class _Reader:
    """Turns the decoded file into layers; knows the text, for the lines of what is wrong."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path

    def file(self, data: dict[str, Any]) -> File:
        agents, upstreams = (self._tables(data, name) for name in ("agents", "upstreams"))
        rest = {key: value for key, value in data.items() if key not in ("agents", "upstreams")}
        layer: dict[str, Value] = {}
        first: dict[str, str] = {}
        for name, value in flat(rest):
            setting = self._setting(name, value, REGISTRY)
            if setting is None:
                continue
            if setting.member in layer:
                said = first[setting.member]
                already = f": {said} says it already" if said != name else ""
                wrong = f"{name} is set a second time{already}"
                self._fail(name, wrong, "keep one of the two")
            first[setting.member] = name
            layer[setting.member] = self._value(setting, name, value)
        return File(
            self._path,
            layer,
            {name: self._agent(name, table) for name, table in agents.items()},
            upstreams,
            {
                f"upstreams.{name}": f"{self._path}:{line_of(self._text, f'upstreams.{name}')}"
                for name in upstreams
            },
        )

    def _tables(self, data: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
        values = data.get(name, {})
        tables: dict[str, Any] = values if isinstance(values, dict) else {"": values}
        wrong = [key for key, value in tables.items() if not isinstance(value, dict)]
        if wrong:
            self._fail(
                f"{name}.{wrong[0]}".rstrip("."),
                f"{name} holds one table for each name",
                f"example: [{name}.NAME]",
            )
        return tables

    def _agent(self, name: str, table: dict[str, Any]) -> dict[str, Value]:
        known = [agent.name for agent in AGENTS]
        where = f"agents.{name}"
        if name not in known:
            self._fail(where, f"no agent {name!r} is known", nearest(name, known))
        layer = {}
        for key, value in flat(table):
            setting = self._setting(f"{where}.{key}", value, AGENT_SETTINGS, f"{where}.")
            if setting is not None:
                layer[setting.member] = self._value(setting, f"{where}.{key}", value)
        return layer

    def _setting(
        self, name: str, value: object, known: tuple[Setting, ...], prefix: str = ""
    ) -> Setting | None:
        """The setting of that name, None for a table that is known and empty."""
        for setting in known:
            if name == (prefix + setting.path.partition(".")[2] if prefix else setting.path):
                return setting
        names = [prefix + s.path.partition(".")[2] if prefix else s.path for s in known]
        if value == {} and (name in _TABLES or any(each.startswith(f"{name}.") for each in names)):
            return None
        if any(map(looks_like_key, name.split("."))):
            self._fail(name, *stored_key("a name"))
        if _KEY.search(name):
            self._fail(name, *stored_key(name))
        self._fail(name, f"there is no setting {name}", nearest(name, names))

    def _value(self, setting: Setting, name: str, value: object) -> Value:
        try:
            found = setting.kind.read(value)
        except ValueError as error:
            self._fail(name, *refusal(setting, value, name, error))
        return Value(found, f"{self._path}:{line_of(self._text, name)}")

    def _fail(self, name: str, message: str, hint: str) -> NoReturn:
        line = line_of(self._text, name)
        raise DsfixError(f"{self._path}:{line}: {message}", hint=hint)
