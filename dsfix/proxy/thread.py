"""The proxy's thread: imports the server, opens memory and record, serves until told to stop.

It starts when the agent has been spawned, and everything heavy is imported in here, because
nobody but this thread waits for it: the agent's first connection comes 300 ms after its start
and waits in the listener's backlog (a first request after 0.4 s is answered in 6 to 12 ms).
"""

from __future__ import annotations

import gc
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dsfix.config import Settings
from dsfix.environment import Credentials

if TYPE_CHECKING:
    from dsfix.proxy.budget import Budget
    from dsfix.record.log import SessionLog
    from dsfix.repairs.base import Rules

END = 3.0  # seconds for the proxy to end after the agent has
# Seconds after which a busy thread lets another run: the loop must get its turn while record and
# memory are written, and the main thread while this one imports. Python's own 5 ms would be
# added to events; switching this often costs nothing that could be measured.
SWITCH = 0.0002


class Plan(NamedTuple):
    """What the proxy of a session is made from.

    `state` is where memory lives, None when nothing is kept on disk; `models` are names that
    the upstream knows by the user's word.
    """

    found: Credentials
    token: str
    log: SessionLog
    state: Path | None
    models: frozenset[str] = frozenset()
    main: str = ""
    small: str = ""
    thinking: str = "agent"
    no_repair: tuple[str, ...] = ()
    strict: bool = False
    debug: Path | None = None
    settings: Settings = Settings()
    budget: Budget | None = None


class ProxyThread:
    """The proxy as the main thread sees it. `failed` is called when it cannot go on."""

    def __init__(self, plan: Plan, listener: socket.socket, failed: Callable[[], None]) -> None:
        self.failure = ""
        self.trouble = ""
        self._plan, self._listener, self._failed = plan, listener, failed
        self._stop: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="dsfix-proxy", daemon=True)

    def start(self) -> None:
        """Start importing and serving."""
        sys.setswitchinterval(SWITCH)
        try:
            self._thread.start()
        except RuntimeError as error:  # there are as many as the system allows
            self._fail(error)

    def end(self) -> None:
        """Stop serving, once the agent has ended.

        An agent that ends within a moment is not made to wait for imports.
        """
        if self._stop is None:
            return
        with suppress(RuntimeError):  # the proxy has ended by itself, and its loop with it
            self._stop()
        self._thread.join(END)

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """The agent must not go on without its endpoint."""
        self.failure = f"the proxy failed: {type(error).__name__}: {error}"
        self._failed()

    def _serve(self) -> None:
        import asyncio
        import os

        # The agent has it already. aiohttp would make the file, and fail where it cannot.
        os.environ.pop("SSLKEYLOGFILE", None)

        from dsfix import repairs
        from dsfix.memory import DAY, OriginMemory, Store
        from dsfix.proxy.client import Client
        from dsfix.proxy.forward import Forwarder
        from dsfix.proxy.garbage import FEW
        from dsfix.proxy.guard import Guard
        from dsfix.proxy.heap import keep
        from dsfix.proxy.server import Loop, serve, to_file

        plan, upstream = self._plan, self._plan.found.upstream
        unwritten = to_file(plan.debug, plan.log.redactor.text)
        path = plan.state / "memory.db" if plan.state else None
        age = plan.settings.memory_age * DAY
        first = plan.log.foreground
        store = Store(path, secret=plan.log.redactor.finds, max_age=age, foreground=first)
        forwarder = partial(
            Forwarder,
            upstream,
            guard=Guard(self._listener.getsockname()[1], plan.token, upstream.segments),
            repairs=repairs.without(upstream.off.union(plan.no_repair), signs=upstream.signs),
            rules=self._rules(),
            memory=OriginMemory(store, plan.found.memory_origin),
            journal=plan.log,
            foreground=first,
            retries=plan.settings.retries,
            budget=plan.budget,
        )
        client = partial(Client, upstream.origin, plan.found.key, key_header=upstream.key_header)
        store.open()
        gc.set_threshold(*FEW)
        keep()
        try:
            with asyncio.Runner(loop_factory=Loop) as runner:
                runner.run(serve(self._listener, client, forwarder, self._ready))
        finally:
            store.close()
            self.trouble = store.trouble or unwritten

    def _ready(self, stop: Callable[[], None]) -> None:
        gc.freeze()  # what is there now is no garbage, and need not be looked at
        self._stop = stop

    def _rules(self) -> Rules:
        from dsfix.repairs.base import Rules, Stand

        plan, upstream = self._plan, self._plan.found.upstream
        wanted = plan.settings
        likely = upstream.model(upstream.main)
        return Rules(
            main=plan.main or upstream.main,
            small=plan.small or upstream.small,
            limits=lambda name: upstream.model(name) or (likely if name in plan.models else None),
            thinking=plan.thinking,
            tool_choice=wanted.tool_choice,
            small_calls=wanted.small_calls,
            images=wanted.images,
            efforts=upstream.efforts,
            effort_alone=upstream.effort_alone,
            server_tools=upstream.server_tools,
            placeholder=Stand(
                wanted.placeholder_mode, wanted.placeholder_text, wanted.placeholder_field
            ),
            strict=plan.strict,
        )
