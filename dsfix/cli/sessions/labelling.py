"""Commands that change what the user says of a session; the record itself stays as it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.complete import hidden_session_ids
from dsfix.cli.sessions.answers import Session, Sessions, state

if TYPE_CHECKING:
    from dsfix.record.labels import Labels

_Tags = Annotated[list[str], typer.Argument(metavar="TAG...", help="One word each.")]


def tag(session: Session, tags: _Tags) -> None:
    """Put tags on a session; `gc` keeps a tagged one, unless it was deleted."""
    words = [_word(each) for each in tags]
    _relabel([session], lambda labels: labels.tagged(*words))


def untag(session: Session, tags: _Tags) -> None:
    """Take tags off a session."""
    words = [_word(each) for each in tags]
    _relabel([session], lambda labels: labels.untagged(*words))


def categorize(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Empty takes it away.")],
) -> None:
    """Put a session into a category."""
    line = _line(name)
    _relabel([session], lambda labels: labels._replace(category=line))


def project(
    session: Session,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Empty gives back the repository's or directory's."),
    ],
) -> None:
    """Say which project a session belongs to."""
    line = _line(name)
    _relabel([session], lambda labels: labels._replace(project=line))


def rename(
    session: Session,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="Empty takes it away.")],
) -> None:
    """Give a session a title."""
    line = _line(title)
    _relabel([session], lambda labels: labels._replace(title=line))


def delete(sessions: Sessions) -> None:
    """Hide sessions; `gc --yes` removes them, `undelete` brings them back."""
    _relabel(sessions, lambda labels: labels._replace(hidden=True))


def undelete(
    sessions: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...",
            help="Ids of hidden sessions, their starts or ends, or `last`.",
            autocompletion=hidden_session_ids,
        ),
    ],
) -> None:
    """Bring hidden sessions back."""
    _relabel(sessions, lambda labels: labels._replace(hidden=False), hidden=True)


def path(session: Session) -> None:
    """Print the path of a session's record."""
    from dsfix.record.sessions import find

    typer.echo(find(state(), session))


def _relabel(
    names: Iterable[str], change: Callable[[Labels], Labels], *, hidden: bool = False
) -> None:
    """Change the labels of all these sessions, or of none if one of them is not found."""
    from dsfix.record.labels import relabel
    from dsfix.record.sessions import find

    found = [find(state(), name, hidden=hidden).parent for name in names]
    for directory in found:
        relabel(directory, change)
        typer.echo(directory.name)


def _word(tag: str) -> str:
    """A tag as it is kept. Raises UsageError for one that could not be typed again."""
    from dsfix.errors import UsageError

    word = _redacted(tag.removeprefix("#"))
    if not word or not word.isprintable() or any(map(str.isspace, word)):
        raise UsageError(f"{tag!r} is no tag", hint="a tag is one word, such as `release`")
    return word


def _line(words: str) -> str:
    """The words as one printable line."""
    return _redacted("".join(filter(str.isprintable, " ".join(words.split()))))


def _redacted(words: str) -> str:
    """What is said of a session is as free of secrets as its record; an agent may have said it."""
    from dsfix.redact import Redactor

    return Redactor.of(os.environ, ()).text(words)
