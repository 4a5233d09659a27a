"""What a table of an upstream may say, and what is wrong with one.

Every table is held to it whenever it is used, but the default vendor's: that one by the tests.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

from dsfix.errors import UsageError
from dsfix.upstreams import data as files
from dsfix.upstreams.base import TableError
from dsfix.upstreams.lines import broken, line_of

Table = Mapping[str, Any]
# Tells what was expected of a value, in words, where it is not that; else it is empty.
Check = Callable[[Any], str]


def _a(kind: type, words: str) -> Check:
    return lambda value: "" if type(value) is kind and value != "" else words


def _like(pattern: str, words: str) -> Check:
    """A text of that form; a key that was pasted in its variable's place is none."""
    return lambda value: (
        "" if isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) else words
    )


def _one_of(*words: str) -> Check:
    return lambda value: "" if value in words else f"one of {', '.join(words)}"


def _texts(value: Any) -> str:
    good = isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    return "" if good else "a list of texts"


def _hosts(value: Any) -> str:
    good = not _texts(value) and all(re.fullmatch(r"[\w.-]+", each, re.ASCII) for each in value)
    return "" if good else "a list of host names, without scheme, port and path"


def _tokens(value: Any) -> str:
    return "" if type(value) is int and value > 0 else "a number of tokens above 0"


def _origin(value: Any) -> str:
    words = "https://HOST[:PORT] without a path"
    if not isinstance(value, str):
        return words
    try:
        url = urlsplit(value)
        good = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:
        return words
    return "" if good and value == f"{url.scheme}://{url.netloc}" and "@" not in value else words


def _path(value: Any) -> str:
    good = isinstance(value, str) and value.startswith("/") and not set(value) & set("?# ")
    return "" if good else "a path that begins with /"


def _page(value: Any) -> str:
    good = isinstance(value, str) and value.startswith("https://")
    return "" if good else "the https:// address of a page"


_TEXT, _SWITCH = _a(str, "a text"), _a(bool, "true or false")
_TABLE = _a(dict, "a table")
# What TOML calls a value; the value itself is never shown, for it may be a key.
_KINDS: Mapping[type, str] = {
    str: "this text",
    bool: "true or false",
    int: "this number",
    float: "this number",
    list: "this list",
    dict: "a table",
    datetime.date: "a date",
    datetime.datetime: "a date with a time",
}

KEYS: Mapping[str, Check] = {
    "as_of": _a(datetime.date, "a date, as in 2026-11-20"),
    "source": _page,
    "name": _TEXT,
    "title": _TEXT,
    "like": _one_of(*files.NAMES),
    "origin": _origin,
    "hosts": _hosts,
    "key_env": _like(r"[A-Za-z_]\w*", "the name of a variable, as in DEEPSEEK_API_KEY"),
    "key_header": _like(r"[\w-]+", "the name of a header, as in x-api-key"),
    "key_optional": _SWITCH,
    "signs": _SWITCH,
    "main": _TEXT,
    "small": _TEXT,
    "paths": _TABLE,
    "models": _a(list, "a list of tables, [[models]]"),
    "aliases": _TABLE,
    "repairs": _TABLE,
    "settings": _TABLE,
    "efforts": _TABLE,
    "effort_alone": _SWITCH,
    "server_tools": _TABLE,
    "agents": _TABLE,
    "expect": _TABLE,
}
NEEDED = ("name", "origin", "key_env", "main", "paths", "models")
_REPAIRS = Path(__file__).parent.parent / "repairs"
PATHS = ("messages", "chat", "responses", "count_tokens", "models", "balance")
DIALECTS = ("messages", "chat", "responses")
MODEL: Mapping[str, Check] = {
    "id": _TEXT,
    "context": _tokens,
    "output": _tokens,
    "vision": _SWITCH,
    "thinking": _SWITCH,
}
# Those of the user's settings that a vendor may answer otherwise; the tests hold them to
# the registry of settings.
SETTINGS: Mapping[str, Check] = {
    "tool_choice": _one_of("disable-thinking", "auto"),
    "small_calls": lambda value: "" if type(value) is int and value >= 0 else "0 or more tokens",
    "images": _one_of("auto", "keep", "text"),
    "placeholder_mode": _one_of("off", "fallback", "always"),
    "placeholder_field": _one_of("reasoning_content", "reasoning", "both"),
}


def shipped(name: str) -> dict[str, Any]:
    """What that data file says, whole. Raises UsageError with the line of what is wrong."""
    path, text = files.written(name)
    try:
        data = tomllib.loads(text)
        if data.get("name", name) != name:
            _fail(_Place(name, "name"), f"{name}: name is another's", f"expected {name}")
        return check({**data, "name": name}, name)
    except tomllib.TOMLDecodeError as error:
        line, said = broken(text, error)
        raise UsageError(f"{path}:{line}: {said}", hint="see docs/upstreams.md") from None
    except TableError as error:
        line = line_of(text, error.at)
        raise UsageError(f"{path}:{line}: {error.message}", hint=error.hint) from None


class _Place(NamedTuple):
    """Where in a table: whose it is, in words and by dotted name."""

    words: str
    name: str = ""

    def at(self, key: str, words: str = "") -> _Place:
        """The place of a key in this one."""
        return _Place(f"{self.words}: {words or key}", f"{self.name}.{key}".lstrip("."))

    def of(self, key: str) -> _Place:
        """The place of one of many names in this one."""
        return _Place(f"{self.words}.{key}", f"{self.name}.{key}".lstrip("."))


def check(given: Table, where: str) -> dict[str, Any]:
    """The table, whole. Raises TableError for what nobody understands in it.

    `where` says whose it is.
    """
    place = _Place(where)
    _table(given, KEYS, place)
    data = files.whole(given)
    _table(data, KEYS, place, NEEDED)
    _paths_and_models(data, place)
    _rest(data, place)
    return data


def _paths_and_models(data: Table, place: _Place) -> None:
    paths = place.at("paths")
    _table(data["paths"], dict.fromkeys(PATHS, _path), paths)
    if not data["paths"].keys() & set(DIALECTS):
        _fail(paths, f"{paths.words} has no dialect", f"expected one of {', '.join(DIALECTS)}")
    for number, model in enumerate(data["models"], 1):
        one = place.at(f"models.{number}", f"models, number {number}")
        _expect(_TABLE(model), one, model)
        _table(model, MODEL, one, ("id", "context", "output"))
    _models(data, [model["id"] for model in data["models"]], place)


def _rest(data: Table, place: _Place) -> None:
    repairs = data.get("repairs", {})
    _table(repairs, {"off": _texts}, place.at("repairs"))
    for name in repairs.get("off", ()):
        if not _is_repair(name):
            from dsfix.repairs import NAMES as known  # takes 90 ms, and a start may wait for it

            off = place.at("repairs.off")
            _fail(off, f"{off.words} names no repair {name!r}", _nearest(name, known))
    settings = dict(files.members(data.get("settings", {})))
    _table(settings, SETTINGS, place.at("settings"))
    for key in ("expect", "efforts"):
        _texts_by_name(data.get(key, {}), place.at(key))
    _table(data.get("server_tools", {}), dict.fromkeys(DIALECTS, _texts), place.at("server_tools"))
    for agent, variables in data.get("agents", {}).items():
        own = place.at(f"agents.{agent}")
        _expect(_TABLE(variables), own, variables)
        _texts_by_name(variables, own)


def _is_repair(name: str) -> bool:
    """Whether there is a module for it: each repair has one of its name."""
    return "_" not in name and (_REPAIRS / f"{name.replace('-', '_')}.py").is_file()


def _models(data: Table, known: Collection[str], place: _Place) -> None:
    """`main`, `small` and what aliases stand for are models of the table."""
    aliases = data.get("aliases", {})
    _texts_by_name(aliases, place.at("aliases"))
    for key in ("main", "small"):
        if key in data and data[key] not in {*known, *aliases}:
            _no_model(place.at(key), data[key], known)
    for alias, name in aliases.items():
        if name not in known:
            _no_model(place.at(f"aliases.{alias}"), name, known)


def _no_model(place: _Place, name: str, known: Collection[str]) -> NoReturn:
    _fail(place, f"{place.words} names no model {name!r}", _nearest(name, known))


def _texts_by_name(table: Table, place: _Place) -> None:
    for key, value in table.items():
        _expect(_TEXT(value), place.of(key), value)


def _table(
    table: Table, keys: Mapping[str, Check], place: _Place, needed: Collection[str] = ()
) -> None:
    for key, value in table.items():
        if key not in keys:
            _fail(place.at(key), f"{place.words}: there is no key {key!r}", _nearest(key, keys))
        _expect(keys[key](value), place.at(key), value)
    for key in needed:
        if key not in table:
            expected = keys[key](None) or "a value"
            _fail(place.at(key), f"{place.at(key).words} is missing", f"expected {expected}")


def _expect(wanted: str, place: _Place, value: object) -> None:
    if wanted:
        kind = _KINDS.get(type(value), "this value")
        _fail(place, f"{place.words} does not take {kind}", f"expected {wanted}")


def _fail(place: _Place, message: str, hint: str) -> NoReturn:
    raise TableError(message, hint=hint, at=place.name)


def _nearest(name: str, names: Collection[str]) -> str:
    """A hint for a name that there is not."""
    import difflib  # only on the way to an error

    near = difflib.get_close_matches(name, names, 1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}"
