"""The command line: one module per command. The only place for typer and rich."""

from __future__ import annotations

import os
import sys

import typer

from dsfix import __version__
from dsfix.cli.demo import demo
from dsfix.cli.doctor import doctor
from dsfix.cli.memory import memory_app
from dsfix.cli.repairs import repairs
from dsfix.cli.run import run
from dsfix.cli.sessions import sessions_app
from dsfix.cli.simulate import simulate
from dsfix.errors import DsfixError, ExitCode

app = typer.Typer(
    name="dsfix",
    help="Launch a coding agent on DeepSeek's endpoints, with what breaks on the way repaired.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"dsfix {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Launch a coding agent on DeepSeek's endpoints, with what breaks on the way repaired."""


app.command(context_settings={"allow_interspersed_args": False})(run)
app.command()(simulate)
app.add_typer(memory_app, name="memory")
app.add_typer(sessions_app, name="sessions")
app.command()(demo)
app.command()(doctor)
app.command()(repairs)


def main() -> None:
    """Run the command line and exit; a DsfixError becomes one line, a hint and its exit code."""
    try:
        app()
    except DsfixError as error:
        if os.environ.get("DSFIX_DEBUG"):
            raise
        print(f"dsfix: error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  hint: {error.hint}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
