"""The proxy of a session, and what one that begins now would send."""

from __future__ import annotations

import http.client
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from dsfix import repairs
from dsfix.memory import OriginMemory, Store
from dsfix.protocol.body import Dialect
from dsfix.record.kinds import session_of
from dsfix.repairs.base import Stand
from dsfix.repairs.chain import prepare
from tests.sessions.agent import Request
from tests.support.in_process import InProcess
from tests.support.pty_session import wait_until


class Proxy(InProcess):
    """A proxy whose memory is at `place`, in RAM where that is None."""

    def __init__(self, url: str, place: Path | None, stand_in: str) -> None:
        super().__init__(url, place, placeholder=Stand(text=stand_in))
        self._place = place
        self._asked = 0

    def send(self, *asked: Request) -> None:
        """Send these requests at once; what arrives is noted in each."""
        self._asked += len(asked)
        with ThreadPoolExecutor(len(asked)) as pool:
            list(pool.map(self._send, asked))
        if not all(each.is_whole for each in asked):
            wait_until(lambda: len(self.journal.over) == self._asked)

    def _send(self, asked: Request) -> None:
        path = asked.plan.path(asked.thread.dialect)
        with self.asking("POST", path, asked.body, **asked.headers) as response:
            asked.status = response.status
            asked.data = _read(response, asked.leaves)

    def anew(self, asked: Request) -> bytes:
        """What a process would send for a request that begins now and has the same memory."""
        with self._copied() as store:
            memory = OriginMemory(store, self._upstream.origin)
            dialect = Dialect(asked.thread.dialect)
            named = {name.replace("_", "-"): value for name, value in asked.headers.items()}
            chosen = repairs.without(frozenset()), self._rules, memory
            return prepare(dialect, asked.body, *chosen, memory.step, session_of(named)).data

    @contextmanager
    def _copied(self) -> Iterator[Store]:
        """A copy of the memory as it is on disk, when all is there."""
        file = self.store._database
        assert file is not None and self._place is not None
        wait_until(lambda: file.committed == file.queued)
        copy = self._place.with_name("copy.db")
        source, target = sqlite3.connect(self._place), sqlite3.connect(copy)
        source.backup(target)
        source.close()
        target.close()
        store = Store(copy)
        store.open()
        try:
            yield store
        finally:
            store.close()
            for left in copy.parent.glob(f"{copy.name}*"):
                left.unlink()


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """The answer as far as it comes, or as far as the agent stays."""
    data = b""
    try:
        while piece := response.read1(most - len(data) if most else 1 << 20):
            data += piece
            if most and len(data) >= most:
                break
    except (http.client.HTTPException, OSError) as error:
        data += error.partial if isinstance(error, http.client.IncompleteRead) else b""
    return data
