"""The command line: one module per command. The only place for typer and rich."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from dsfix import __version__
from dsfix.cli.leaving import cut, failed, told
from dsfix.cli.plain import plain
from dsfix.errors import DsfixError, ExitCode
from dsfix.interrupts import silent

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}

# Each command by name: its module here, and the function or the group of commands in it.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("run", "run"),
    "simulate": ("simulate", "simulate"),
    "memory": ("memory", "memory_app"),
    "sessions": ("sessions", "sessions_app"),
    "view": ("view", "view"),
    "reports": ("reports", "reports_app"),
    "serve": ("reports.serving", "serve"),
    "send": ("reports.sending", "send"),
    "cost": ("cost", "cost"),
    "balance": ("balance", "balance"),
    "statusline": ("statusline", "statusline"),
    "demo": ("demo", "demo"),
    "doctor": ("doctor", "doctor"),
    "config": ("config", "config_app"),
    "repairs": ("repairs", "repairs"),
    "agents": ("agents", "agents"),
}
# A mistake in the command line, by whatever name this version of typer has it.
_MISTAKE: Any = typer.BadParameter.__base__
# What stands behind the agent's name is the agent's own.
_CONTEXT: Mapping[str, dict[str, Any]] = {"run": {"allow_interspersed_args": False}}


@contextmanager
def _mistakes_masked() -> Iterator[None]:
    """What was typed in a wrong place may be a key, a whole file, or drive the terminal."""
    try:
        yield
    except _MISTAKE as error:
        error.message = cut(plain(told(DsfixError(error.message)).message))
        raise


@contextmanager
def _written() -> Iterator[None]:
    """What was printed inside is out at the end: what fails later is told by the interpreter."""
    try:
        yield
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()


class _Commands(TyperGroup):
    """The commands, each imported when it is asked for: an agent waits for one of them only."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        """The command line up to the command."""
        with _mistakes_masked():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command of the rest of it."""
        with _mistakes_masked(), _written():
            return super().invoke(ctx)

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name."""
        if cmd_name != "run":  # whose agent shall have it
            os.environ.pop("SSLKEYLOGFILE", None)  # aiohttp makes that file when it is imported
        return command_of(cmd_name) if cmd_name in COMMANDS else None


def command_of(name: str) -> Any:
    """The command of that name, as typer runs it."""
    module, attribute = COMMANDS[name]
    with silent():
        found = getattr(import_module(f"dsfix.cli.{module}"), attribute)
    one = _typer()
    if isinstance(found, typer.Typer):
        one.add_typer(found, name=name)
    else:
        one.command(name, context_settings=_CONTEXT.get(name))(found)
    return typer.main.get_group(one).commands[name]


def _typer(**more: Any) -> typer.Typer:
    return typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, **more)


app = _typer(
    cls=_Commands,
    name="dsfix",
    help="Launch a coding agent on DeepSeek's endpoints, with what breaks on the way repaired.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"dsfix {__version__}", flush=True)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Launch a coding agent on DeepSeek's endpoints, with what breaks on the way repaired."""


def main() -> None:
    """Run the command line and exit; a DsfixError becomes one line, a hint and its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # not every terminal has every letter
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except DsfixError as error:
        if os.environ.get("DSFIX_DEBUG"):
            raise
        failed(error)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except OSError as error:
        if error.errno not in _FULL or os.environ.get("DSFIX_DEBUG"):
            raise
        failed(DsfixError(f"the output could not be written: {error.strerror}"))
