"""What a table of an upstream may say, and what is wrong with one.

The files that dsfix ships are held to it by the tests, not at every start; a user's table is
held to it whenever it is used.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

from dsfix.errors import UsageError
from dsfix.repairs import NAMES as REPAIRS
from dsfix.upstreams import data as files

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
    "replay": _one_of("required", "asked", "free", "unknown"),
    "main": _TEXT,
    "small": _TEXT,
    "paths": _TABLE,
    "models": _a(list, "a list of tables, [[models]]"),
    "aliases": _TABLE,
    "repairs": _TABLE,
    "settings": _TABLE,
    "efforts": _TABLE,
    "agents": _TABLE,
    "expect": _TABLE,
}
NEEDED = ("name", "origin", "key_env", "main", "paths", "models")
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


def check(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The table, whole. Raises UsageError for what nobody understands in it.

    `where` says whose it is.
    """
    _table(given, KEYS, where)
    data = files.whole(given)
    _table(data, KEYS, where, NEEDED)
    _paths_and_models(data, where)
    _rest(data, where)
    return data


def _paths_and_models(data: Mapping[str, Any], where: str) -> None:
    _table(data["paths"], dict.fromkeys(PATHS, _path), f"{where}: paths")
    if not data["paths"].keys() & set(DIALECTS):
        _fail(f"{where}: paths has no dialect", f"expected one of {', '.join(DIALECTS)}")
    for number, model in enumerate(data["models"], 1):
        place = f"{where}: models, number {number}"
        _expect(_TABLE(model), place, model)
        _table(model, MODEL, place, ("id", "context", "output"))
    known = [model["id"] for model in data["models"]]
    _models(data, known, where)


def _rest(data: Mapping[str, Any], where: str) -> None:
    repairs = data.get("repairs", {})
    _table(repairs, {"off": _texts}, f"{where}: repairs")
    for name in repairs.get("off", ()):
        if name not in REPAIRS:
            _fail(f"{where}: repairs.off names no repair {name!r}", _nearest(name, REPAIRS))
    _table(dict(files.members(data.get("settings", {}))), SETTINGS, f"{where}: settings")
    _texts_by_name(data.get("expect", {}), f"{where}: expect")
    _texts_by_name(data.get("efforts", {}), f"{where}: efforts")
    for agent, variables in data.get("agents", {}).items():
        _expect(_TABLE(variables), f"{where}: agents.{agent}", variables)
        _texts_by_name(variables, f"{where}: agents.{agent}")


def _models(data: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """`main`, `small` and what aliases stand for are models of the table."""
    aliases = data.get("aliases", {})
    _texts_by_name(aliases, f"{where}: aliases")
    named = {key: data[key] for key in ("main", "small") if key in data}
    for key, name in (named | {f"aliases.{key}": name for key, name in aliases.items()}).items():
        if name not in known and not (key in named and name in aliases):
            _fail(f"{where}: {key} names no model {name!r}", _nearest(name, known))


def _texts_by_name(table: Mapping[str, Any], where: str) -> None:
    for key, value in table.items():
        _expect(_TEXT(value), f"{where}.{key}", value)


def _table(
    table: Mapping[str, Any], keys: Mapping[str, Check], where: str, needed: Collection[str] = ()
) -> None:
    for key, value in table.items():
        if key not in keys:
            _fail(f"{where}: there is no key {key!r}", _nearest(key, keys))
        _expect(keys[key](value), f"{where}: {key}", value)
    for key in needed:
        if key not in table:
            _fail(f"{where}: {key} is missing", f"expected {keys[key](None) or 'a value'}")


def _expect(wanted: str, where: str, value: object) -> None:
    if wanted:
        kind = type(value).__name__
        _fail(f"{where} is not what it must be ({kind})", f"expected {wanted}")


def _fail(message: str, hint: str) -> NoReturn:
    raise UsageError(message, hint=hint)


def _nearest(name: str, names: Collection[str]) -> str:
    """A hint for a name that there is not."""
    import difflib  # only on the way to an error

    near = difflib.get_close_matches(name, names, 1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}"
