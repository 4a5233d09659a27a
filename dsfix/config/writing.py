"""`config.toml` changed by dsfix: whole at every moment, 0600, and only after it was understood.

What is not changed stays as it was written, comments and all: tomlkit sees to that. Its import
takes 50 ms, so only what changes the file pays for it.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from dsfix.agents import AGENTS
from dsfix.config.file import understood
from dsfix.config.layers import Config, nearest, refusal
from dsfix.config.registry import AGENT_SETTINGS, REGISTRY, Setting
from dsfix.errors import DsfixError, UsageError
from dsfix.locks import alone
from dsfix.paths import make_private, write_private
from dsfix.upstreams import DEFAULT, named

_MOST = 1000  # number signs that are looked at; a file with more has comments


def template() -> str:
    """A file that changes nothing: every setting with its meaning and default, commented out."""
    lines = ["# Settings of dsfix. Flags and DSFIX_* variables stand above what is said here.", ""]
    table = ""
    for setting in REGISTRY:
        if setting.table != table:
            table = setting.table
            lines += [f"[{table}]", ""]
        own = setting.path.partition(".")[2]
        lines += [f"# {setting.meaning}", f"# Takes: {setting.takes}."]
        lines += [f"# {own} = {_toml(_example(setting))}", ""]
    lines += ["# For one agent, above what [run] says:", "# [agents.claude]"]
    lines += [f'# args = ["--verbose"]{" " * 4}# {AGENT_SETTINGS[0].meaning}']
    lines += [f"# model = {_toml(named(DEFAULT).main)}", ""]
    return "\n".join(lines)


def create(path: Path) -> None:
    """Write the template. Raises DsfixError where there is a file, or none can be written."""
    _write(path, template(), force=False)


def find(name: str) -> tuple[Setting, tuple[str, ...]]:
    """The setting of a dotted name, and the keys on the way to it. Raises UsageError."""
    wanted = name.replace("-", "_")
    agents = [f"agents.{agent.name}" for agent in AGENTS]
    known = {each.path: each for each in REGISTRY}
    for table in agents:
        known |= {f"{table}.{each.path.partition('.')[2]}": each for each in AGENT_SETTINGS}
    if wanted not in known:
        raise UsageError(f"there is no setting {name!r}", hint=nearest(name, list(known)))
    return known[wanted], tuple(wanted.split("."))


def with_value(text: str, path: str, name: str, value: str) -> str:
    """The file's text with a setting in it. Raises UsageError for a value that it does not take."""
    setting, keys = find(name)
    try:
        value.encode()  # as TOML is UTF-8
        read = setting.written(setting.kind.parse(value))
    except ValueError as error:
        message, hint = refusal(setting, value, name, error)
        raise UsageError(message, hint=hint) from None
    import tomlkit

    data = tomlkit.parse(text)
    _put(data, keys, read)
    return _understood(data.as_string(), path)


def without_value(text: str, path: str, name: str) -> str:
    """The file's text less a setting; the same text where it is not set."""
    import tomlkit

    _, keys = find(name)
    data = tomlkit.parse(text)
    _remove(data, keys)
    return _understood(data.as_string(), path)


def with_upstreams(text: str, path: str, tables: Mapping[str, Mapping[str, Any]]) -> str:
    """The file's text with more upstreams at its end; comments stay, for nothing is rewritten.

    Raises DsfixError for a name that is taken.
    """
    taken = tomllib.loads(text).get("upstreams", {})
    for name in tables:
        if name in taken:
            raise DsfixError(f"{path} has an [upstreams.{name}]", hint="remove or rename it first")
    import tomlkit

    added = tomlkit.dumps({"upstreams": tables})
    return _understood(f"{text.rstrip()}\n\n{added}" if text.strip() else added, path)


def has_comments(text: str) -> bool:
    """Whether a number sign begins a comment: the file says the same without the rest of its line.

    The text must be valid TOML.
    """
    data = tomllib.loads(text)
    signs = [place for place, letter in enumerate(text) if letter == "#"]
    for place in signs[:_MOST]:
        end = text.find("\n", place)
        with suppress(tomllib.TOMLDecodeError):
            if tomllib.loads(text[:place] + (text[end:] if end >= 0 else "")) == data:
                return True
    return len(signs) > _MOST


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Nobody else changes the file meanwhile, who does it like this: two at once lose nothing."""
    with ExitStack() as held:
        with suppress(OSError):  # not every file system has locks, nor is there a directory yet
            held.enter_context(alone(Path(os.path.realpath(path)).parent))
        yield


def replace(path: Path, text: str) -> None:
    """Put a text in the file's place at once; a symbolic link keeps pointing to it.

    Raises DsfixError where it cannot be written.
    """
    _write(Path(os.path.realpath(path)), text, force=True)


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        make_private(path.parent)
    except OSError as error:
        raise DsfixError(f"{path.parent} cannot be made: {error.strerror}") from None
    try:
        write_private(path, [text.encode()], force=force)
    except FileExistsError:
        raise DsfixError(f"there is a {path}", hint="dsfix config edit") from None
    except OSError as error:
        raise DsfixError(f"{path} cannot be written: {error.strerror}") from None


def _spelt(table: Mapping[str, Any], wanted: str) -> str:
    """The key as the table has it, with `-` or with `_`."""
    return next((key for key in table if key.replace("-", "_") == wanted), wanted)


def _put(table: Any, keys: tuple[str, ...], value: Any) -> None:
    """Put a value in at those keys; tables that are missing on the way come with it.

    Where the tables below one stand apart in the file, tomlkit 0.15 loses what is put later into
    one that is new.
    """
    key = _spelt(table, keys[0])
    if keys[1:] and key in table:
        _put(table[key], keys[1:], value)
    else:
        for each in reversed(keys[1:]):
            value = {each: value}
        table[key] = value


def _remove(table: Any, keys: tuple[str, ...]) -> None:
    """Take the value at those keys out, if there is one; its table may have comments, and stays."""
    key = _spelt(table, keys[0])
    if key not in table:
        return
    if keys[1:]:
        _remove(table[key], keys[1:])
    else:
        del table[key]


def _understood(text: str, path: str) -> str:
    understood(text, path)
    return text


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # of scalars and lists, which TOML shares


def _example(setting: Setting) -> Any:
    """A setting's default as TOML holds it, or an example where it has none that can be written."""
    vendor = named(DEFAULT)
    examples = {
        "upstream.url": vendor.origin,
        "upstream.key_env": vendor.key_env,
        "upstream.key_command": ["pass", "show", vendor.name],
        "upstream.key_file": "~/.config/dsfix/key",
    }
    return examples.get(setting.path, setting.written(Config().of(setting).value))
