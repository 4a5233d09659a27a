"""`dsfix config`: what holds, where it comes from, and how to change it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsfix.cli import complete
from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.cli.plain import escaped, one_line
from dsfix.errors import DsfixError, UsageError
from dsfix.paths import config_file

if TYPE_CHECKING:
    from dsfix import config

config_app = typer.Typer(
    help="Settings that hold for every run: flags, variables, config.toml, defaults.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_Name = Annotated[
    str, typer.Argument(help="As in `dsfix config show`.", autocompletion=complete.config_names)
]


@config_app.command()
def show(
    as_json: AsJson = False,
) -> None:
    """Print every value with where it comes from: a variable, a line of the file, the default."""
    from dsfix import config

    with answering("config show", as_json):
        found = config.load(os.environ)
        file = config.user_file(os.environ)
    rows = [(each.path, *_shown(found, each)) for each in config.REGISTRY if _counts(found, each)]
    for name, layer in file.agents.items():
        rows += [
            (f"agents.{name}.{member.removeprefix('agents_')}", _plain(value), source)
            for member, (value, source) in layer.items()
        ]
    if as_json:
        names = ("name", "value", "source")
        settings = [dict(zip(names, row, strict=True)) for row in rows]
        data = {"file": file.path, "settings": settings, "upstreams": sorted(found.upstreams)}
        print_json("config show", data)
        return
    widths = [max(len(_text(row[column])) for row in rows) for column in (0, 1)]
    for name, value, source in rows:
        print(f"{name:{widths[0]}}  {_text(value):{min(widths[1], 40)}}  {source}")
    for name in found.upstreams:
        print(f"upstreams.{name}  {found.sources[f'upstreams.{name}']}")


@config_app.command()
def path() -> None:
    """Print where the file is, or would be."""
    print(config_file(os.environ))


@config_app.command()
def init() -> None:
    """Write a file with every setting in it, all commented out."""
    from dsfix.config import writing

    place = config_file(os.environ)
    writing.create(place)
    print(place)


@config_app.command("set", context_settings={"ignore_unknown_options": True})  # "--verbose"
def set_(name: _Name, value: Annotated[str, typer.Argument()]) -> None:
    """Put a value into the file; a list as words, or with commas between."""
    from dsfix.config import writing

    place = config_file(os.environ)
    with writing.changing(place):
        writing.replace(place, writing.with_value(_read(place), str(place), name, value))


@config_app.command()
def unset(name: _Name) -> None:
    """Take a value out of the file."""
    from dsfix.config import writing

    place = config_file(os.environ)
    with writing.changing(place):
        before = _read(place)
        after = writing.without_value(before, str(place), name)
        if after != before:  # where there is no file, none is made
            writing.replace(place, after)


@config_app.command()
def edit() -> None:
    """Open the file in $VISUAL or $EDITOR, and say afterwards what is wrong with it.

    A file that is not there begins as `dsfix config init` writes it.
    """
    import shlex

    from dsfix import config, process
    from dsfix.config import writing

    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        editor = shlex.split(named)
    except ValueError as error:
        raise UsageError(f"the editor {named!r} is no command: {error}") from None
    if not editor:
        raise UsageError("no editor is named", hint="export EDITOR=nano, or open the file yourself")
    place = config_file(os.environ)
    if not os.access(place, os.F_OK):
        writing.create(place)
    child = process.start(process.Launch((*editor, str(place)), os.environ))
    if code := child.wait():
        raise DsfixError(f"{editor[0]} ended with exit code {code}")
    config.user_file(os.environ)


@config_app.command("import")
def import_(
    program: Annotated[str, typer.Argument(metavar="cc-use|cc-switch")],
    file: Annotated[
        Path, typer.Argument(help="A profile of cc-use; an export or database of cc-switch.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show it.")] = False,
) -> None:
    """Take over where another program's profiles point to, and never their keys.

    Each becomes an upstream of that name; what is printed says which variable is for its key.
    """
    from dsfix.config import profiles, writing

    tables = profiles.read(program, file)
    place = config_file(os.environ)
    with writing.changing(place):
        text = _read(place)
        whole = writing.with_upstreams(text, str(place), tables)
        if not dry_run:
            writing.replace(place, whole)
    print(escaped(whole.removeprefix(text.rstrip()).strip()))
    if not dry_run:
        print(f"dsfix: added to {place}", file=sys.stderr)
    for name, table in tables.items():
        for model in table.get("models", ()):
            if profiles.ASSUMED.items() <= model.items():
                said = one_line(f"dsfix: {name}: the sizes of {model['id']} are assumed")
                print(said, file=sys.stderr)
        print(f"dsfix: {name}: put its key into {table['key_env']}", file=sys.stderr)


def _read(place: Path) -> str:
    """The file's text, empty where there is none. Raises DsfixError for a broken one."""
    from dsfix.config.file import text_of, understood

    text = text_of(place) or ""
    understood(text, str(place))
    return text


def _counts(found: config.Config, setting: config.Setting) -> bool:
    """Whether the setting is to be listed: of an upstream's name and URL, only the one that is."""
    if setting.member != "upstream":
        return True
    return (setting.name == "url") == ("://" in found.upstream)


def _shown(found: config.Config, setting: config.Setting) -> tuple[Any, str]:
    value, source = found.of(setting)
    return _plain(setting.written(value)), source


def _plain(value: Any) -> Any:
    """A value without what looks like a secret in it."""
    from dsfix.redact import Redactor

    if isinstance(value, list | tuple):
        return Redactor({}).argv(value)
    return Redactor({}).value(value)


def _text(value: Any) -> str:
    import shlex

    if isinstance(value, list):
        return one_line(shlex.join(value))
    return str(value).lower() if isinstance(value, bool) else one_line(str(value))
