"""The writer of a record: takes what was queued apart, redacts it, and appends it to the file."""

from __future__ import annotations

import math
import queue
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from dsfix.admission import Refusal
from dsfix.foreground import ALONE, Background
from dsfix.protocol.answer import Answer
from dsfix.record.edits import Edits, answer_edits
from dsfix.record.events import answer_fields, request_fields, response_fields
from dsfix.record.exchange import Exchange
from dsfix.record.file import EventFile
from dsfix.record.log import ending
from dsfix.record.progress import Progress
from dsfix.record.tree import Tree
from dsfix.redact import Redactor
from dsfix.repairs.base import Edit
from dsfix.repairs.chain import Outgoing

PROGRESS_EVERY = 1.0
# All of an unfinished answer is gone through each time. Many are told in slices, with time for all
# else in between, and no more of the writer's life goes there than this share. In seconds:
_SLICE, _REST = 0.001, 0.02
_SHARE = 0.05

# An answer, and what repairs changed in it, by the repair's name.
Said: TypeAlias = tuple[Answer, Mapping[str, Sequence[Edit]]]
Job: TypeAlias = "Callable[[Writer], None] | None"
Jobs: TypeAlias = "queue.SimpleQueue[Job]"

_encode = msgspec.json.Encoder().encode


class Writer:
    """Writes events on one thread, which gives way as `background`.

    Its methods raise OSError where the disk does.
    """

    def __init__(
        self,
        file: EventFile,
        redactor: Redactor,
        *,
        bodies: bool = True,
        background: Background = ALONE,
    ) -> None:
        self._file, self._redactor, self._bodies = file, redactor, bodies
        self._background = background
        self._tree = Tree(redactor, bodies=bodies, background=background)
        self._edits = Edits(redactor, background)
        self._open: dict[int, Progress] = {}
        self._next = 0.0
        self._totals: Counter[str] = Counter()

    def run(
        self,
        jobs: Jobs,
        failed: Callable[[Exception], None],
        pause: Callable[[], object],
    ) -> None:
        """Do the jobs, until None or an error of the disk.

        Where there was nothing to do there is a `pause` before what comes next: an exchange that
        has just begun or ended needs the processor more.
        """
        while True:
            try:
                job = jobs.get_nowait()
            except queue.Empty:
                job = self._waited(jobs, pause)
                self._background.begin()
            if job is None:
                return
            self._background.give_way()
            try:
                job(self)
                self.look()
            except OSError as error:
                failed(error)
                return
            except Exception as error:  # one event that cannot be told is no reason to stop
                failed(error)
            del job  # with its request and its answer

    def _waited(self, jobs: Jobs, pause: Callable[[], object]) -> Job:
        due = self._due() - time.monotonic()
        wait = min(max(0.0, due), PROGRESS_EVERY) if self._open or self._file.unsynced else None
        try:
            job = jobs.get(timeout=wait)
        except queue.Empty:
            return Writer.look
        pause()
        return job

    def request(self, at: float, exchange: Exchange, outgoing: Outgoing, size: int) -> None:
        """A request of so many bytes, after what is new in its history."""
        fields = request_fields(exchange, outgoing, size, self._redactor)
        if self._bodies:
            fields |= self._edits.of(outgoing)
        if outgoing.body is not None:
            placed = self._tree.add(outgoing.conversation, outgoing.body)
            for kind, new in placed.new:
                self._background.give_way()
                self._emit(kind, at, new)
            fields |= {"head": placed.head, "messages": placed.count}
            fields |= {"parts": placed.parts} if placed.parts else {}
            fields |= {"params": placed.params} if placed.params else {}
        self._emit("request", at, fields)

    def watch(self, exchange: int, answer: Answer) -> None:
        """An answer that grows from now on."""
        self._open[exchange] = Progress(answer, time.monotonic() + PROGRESS_EVERY)

    def response(self, at: float, exchange: Exchange, said: Said | None) -> None:
        """The end of an exchange, with its answer and what repairs changed in it."""
        self._open.pop(exchange.id, None)
        fields = response_fields(exchange, self._redactor)
        answer, edits = said or (None, {})
        if answer is not None and answer.blocks:
            fields["answer"] = answer_fields(answer, self._redactor, bodies=self._bodies)
        if self._bodies:
            fields |= answer_edits(edits, self._redactor)
        self._emit("response", at, fields)
        self._totals["exchanges"] += 1
        self._totals["errors"] += bool(exchange.error)
        if exchange.usage:
            self._totals["input"] += exchange.usage.input
            self._totals["cached"] += exchange.usage.cached
            self._totals["output"] += exchange.usage.output

    def refused(self, at: float, refusal: Refusal, count: int) -> None:
        """A refusal at the door, given so often until now."""
        words = self._redactor.text(refusal.reason)
        self._emit("refused", at, {"status": refusal.status, "words": words, "count": count})

    def end(self, at: float, exit_code: int | None, seconds: float) -> None:
        """The end of the session."""
        self._emit("session.end", at, ending(exit_code, seconds, self._totals))
        self._file.sync(now=True)

    def look(self) -> None:
        """Write what came of unfinished answers, and once a second bring all to the disk."""
        began = ended = time.monotonic()
        while ended >= self._due() and ended < began + _SLICE:
            exchange, progress = next(iter(self._open.items()))
            progress.due = ended + PROGRESS_EVERY
            self._open[exchange] = self._open.pop(exchange)  # the others come first
            if news := progress.news(self._redactor):
                self._emit("progress", time.time(), {"exchange": exchange, "blocks": news})
            ended = time.monotonic()
        if ended > began:
            self._next = ended + max(_REST, (ended - began) / _SHARE)
        self._file.sync()

    def _due(self) -> float:
        """When the next unfinished answer is to be looked at, on the monotonic clock."""
        first = next(iter(self._open.values()), None)
        return math.inf if first is None else max(first.due, self._next)

    def _emit(self, kind: str, at: float, fields: Mapping[str, object]) -> None:
        self._file.event(kind, at, _encode(fields))
