"""Questions to the index: which sessions, and where something was said."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

# What the trigram tokenizer makes of a text (https://sqlite.org/fts5.html#the_trigram_tokenizer).
_TRIGRAM = 3
# Trigrams of one word that are asked for; the text itself decides.
_ASKED = 40


class Wanted(NamedTuple):
    """Which sessions: all of what is given must fit.

    `agent` is exact; `model` is part of any of the three names; `since` and `until` are
    wall-clock seconds of the start; each of `words` is said, all of them in one text.
    """

    agent: str = ""
    model: str = ""
    project: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""
    since: float | None = None
    until: float | None = None
    words: tuple[str, ...] = ()


class Indexed(NamedTuple):
    """A session as it is listed. `said` is how its user began, for want of a title.

    That is the last text of the first request: agents put what they have to say before it.
    """

    id: str
    path: str
    state: str
    started: float
    duration: float
    exit_code: int | None
    agent: str
    upstream: str
    cwd: str
    project: str
    branch: str
    title: str
    category: str
    said: str
    tags: tuple[str, ...]
    models: tuple[str, ...]
    exchanges: int
    errors: int
    input: int
    cached: int
    output: int


class Hit(NamedTuple):
    """A text in which all the words are, and where it was said first in that session."""

    session: str
    started: float
    project: str
    exchange: int
    role: str
    sort: str
    tool: str
    text: str


_SESSION = """
SELECT id, path, state, started, duration, exit_code, agent, upstream, cwd, project, branch, title,
    category,
    coalesce((SELECT substr(t.text, 1, 400) FROM places p JOIN texts t ON t.id = p.text
        WHERE p.session = s.id AND role = 'user' AND sort = 'text' AND t.text NOT LIKE '<%'
        ORDER BY (SELECT kind FROM exchanges WHERE session = p.session AND number = p.exchange)
            <> 'main', exchange, seq DESC, part DESC LIMIT 1), ''),
    (SELECT json_group_array(tag) FROM tags WHERE session = s.id),
    (SELECT json_group_array(model) FROM (SELECT DISTINCT coalesce(served, sent, asked) AS model
        FROM exchanges WHERE session = s.id AND model IS NOT NULL ORDER BY number)),
    (SELECT json_array(count(*), coalesce(sum(error IS NOT NULL), 0), coalesce(sum(input), 0),
        coalesce(sum(cached), 0), coalesce(sum(output), 0))
        FROM exchanges WHERE session = s.id AND ended)
FROM sessions s WHERE {where} ORDER BY started DESC, id DESC LIMIT ?
"""
_HIT = """
SELECT s.id, s.started, s.project, p.exchange, t.role, t.sort, t.name, t.text
FROM texts t JOIN places p ON p.text = t.id JOIN sessions s ON s.id = p.session
WHERE {where} ORDER BY s.started DESC, s.id DESC, p.exchange, p.seq, p.part LIMIT ?
"""


def listed(db: sqlite3.Connection, wanted: Wanted, limit: int) -> list[Indexed]:
    """The sessions that fit, newest first, without the hidden ones."""
    db.create_function("says", 2, _says, deterministic=True)
    where, values = _sessions(wanted)
    if wanted.words:
        said, more = _texts(wanted.words)
        where += (
            " AND s.id IN (SELECT p.session FROM places p JOIN texts t ON t.id = p.text"
            f" WHERE {said})"
        )
        values += more
    return [_indexed(row) for row in db.execute(_SESSION.format(where=where), (*values, limit))]


def searched(db: sqlite3.Connection, wanted: Wanted, limit: int) -> list[Hit]:
    """Where the words were said, newest session first."""
    db.create_function("says", 2, _says, deterministic=True)
    where, values = _sessions(wanted)
    said, more = _texts(wanted.words)
    rows = db.execute(_HIT.format(where=f"{where} AND {said}"), (*values, *more, limit))
    return [Hit(*row) for row in rows]


def _indexed(row: Sequence[Any]) -> Indexed:
    *plain, tags, models, totals = row
    lists = (tuple(json.loads(each)) for each in (tags, models))
    return Indexed._make((*plain, *lists, *json.loads(totals)))


def _sessions(wanted: Wanted) -> tuple[str, list[object]]:
    """The condition on a session `s`, and its values."""
    conditions: list[tuple[str, object]] = [
        (f"s.{name} = ? COLLATE NOCASE", value)
        for name in ("agent", "project", "category")
        if (value := getattr(wanted, name))
    ]
    if wanted.since is not None:
        conditions.append(("s.started >= ?", wanted.since))
    if wanted.until is not None:
        conditions.append(("s.started < ?", wanted.until))
    for tag in wanted.tags:
        conditions.append(("s.id IN (SELECT session FROM tags WHERE tag = ?)", tag))
    if wanted.model:
        names = "coalesce(asked, '') || ' ' || coalesce(sent, '') || ' ' || coalesce(served, '')"
        conditions.append(
            (
                f"s.id IN (SELECT session FROM exchanges WHERE {names} LIKE ? ESCAPE '\\')",
                _like(wanted.model),
            )
        )
    where = " AND ".join(["NOT s.hidden", *(condition for condition, _ in conditions)])
    return where, [value for _, value in conditions]


def _texts(words: Sequence[str]) -> tuple[str, list[object]]:
    """The condition that a text `t` has all the words, and its values.

    The trigrams of a word tell which texts to look at; a shorter word is looked for in all.
    """
    trigrams = dict.fromkeys(trigram for word in words for trigram in _trigrams(word))
    conditions = ["says(t.text, ?)"]  # once: SQLite nests no more than 1,000
    values: list[object] = [json.dumps(words)]
    if trigrams:
        conditions.append("t.id IN (SELECT rowid FROM found WHERE found MATCH ?)")
        values.append(" AND ".join('"{}"'.format(each.replace('"', '""')) for each in trigrams))
    return " AND ".join(conditions), values


def _trigrams(word: str) -> list[str]:
    return [word[at : at + _TRIGRAM] for at in range(len(word) - _TRIGRAM + 1)][:_ASKED]


def _says(text: str, words: str) -> bool:
    """Whether a text has all the words of a JSON list in it, in capitals or not."""
    folded = text.casefold()
    return all(word in folded for word in _folded(words))


@lru_cache(maxsize=1)
def _folded(words: str) -> tuple[str, ...]:
    """The words of the JSON list without capitals: made once for all texts of a search."""
    return tuple(word.casefold() for word in json.loads(words))


def _like(word: str) -> str:
    """A pattern for what holds that word."""
    for special in "\\%_":
        word = word.replace(special, f"\\{special}")
    return f"%{word}%"
