"""`dsfix memory`: how much reasoning is kept, and how to forget it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.errors import DsfixError, UsageError
from dsfix.paths import private_state, state_dir

if TYPE_CHECKING:
    from dsfix.memory import Store

memory_app = typer.Typer(
    help="The reasoning that is kept so that conversations can be continued.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@memory_app.command()
def stats(
    as_json: AsJson = False,
) -> None:
    """How many turns are kept, in how many bytes, and where."""
    with answering("memory stats", as_json):
        store, path = _opened()
        turns, size = store.stats()
        _close(store, path)
    if as_json:
        print_json("memory stats", {"path": str(path), "turns": turns, "bytes": size})
    else:
        print(f"{_turns(turns)}, {size / 1e6:.1f} MB, {path}")


@memory_app.command()
def clear(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Forget all reasoning. Conversations that need it will get placeholders."""
    store, path = _opened()
    turns, _ = store.stats()
    if not yes and not _agreed(f"Forget the reasoning of {_turns(turns)} in {path}?"):
        raise typer.Exit(1)
    store.clear()
    _close(store, path)
    print(f"forgot {_turns(turns)}")


def _agreed(question: str) -> bool:
    """Whether the user says yes. Typer's own would take Ctrl-C for a no."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        raise UsageError("there is nobody to ask", hint="--yes forgets without a question")
    with suppress(EOFError, UnicodeDecodeError):
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    return False


def _turns(count: int) -> str:
    return "1 turn" if count == 1 else f"{count:,} turns"


def _opened() -> tuple[Store, Path]:
    """The memory, which is not made where there is none."""
    from dsfix.memory import Store

    path = state_dir(os.environ) / "memory.db"
    there = _is_there(path)
    if there:
        private_state(path.parent)
    store = Store(path if there else None)
    store.open()
    store.stats()  # waits until the file is open or has failed
    _check(store, path)
    return store, path


def _close(store: Store, path: Path) -> None:
    """Raises DsfixError where what was asked for was not done, as while another program writes."""
    store.close(30.0)
    _check(store, path)


def _check(store: Store, path: Path) -> None:
    if store.trouble:
        hint = f"if it is broken for good, move {path} away: what was kept there is lost"
        raise DsfixError(f"the memory cannot be used: {store.trouble}", hint=hint)


def _is_there(path: Path) -> bool:
    """Whether there is something; what cannot be looked at is, so that opening it fails."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        pass
    return True
