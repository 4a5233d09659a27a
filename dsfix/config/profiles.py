"""Profiles of other programs, as tables of `[upstreams.NAME]`: where they point to, without keys.

cc-use keeps one JSON file for each profile: `{"label": …, "env": {…}}`
(Jaluson/cc-use `src/core/profile.ts`, 2026-05), or the environment itself
(leechen298/cc-use `src/profile.ts`, 2026-06). cc-switch keeps `settings_config`, with the same
`env` in it, in the table `providers` of `~/.cc-switch/cc-switch.db`, exports that as SQL, and
kept it in `config.json` before (farion1231/cc-switch `src-tauri/src/database/backup.rs` and
`src-tauri/src/provider.rs`, 2026-08).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dsfix.config.kinds import URL
from dsfix.errors import DsfixError, UsageError
from dsfix.upstreams import named
from dsfix.upstreams.base import Upstream
from dsfix.upstreams.data import DEFAULT, NAMES, answering

_MAIN = ("ANTHROPIC_MODEL", "ANTHROPIC_DEFAULT_SONNET_MODEL", "ANTHROPIC_DEFAULT_OPUS_MODEL")
_SMALL = ("ANTHROPIC_DEFAULT_HAIKU_MODEL", "ANTHROPIC_SMALL_FAST_MODEL")
# What Claude Code takes a model for that it does not know.
ASSUMED = {"context": 200_000, "output": 32_000}
_MOST = 64 * 1024 * 1024  # bytes; a database with years of usage has a tenth of it
PATIENCE = 10.0  # seconds for a script; one of years of usage takes a tenth of it
_STEPS = 100_000  # of SQLite's machine, between two looks at the clock


def read(program: str, path: Path) -> dict[str, dict[str, Any]]:
    """The tables of a program's file by name.

    Raises UsageError for a program that is not known, DsfixError for a file that is not its own
    or that names no URL.
    """
    if program not in _READERS:
        known = " or ".join(_READERS)
        raise UsageError(f"no profiles of {program!r} are known", hint=f"expected {known}")
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)  # a device or a pipe may have no end
    except OSError as error:
        raise DsfixError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > _MOST:
        raise DsfixError(f"{path} is too large for a file of {program}")
    tables: dict[str, dict[str, Any]] = {}
    try:
        for title, env in _READERS[program](data, path):
            table = _table(title, env)
            name = _name(title)
            if table is not None:
                while name in tables or _is_a_vendors(name, table):
                    name += "-2"
                tables[name] = {**table, "key_env": _variable(name)}
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
        raise DsfixError(f"{path} is no file of {program}", hint=_HINTS[program]) from None
    if not tables:
        raise DsfixError(f"{path} names no URL that dsfix could forward to", hint=_HINTS[program])
    return tables


def _cc_use(data: bytes, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    profile = json.loads(data)
    yield str(profile.get("label") or path.stem), profile.get("env", profile)


def _cc_switch(data: bytes, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if data.startswith(b"SQLite format 3\0"):
        yield from _rows(path, "")
    elif data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"--"):
        yield from _rows(None, data.decode("utf-8-sig"))
    else:
        whole = json.loads(data)
        for provider in whole.get("claude", whole)["providers"].values():
            yield provider["name"], provider["settingsConfig"].get("env", {})


def _rows(path: Path | None, script: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and environments from a database, or from the script of one, run in memory.

    The script may come from anybody, so it can reach nothing but that memory, and has an end.
    """
    import sqlite3
    import time

    beyond = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_CREATE_VTABLE}

    def guard(action: int, name: str | None, *_: object) -> int:
        refused = action in beyond or name == "load_extension"
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

    place = f"{path.absolute().as_uri()}?mode=ro" if path else "file::memory:"
    database = sqlite3.connect(place, uri=True)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST)
    until = time.monotonic() + PATIENCE
    database.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.set_authorizer(guard)
        database.executescript(script)
        database.text_factory = lambda text: text.decode("utf-8", "replace")
        found = database.execute(
            "SELECT name, settings_config FROM providers WHERE app_type = 'claude' ORDER BY name"
        ).fetchall()
    except sqlite3.Error as error:
        raise ValueError from error
    finally:
        database.close()
    for name, settings in found:
        yield name, json.loads(settings).get("env", {})


def _table(title: str, env: dict[str, Any]) -> dict[str, Any] | None:
    """The upstream that an agent's environment points to, None where it names no URL.

    Its variable goes by the name that it will have.
    """
    given = env.get("ANTHROPIC_BASE_URL")
    if not isinstance(given, str) or not given.strip():
        return None
    url = urlsplit(URL.parse(re.split("[?#]", given)[0].strip().rstrip("/")))
    origin, messages = f"{url.scheme}://{url.netloc}", f"{url.path}/v1/messages"
    like = answering(url.hostname or "") or DEFAULT
    vendor = named(like)
    table: dict[str, Any] = {"title": title, "like": like, "key_env": ""}
    if (origin, messages) != (vendor.origin, vendor.paths.get("messages")):
        table |= {"origin": origin, "hosts": [url.hostname], "paths": {"messages": messages}}
    return table | _models(vendor, _model(env, _MAIN), _model(env, _SMALL))


def _models(vendor: Upstream, main: str, small: str) -> dict[str, Any]:
    """The models a profile names; ASSUMED are the sizes of one that the vendor's file lacks."""
    chosen = {"main": main or vendor.main, "small": small or main or vendor.small}
    if all(vendor.knows(name) for name in chosen.values()):
        return chosen
    listed = [
        {"id": known.id, "context": known.context, "output": known.output, "vision": known.vision}
        if (known := vendor.model(name))
        else {"id": name, **ASSUMED}
        for name in dict.fromkeys(chosen.values())
    ]
    return {**chosen, "aliases": {}, "models": listed}


def _model(env: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of these models that is named, without what only the agent understands."""
    found = (str(env[name]).strip() for name in names if env.get(name))
    return next(found, "").removesuffix("[1m]")


def _name(title: str) -> str:
    """A profile's name as that of a table: a word, which no variable's name begins with a digit."""
    word = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return word if word[:1].isalpha() else f"upstream-{word}".rstrip("-")


def _variable(name: str) -> str:
    return f"{name.upper().replace('-', '_')}_API_KEY"


def _is_a_vendors(name: str, table: dict[str, Any]) -> bool:
    """Whether a vendor whom we know goes by that name, or has its key in that variable.

    What leads elsewhere must get neither: it would be in the vendor's place, with the user's key.
    """
    if "origin" not in table and name == table["like"]:
        return False
    return name in NAMES or _variable(name) in {named(each).key_env for each in NAMES}


_READERS = {"cc-use": _cc_use, "cc-switch": _cc_switch}
_HINTS = {
    "cc-use": "its profiles are JSON files with the agent's environment",
    "cc-switch": "give its SQL export, ~/.cc-switch/cc-switch.db or an old config.json",
}
