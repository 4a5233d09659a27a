"""The journal of a session: what happens is queued, and one thread writes it down.

The proxy's loop only puts things on the queue; taking a message apart, redacting, hashing and
the disk are the writer's, which is imported by its own thread when the first request comes: the
agent's start waits for none of it. What fails here is told once by `trouble` and stays here.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dsfix import __version__
from dsfix.foreground import Background, Foreground
from dsfix.record.accounts import Accounts
from dsfix.record.file import EventFile
from dsfix.record.ids import EVENTS, new_id, session_dir
from dsfix.record.turned_away import TurnedAway
from dsfix.redact import Redactor

if TYPE_CHECKING:
    from dsfix.admission import Refusal
    from dsfix.record.exchange import Exchange
    from dsfix.record.writer import Writer
    from dsfix.repairs.chain import Outgoing
    from dsfix.repairs.reply import Reply

# Bytes of requests that may wait for a slow disk; beyond, a request is told without its texts.
WAITING = 256 << 20
# And so many that none of them is let wait any longer for what the agent waits for.
HURRY = 128 << 20

# Seconds that the writer leaves the processor to an exchange before it writes it down. Without it
# an agent that asks again at once is answered 0.4 ms later (10 KB, 2 cores, 2026-11-21).
PAUSE = 0.02
# And to requests that are looked at, but for longer than this it does not fall behind.
PATIENCE = 0.5
# Of the time that there is at the end, the share after which what still waits is told without its
# texts: better so than not at all.
IN_FULL = 0.6
AGAIN = 0.1  # seconds until a descriptor is asked for again


class Mirror(Protocol):
    """What is told of every exchange that is over, and of the end of the session."""

    def ended(self, exchange: Exchange) -> None:
        """An exchange is over. Must not wait."""

    def close(self, seconds: float) -> str:
        """The session is over after so many seconds; gives what went wrong, or nothing."""


class SessionLog:
    """Writes down one session; a Journal for the proxy. Without a state directory it stays in RAM.

    With `bodies` off, no text of a conversation is written, only hashes and sizes. The
    `mirror`, where there is one, is told the same whether or not anything is on disk.
    """

    def __init__(
        self,
        state: Path | None,
        redactor: Redactor,
        *,
        bodies: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.began_at = clock()
        self.id = new_id(self.began_at)
        self.directory = session_dir(state, self.id) if state else None
        self.redactor = redactor
        self._accounts = Accounts()
        self._turned_away = TurnedAway()
        self.trouble = ""
        self.mirror: Mirror | None = None
        self.foreground = Foreground()
        self._bodies, self._clock = bodies, clock
        self._jobs: queue.SimpleQueue[Callable[[Writer], None] | None] = queue.SimpleQueue()
        self._file: EventFile | None = None
        self._thread: threading.Thread | None = None
        self._refused = OSError()
        self._ending = threading.Event()
        self._late = False
        self._queued = self._done = 0

    @property
    def exchanges(self) -> list[Exchange]:
        """Those that it has accounts of, in the order in which they came; made anew each time."""
        return self._accounts.all()

    @property
    def beyond(self) -> int:
        """How many more there were."""
        return self._accounts.beyond

    @property
    def turned_away(self) -> list[tuple[Refusal, int]]:
        """The refusals at the door, and how often each was given."""
        return self._turned_away.all()

    @property
    def path(self) -> Path | None:
        """The events file; None when the session leaves nothing on disk."""
        return self.directory / EVENTS if self.directory else None

    @property
    def debug_file(self) -> Path | None:
        """Where a log for debugging goes: beside the record."""
        return self.directory / "debug.log" if self.directory else None

    def start(self, meta: Mapping[str, object]) -> None:
        """Open the record with what is known of the session; `argv` is redacted word by word."""
        if self.path is None:
            return
        facts = {"session": self.id, "version": __version__, "pid": os.getpid(), **meta}
        if isinstance(argv := facts.get("argv"), list | tuple):
            words = argv if self._bodies else argv[:1]  # the others may be a prompt
            facts["argv"] = self.redactor.argv([str(word) for word in words])
        facts["bodies"] = self._bodies
        try:
            self._file = EventFile(self.path)
            self._file.event("session.start", self.began_at, _json(self.redactor.value(facts)))
        except OSError as error:
            self.fail(error)

    def began(self, exchange: Exchange, outgoing: Outgoing) -> None:
        """A request has gone upstream; it is dated to when it came."""
        self._accounts.began(exchange)
        if self._file is None:
            return
        at, size = exchange.started, outgoing.size
        late = self._queued - self._done + size > WAITING
        told = outgoing.without_texts() if late else outgoing.taken_apart()
        self._queued += size

        def job(writer: Writer) -> None:
            self._done += size
            known = told.without_texts() if self._late else told
            writer.request(at, exchange, known, size)

        self._put(job)

    def answering(self, exchange: Exchange, reply: Reply) -> None:
        """An answer has begun; `reply` grows from now until the exchange has ended."""
        if self._bodies:
            number, answer = exchange.id, reply.answer
            self._put(lambda writer: writer.watch(number, answer))

    def ended(self, exchange: Exchange, reply: Reply | None) -> None:
        """The exchange is over, well or not."""
        at = self._clock()
        self._accounts.ended(exchange)
        said = (reply.answer, reply.answering.edits) if reply else None
        self._put(lambda writer: writer.response(at, exchange, said))
        if self.mirror is not None:
            self.mirror.ended(exchange)

    def refused(self, refusal: Refusal) -> None:
        """A request was refused at the door. The first of a kind is told, the others at the end."""
        at = self._clock()
        if (first := self._turned_away.add(refusal)) is not None:
            self._put(lambda writer: writer.refused(at, first, 1))

    def close(self, exit_code: int | None, seconds: float, *, timeout: float = 5.0) -> None:
        """End the record with the agent's exit code and life, waiting at most `timeout` seconds."""
        self._close(exit_code, seconds, timeout)
        if self.mirror is not None:
            self.trouble = self.trouble or self.mirror.close(seconds)

    def _close(self, exit_code: int | None, seconds: float, timeout: float) -> None:
        if self._file is None:
            return
        at = self._clock()
        if self._jobs.empty() and self._thread is None:  # no request has come, so none was needed
            try:
                self._file.event("session.end", at, _json(ending(exit_code, seconds, {})))
                self._file.close()
            except OSError as error:
                self.fail(error)
            return
        self._ending.set()
        turned_away = self.turned_away

        def end(writer: Writer) -> None:
            for refusal, count in turned_away:
                if count > 1:
                    writer.refused(at, refusal, count)
            writer.end(at, exit_code, seconds)

        self._put(end)
        self._jobs.put(None)
        if (thread := self._thread) is None:
            self.fail(self._refused)
            return
        thread.join(timeout * IN_FULL)
        self._late = True
        thread.join(timeout * (1 - IN_FULL))
        if thread.is_alive():
            self.trouble = self.trouble or "the disk was too slow to take the whole record"

    def fail(self, error: Exception) -> None:
        """Say it once. After an error of the disk nothing more is written."""
        if isinstance(error, OSError):
            self._file = None
            self._jobs = queue.SimpleQueue()  # what waits is written by nobody
            said = f"the record stopped: {error.strerror or error}"
        else:
            said = f"the record has a gap: {type(error).__name__}"
        self.trouble = self.trouble or said

    def _put(self, job: Callable[[Writer], None]) -> None:
        if self._file is None:
            return
        self._jobs.put(job)
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="dsfix-record", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # as many as the system allows: there may be one later
                self._refused = OSError(str(error))
            else:
                self._thread = thread

    def _rested(self, seconds: float) -> bool:
        """Wait for so long; whether there is no time for it."""
        return self._queued - self._done > HURRY or self._ending.wait(seconds)

    def _run(self) -> None:
        file = self._file
        if file is None:
            return
        try:
            self._writer(file).run(self._jobs, self.fail, partial(self._ending.wait, PAUSE))
            file.close()
        except Exception as error:  # whatever it is, the session goes on
            words = str(error) or type(error).__name__
            self.fail(error if isinstance(error, OSError) else OSError(words))

    def _writer(self, file: EventFile) -> Writer:
        """Imported here; where a burst of requests has all descriptors, when it is over."""
        while True:
            try:
                from dsfix.record.writer import Writer
            except OSError as error:
                if error.errno != errno.EMFILE or self._ending.wait(AGAIN):
                    raise
            else:
                background = Background(self.foreground, self._rested, PATIENCE)
                return Writer(file, self.redactor, bodies=self._bodies, background=background)


def ending(
    exit_code: int | None, seconds: float, totals: Mapping[str, object]
) -> dict[str, object]:
    """The fields of the event that ends a record."""
    return {"exit_code": exit_code, "duration": round(seconds, 3), "totals": dict(totals)}


def _json(fields: object) -> bytes:
    # A path or an argument may be no text. As escapes of half characters, readers would refuse it.
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
