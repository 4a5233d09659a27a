"""The proxy of a session, made for the doctor's own questions; it keeps nothing on disk."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from dsfix.config import Settings
from dsfix.environment import Credentials
from dsfix.proxy.thread import Plan, ProxyThread
from dsfix.record.exchange import Exchange
from dsfix.record.log import SessionLog
from dsfix.redact import Redactor


class Through:
    """A running proxy: where it is, its token, and what went through it."""

    def __init__(self, origin: str, token: str, log: SessionLog) -> None:
        self.origin, self.token = origin, token
        self._log = log

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.origin.rpartition(":")[2])

    @property
    def exchanges(self) -> list[Exchange]:
        """What went through it so far, oldest first."""
        return self._log.exchanges


@contextmanager
def through(found: Credentials, settings: Settings, model: str = "") -> Iterator[Through]:
    """A proxy before that upstream, as a session has it. Raises OSError without a free port.

    Small requests are left as they are, as the probes' own are small.
    """
    settings = settings._replace(small_calls=0)
    token = os.urandom(32).hex()
    log = SessionLog(None, Redactor({}), bodies=False)
    names = frozenset({model} - {""})
    plan = Plan(found, token, log, None, models=names, main=model, settings=settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        thread = ProxyThread(plan, listener, lambda: listener.close())
        thread.start()
        try:
            yield Through(f"http://127.0.0.1:{listener.getsockname()[1]}", token, log)
        finally:
            thread.end()
