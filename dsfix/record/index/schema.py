"""The tables of the index. It is made anew when they change, so there are no migrations."""

from __future__ import annotations

VERSION = 2

# Every row can be taken in twice without a difference: reading a file again is always right.
SCHEMA = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL,         -- of the events file
    size INTEGER NOT NULL,      -- of that file when it was read
    changed INTEGER NOT NULL,   -- its time stamp then, in nanoseconds
    labelled TEXT NOT NULL,     -- inode and time stamp of meta.json when it was read
    state TEXT NOT NULL,
    offset INTEGER NOT NULL,    -- from here on the events have to be read again
    started REAL NOT NULL,      -- wall-clock seconds
    duration REAL NOT NULL,     -- seconds, to the last event where nobody has ended it
    exit_code INTEGER,
    agent TEXT NOT NULL,
    upstream TEXT NOT NULL,
    branch TEXT NOT NULL,
    cwd TEXT NOT NULL,
    project TEXT NOT NULL,      -- the user's word, else the repository's or directory's name
    title TEXT NOT NULL,
    category TEXT NOT NULL,
    hidden INTEGER NOT NULL
);
CREATE INDEX sessions_started ON sessions (started);
CREATE TABLE tags (session TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (session, tag))
    WITHOUT ROWID;
CREATE TABLE exchanges (
    session TEXT NOT NULL,
    number INTEGER NOT NULL,
    started REAL,
    kind TEXT,
    asked TEXT,
    sent TEXT,
    served TEXT,
    status INTEGER,
    error TEXT,
    input INTEGER,
    cached INTEGER,
    output INTEGER,
    ended INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session, number)
) WITHOUT ROWID;
CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,  -- of all that follows
    role TEXT NOT NULL,
    sort TEXT NOT NULL,         -- text, reasoning, call, result
    name TEXT NOT NULL,         -- the tool of a call
    text TEXT NOT NULL
);
CREATE TABLE places (           -- where a text was said first in a session
    session TEXT NOT NULL,
    text INTEGER NOT NULL REFERENCES texts (id),
    exchange INTEGER NOT NULL,
    seq INTEGER NOT NULL,       -- of the event that says it
    part INTEGER NOT NULL,      -- within that event
    PRIMARY KEY (session, text)
) WITHOUT ROWID;
CREATE INDEX places_text ON places (text);
-- Kept in step by intake: FTS5 may stand in no trigger where the schema is not trusted.
CREATE VIRTUAL TABLE found USING fts5(
    text, content='texts', content_rowid='id', tokenize='trigram', detail='none'
);
"""
TABLES = ("sessions", "tags", "exchanges", "texts", "places")
