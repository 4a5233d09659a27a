"""Turns as rows: the schema of the file, and how a turn is written to it and read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from dsfix.memory.database import Row
from dsfix.memory.ram import ALIKE
from dsfix.memory.recall import Stored
from dsfix.protocol import spans
from dsfix.protocol.turns import Reasoning, Turn

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE turns (
        id INTEGER PRIMARY KEY,
        origin TEXT NOT NULL,     -- scheme and host of the upstream that reasoned
        key TEXT NOT NULL,        -- Turn.key
        calls TEXT NOT NULL,      -- ids of the calls, as a JSON list
        names TEXT NOT NULL,      -- their tools' names, as a JSON list
        text TEXT NOT NULL,       -- digest of the visible text
        previous TEXT NOT NULL,   -- History.previous
        chain TEXT NOT NULL,      -- History.chain
        session TEXT NOT NULL,    -- the agent's own name for its session
        reasoning TEXT NOT NULL,  -- [[text, signature], ...]
        used REAL NOT NULL
    );
    CREATE INDEX turns_key ON turns (origin, key);
    CREATE INDEX turns_previous ON turns (origin, previous);
    CREATE INDEX turns_used ON turns (used);
    CREATE TABLE calls (origin TEXT NOT NULL, call TEXT NOT NULL, turn INTEGER NOT NULL
        REFERENCES turns (id) ON DELETE CASCADE);
    CREATE INDEX calls_call ON calls (origin, call);
    CREATE INDEX calls_turn ON calls (turn);
    CREATE TABLE sent (conversation TEXT NOT NULL, turn TEXT NOT NULL, reasoning TEXT NOT NULL,
        used REAL NOT NULL, PRIMARY KEY (conversation, turn)) WITHOUT ROWID;
    CREATE TABLE recovery (conversation TEXT PRIMARY KEY, step INTEGER NOT NULL,
        used REAL NOT NULL) WITHOUT ROWID;
    """,
    # how the visible text begins, digests as a JSON list
    "ALTER TABLE turns ADD COLUMN heads TEXT NOT NULL DEFAULT '[]';",
    # the place of what has no name that only it has
    "CREATE INDEX turns_chain ON turns (origin, chain);",
)
_blocks = msgspec.json.Decoder(tuple[tuple[str, str], ...])
_lists = msgspec.json.Decoder(
    tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]
)
_answers = msgspec.json.Decoder(list[tuple[str, Turn]])
COLUMNS = "key, calls, names, text, previous, chain, session, heads, reasoning"
ALL_COLUMNS = f"origin, {COLUMNS}, used"
# The latest turns by a call's id, by their key, by the user's turn before them, and by all that is
# before them; newest first.
_NAMED = {
    "call": "SELECT turn FROM calls WHERE origin = ? AND call = wanted ORDER BY rowid",
    "key": "SELECT id FROM turns WHERE origin = ? AND key = wanted ORDER BY id",
    "previous": "SELECT id FROM turns WHERE origin = ? AND previous = wanted ORDER BY id",
    "chain": "SELECT id FROM turns WHERE origin = ? AND chain = wanted ORDER BY id",
}
_WANTED = "WITH names (wanted) AS (SELECT value FROM json_each(?))"
ONE, MANY = (
    {
        by: f"{names} SELECT wanted, {COLUMNS} FROM names CROSS JOIN turns"
        f" WHERE turns.id IN ({named} DESC LIMIT {ALIKE}) ORDER BY turns.id DESC"
        for by, named in _NAMED.items()
    }
    for names in ("WITH names (wanted) AS (VALUES (?))", _WANTED)
)
# What made the calls that are wanted, two of each at the most, all as one text: a row for each
# takes twice as long.
ANSWERS = (
    f"{_WANTED} SELECT group_concat('[' || json_quote(wanted) || ',{{\"calls\":' || calls"
    """ || ',"reasoning":{"blocks":' || reasoning || '}}]') FROM names CROSS JOIN turns"""
    " WHERE turns.id IN (SELECT turn FROM calls WHERE origin = ? AND call = wanted LIMIT 2)"
)


def as_json(value: object) -> str:
    """A value as the text that a column holds."""
    return spans.encode(value).decode()


def row_of(origin: str, stored: Stored, now: float) -> tuple[object, ...]:
    """A turn as the values of ALL_COLUMNS."""
    return (
        origin,
        stored.key,
        as_json(stored.calls),
        as_json(stored.names),
        stored.text,
        stored.previous,
        stored.chain,
        stored.session,
        as_json(stored.heads),
        as_json(stored.reasoning.blocks),
        now,
    )


def stored_in(row: Row) -> Stored | None:
    """The turn whose COLUMNS end a row; None where it is damaged, so that it is not known."""
    key, calls, names, text, previous, chain, session, heads, reasoning = row[-9:]
    try:
        lists = _lists.decode(f"[{calls},{names},{heads},{reasoning}]")
    except msgspec.DecodeError:
        return None
    return Stored(key, *lists[:2], text, previous, chain, session, lists[2], Reasoning(lists[3]))


def answers_in(text: str | None) -> Mapping[str, Turn | None] | None:
    """The turns that ANSWERS tells by their names, None for several; None where one is damaged."""
    try:
        found = _answers.decode(f"[{text or ''}]")
    except msgspec.DecodeError:
        return None
    known: dict[str, Turn | None] = dict(found)
    if len(known) < len(found):
        often = Counter(name for name, _ in found)
        known.update(dict.fromkeys(name for name, count in often.items() if count > 1))
    return known


def reasoning_in(text: str) -> Reasoning:
    """The reasoning that a column holds; none where it is damaged."""
    try:
        return Reasoning(_blocks.decode(text))
    except msgspec.DecodeError:
        return Reasoning(())
