"""Reasoning that survives the process, so that a conversation can be continued tomorrow.

One SQLite file for all sessions. The loop's thread reads and keeps what is recent in RAM; one
writer thread commits within 100 ms, so a turn is known to this process before its next request
is looked at. A tool turn is found by its set of call ids, a text turn by its text and the user's
turn before it. What is ambiguous is unknown: a wrong reasoning is worse than a placeholder.
If the file is broken or locked, the session goes on in RAM and says so once.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from dsfix.foreground import Foreground
from dsfix.memory.database import Database, emptied
from dsfix.memory.ram import ALIKE, Ram
from dsfix.memory.recall import Stored
from dsfix.memory.recent import Recent
from dsfix.memory.rows import (
    ANSWERS,
    MANY,
    MIGRATIONS,
    ONE,
    answers_in,
    as_json,
    reasoning_in,
    stored_in,
)
from dsfix.memory.writes import DAY, TOUCH_CALLS, TOUCH_KEYS, cleared, inserted, pruned
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.repairs.base import Step

THREADS = 256  # conversations whose placeholders are kept in RAM
LATEST = 256  # turns of which is known that they were added lately
# Both that a conversation was decided for, in one read: each costs the loop 50 us.
_DECIDED = (
    "SELECT turn, reasoning, NULL FROM sent WHERE conversation = ?"
    " UNION ALL SELECT NULL, NULL, step FROM recovery WHERE conversation = ?"
)
_STEPS = {str(int(step)): step for step in Step}  # as a row may tell them; no other is known


@dataclass(slots=True)
class Decided:
    """What was decided for one conversation: placeholders sent, and how far recovery went."""

    sent: dict[str, Reasoning] = field(default_factory=dict)
    step: Step = Step.NONE


class Store:
    """The memory of all upstreams; `OriginMemory` is the view of one.

    `recent` is in RAM only, and is trimmed by whoever has a moment for it. `secret` tells whether
    a text holds a secret: a turn with one never reaches the disk. `foreground` goes before writing.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        secret: Callable[[str], bool] = lambda text: False,
        clock: Callable[[], float] = time.time,
        max_age: float = 90 * DAY,
        max_bytes: int = 512 << 20,
        ram: int = 1 << 20,
        foreground: Foreground | None = None,
    ) -> None:
        self._clock = clock
        self._secret = secret
        self._ram = Ram(ram)
        self._only: dict[str, tuple[Stored, ...]] = {}  # with a turn that is on no disk
        self._added = 0
        self._latest: deque[tuple[str, ...]] = deque(maxlen=LATEST)
        self._absent: dict[str, set[str]] = {}  # what the last prefetch did not find
        self._threads: OrderedDict[str, Decided] = OrderedDict()
        self.recent = Recent()
        self._database: Database | None = None
        if path:
            self._database = Database(
                path,
                MIGRATIONS,
                lambda file: pruned(file, clock() - max_age, max_bytes),
                foreground,
            )

    def open(self) -> None:
        """Start the writer. Never raises: what fails is told by `trouble`."""
        if self._database:
            self._database.open()

    def close(self, timeout: float = 2.0) -> None:
        """Commit what is waiting, for at most `timeout` seconds."""
        if self._database:
            self._database.close(timeout)

    @property
    def trouble(self) -> str:
        """What went wrong with the file, empty while all is well."""
        return (self._database.trouble or self._database.unread) if self._database else ""

    def add(self, origin: str, turns: Iterable[Stored]) -> None:
        """Remember turns: each at once for this process, all on disk within 100 ms.

        Who makes one while they are added knows those before it.
        """
        file, new = self._database, []
        for stored in turns:
            self._added += 1
            self._latest.append((*(stored.calls or (stored.key, stored.previous)), stored.chain))
            if file is None or file.trouble or self._secret(stored.words):
                self._keep(origin, stored, only=True)
            else:
                new.append(stored)
                self._keep(origin, stored, only=False, writes=file.queued + 1)
        if file is not None and new:
            file.write(inserted(origin, new, self._clock()))
            # Only then: what a request has asked for stays until it has been answered.
            self._ram.trim(file.committed)

    def candidates(
        self, origin: str, by: str, value: str, *, anew: bool = False
    ) -> tuple[Stored, ...]:
        """Turns `by` one of the names they have; `anew`, with what other processes add."""
        name = f"{by}\0{origin}\0{value}"
        if (only := self._only.get(name)) is not None:
            return only
        if (kept := self._ram.get(name, anew=anew)) is not None:
            return kept
        new = [value] if self._ram.has(name) else []
        if not new and name in self._absent.get(by, ()):
            return ()
        return self._read(ONE, origin, by, value, new).get(value, ())

    def prefetch(
        self, origin: str, by: str, values: Iterable[str]
    ) -> Mapping[str, tuple[Stored, ...]]:
        """Read the turns of `candidates` into RAM, all in one query: those of values with any."""
        before = f"{by}\0{origin}\0"
        names = {before + value: value for value in values}
        missing = [name for name in self._ram.missing(names) if name not in self._only]
        # SQLite reads a text of JSON no further than to a NUL.
        told = {name: value for name in missing if "\0" not in (value := names[name])}
        new = [told[name] for name in self._ram.begun(told)]
        found = self._read(MANY, origin, by, as_json(list(told.values())), new) if told else {}
        self._absent[by] = {name for name, value in told.items() if value not in found}
        held = {value: name for name, value in names.items() if name not in told}
        ram = {value: self._only.get(name) or self._ram.get(name) for value, name in held.items()}
        return {**found, **{value: turns for value, turns in ram.items() if turns}}

    def answers(self, origin: str, calls: Sequence[str]) -> Mapping[str, Turn | None]:
        """The turns that made these calls, less their texts; None where there are several.

        A long history asks for hundreds, once each: what is read for it is not kept.
        """
        known: dict[str, Turn | None] = {}
        before = f"call\0{origin}\0"
        names = {before + call: call for call in calls}
        for name in (self._only.keys() & names) | self._ram.among(names):
            here = self._only.get(name) or self._ram.get(name) or ()
            # Where not all of them are here the disk may have more.
            alone = here[0] if len(here) == 1 else None
            known[names[name]] = Turn(alone.calls, reasoning=alone.reasoning) if alone else None
        asked = [call for call in calls if call not in known] if known else list(calls)
        if "\0" in "".join(asked):
            asked = [call for call in asked if "\0" not in call]
        if self._database is not None and asked:
            for (text,) in self._database.read(ANSWERS, (as_json(asked), origin)):
                found = answers_in(text)
                known.update(dict.fromkeys(asked) if found is None else found)
                if found:
                    self.write(TOUCH_CALLS, lambda: (origin, as_json(list(known))))
        return known

    def _read(
        self, queries: Mapping[str, str], origin: str, by: str, wanted: str, new: Iterable[str]
    ) -> Mapping[str, tuple[Stored, ...]]:
        """What there is under one value, or under many as JSON; it is in RAM from then on.

        Under `new` ones there may be turns that are not on disk yet.
        """
        if self._database is None:
            return {}
        read: dict[str, tuple[Stored, ...]] = {}
        committed = self._database.committed
        for row in self._database.read(queries[by], (wanted, origin)):
            if stored := stored_in(row):
                read[row[0]] = (*read.get(row[0], ()), stored)
        if read:
            keys = {each.key for alike in read.values() for each in alike}
            self.write(TOUCH_KEYS, lambda: (origin, as_json(list(keys))))
        return {
            value: self._ram.put(f"{by}\0{origin}\0{value}", read.get(value, ()), committed)
            for value in {*read, *new}
        }

    def thread(self, conversation: str) -> Decided:
        """What is known of a conversation, read from disk the first time it is asked for."""
        thread = self._threads.get(conversation)
        if thread is not None:
            self._threads.move_to_end(conversation)
            return thread
        thread = Decided()
        if self._database is not None:
            for turn, blocks, step in self._database.read(_DECIDED, (conversation, conversation)):
                if turn is None:
                    thread.step = _STEPS.get(str(step), Step.NONE)
                else:
                    thread.sent[str(turn)] = reasoning_in(str(blocks))
        self._threads[conversation] = thread
        while len(self._threads) > THREADS:
            self._threads.popitem(last=False)
        return thread

    def learnt(self, since: int) -> tuple[int, Set[str] | None]:
        """How many turns have been added, and the names of those since there were so many.

        A turn is named by its calls, or its key and the user's turn before it, and by its chain.
        None where they are more than the latest few.
        """
        new = self._added - since
        if new > len(self._latest):
            return self._added, None
        latest = islice(reversed(self._latest), new)
        return self._added, {name for names in latest for name in names}

    def write(self, sql: str, row: Callable[[], Sequence[object]]) -> None:
        """Queue a statement for the disk, with a row that is made then; the time is its last."""
        if self._database is not None:
            now = self._clock()
            self._database.write(lambda connection: connection.execute(sql, (*row(), now)))

    def stats(self) -> tuple[int, int]:
        """Turns on disk, and bytes of the file."""
        if self._database is None:
            return 0, 0
        rows = self._database.read("SELECT count(*) FROM turns", ())
        return (int(str(rows[0][0])) if rows else 0), self._database.size

    def clear(self) -> None:
        """Forget everything, on disk as well."""
        self._ram.clear()
        self._only.clear()
        self._threads.clear()
        self.recent.clear()
        if self._database is not None:
            self._database.write(cleared)
            self._database.write(emptied)

    def _keep(self, origin: str, stored: Stored, *, only: bool, writes: int = 0) -> None:
        for by, value in stored.found_by:
            name = f"{by}\0{origin}\0{value}"
            if only or name in self._only:  # there is no disk to read all of it from again
                known = self.candidates(origin, by, value)
                if stored not in known:
                    self._only[name] = (stored, *known[: ALIKE - 1])
            else:
                self._ram.push(name, stored, writes, first=name in self._absent.get(by, ()))
