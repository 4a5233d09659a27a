"""The tables of the reports. Pages themselves are files beside the database."""

from __future__ import annotations

VERSION = 1

SCHEMA = """
CREATE TABLE reports (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,    -- 128 random bits in hexadecimal: who has it may read
    host TEXT NOT NULL,         -- where the page was sent from, and its path there
    path TEXT NOT NULL,
    created REAL NOT NULL,      -- wall-clock seconds
    deleted REAL,
    title TEXT NOT NULL,        -- the sender's word; a page's own title is its version's
    category TEXT NOT NULL,
    project TEXT NOT NULL
);
CREATE INDEX reports_source ON reports (host, path);
CREATE TABLE tags (report INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (report, tag))
    WITHOUT ROWID;
CREATE TABLE versions (
    report INTEGER NOT NULL REFERENCES reports (number),
    version INTEGER NOT NULL,   -- 1 and up
    revision INTEGER NOT NULL,  -- how often `watch` has replaced it
    sent REAL NOT NULL,
    entry TEXT NOT NULL,
    title TEXT NOT NULL,
    branch TEXT NOT NULL,
    session TEXT NOT NULL,      -- the `dsfix run` that it was sent in
    size INTEGER NOT NULL,      -- bytes of its files
    files INTEGER NOT NULL,
    PRIMARY KEY (report, version)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE found USING fts5(text, tokenize='trigram');
"""
