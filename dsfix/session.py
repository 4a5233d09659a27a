"""One run from start to end: bind, wire, spawn, serve, wait, tear down.

The order is chosen for speed and safety. The listening socket comes first, so the agent's early
connections wait in its backlog while aiohttp is imported in a second thread (170 ms that nobody
waits for); whatever can fail, fails before the agent is started. A proxy that fails later ends
the agent, and never lets it go on against an endpoint that is gone.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dsfix import agents, process
from dsfix.agents.base import Endpoint, Host, Request, Wiring
from dsfix.environment import Credentials, child_environment, credentials
from dsfix.errors import AgentNotExecutable, LaunchError, UsageError
from dsfix.paths import private_dir, state_dir
from dsfix.record.log import SessionLog
from dsfix.redact import Redactor
from dsfix.upstreams.base import Upstream

if TYPE_CHECKING:
    from dsfix.repairs.base import Rules

# Values made on the way to the agent are NamedTuples: making a frozen dataclass costs 0.9 ms
# each, six times as much (python 3.11, 2026-11-21), and nothing is there before they are.
TOKEN_BYTES = 32  # 256 bits
JOIN = 2.0  # seconds for the proxy to end after the agent has
QUIET_SWITCH = 0.0005  # seconds; while aiohttp is imported the main thread must get its turns


class Options(NamedTuple):
    """What the user asked of `dsfix run`."""

    command: tuple[str, ...]
    upstream: str = "deepseek"
    key_env: str = ""
    model: str = ""
    small_model: str = ""
    thinking: str = "agent"
    no_repair: tuple[str, ...] = ()
    keep_env: tuple[str, ...] = ()
    log_bodies: bool = True
    private: bool = False
    allow_plain_http: bool = False
    debug: bool = False


class Outcome(NamedTuple):
    """How a run ended. `failure` says what went wrong with dsfix itself, empty if nothing."""

    exit_code: int
    seconds: float
    agent: str
    upstream: Upstream
    wiring: Wiring
    log: SessionLog
    troubles: tuple[str, ...] = ()
    failure: str = ""
    busy: bool = False


@dataclass(slots=True)
class _Serving:
    """The proxy's thread, as the main thread sees it."""

    run: Callable[[Callable[[Callable[[], None]], None]], None]
    failed: Callable[[], None]
    failure: str = ""
    stop: Callable[[], None] | None = None
    _thread: threading.Thread | None = field(default=None)
    _ready: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        sys.setswitchinterval(QUIET_SWITCH)
        self._thread = threading.Thread(target=self._serve, name="dsfix-proxy", daemon=True)
        self._thread.start()

    def ready(self, stop: Callable[[], None]) -> None:
        """Called on the proxy's thread when it serves."""
        self.stop = stop
        sys.setswitchinterval(0.005)
        self._ready.set()

    def end(self) -> bool:
        """Stop serving; False when the proxy was still being imported, or does not end."""
        if self._thread is None or self.stop is None:
            return False
        self.stop()
        self._thread.join(JOIN)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        try:
            self.run(self.ready)
        except BaseException as error:  # the agent must not go on without its endpoint
            self.failure = f"the proxy failed: {type(error).__name__}: {error}"
            self.failed()


def run(options: Options, environ: Mapping[str, str], cwd: Path) -> Outcome:
    """Launch the agent behind the proxy and wait for it.

    Raises LaunchError or UsageError, before the agent is started, for anything that is missing
    or unusable.
    """
    if not options.command:
        raise UsageError("no agent given", hint="example: dsfix run claude")
    found = credentials(options.upstream, options.key_env, environ, options.allow_plain_http)
    invocation = agents.find(options.command[0], options.command[1:])
    _check_agent(invocation.agent.install, options.command[0], environ)
    _check_repairs(options.no_repair)
    with _listener() as listener:
        port = listener.getsockname()[1]
        token = os.urandom(TOKEN_BYTES).hex()
        endpoint = Endpoint(f"http://127.0.0.1:{port}/{found.upstream.hosts[0]}", token)
        wiring = invocation.agent.wire(
            _request(options, found, endpoint, environ, cwd, invocation.args)
        )
        redactor = Redactor.of(environ, [(found.key, "api-key"), (token, "session-token")])
        state = None if options.private else private_dir(state_dir(environ))
        log = SessionLog(state, redactor, bodies=options.log_bodies)
        log.start(
            {
                "agent": invocation.agent.name,
                "argv": list(invocation.argv(wiring)),
                "cwd": str(cwd),
                "upstream": found.upstream.origin,
                "pid": os.getpid(),
            }
        )
        child_env = child_environment(
            environ, found, wiring, endpoint, log.id, keep=options.keep_env
        )
        launch = process.Launch(invocation.argv(wiring), child_env)
        began = time.monotonic()
        child = process.start(launch)
        proxy = _Proxy(options, found, wiring, token, redactor, state, log, environ)
        serving = _Serving(lambda ready: proxy.serve(listener, ready), child.terminate)
        serving.start()
        code = child.wait()
        seconds = time.monotonic() - began
        ended = serving.end()
    log.close(exit_code=code, seconds=seconds)
    return Outcome(
        code,
        seconds,
        invocation.agent.name,
        found.upstream,
        wiring,
        log,
        tuple(filter(None, (proxy.trouble, log.trouble))),
        serving.failure,
        busy=not ended,
    )


def _request(
    options: Options,
    found: Credentials,
    endpoint: Endpoint,
    environ: Mapping[str, str],
    cwd: Path,
    args: tuple[str, ...],
) -> Request:
    home = Path(environ.get("HOME") or Path.home())
    return Request(
        endpoint,
        found.upstream,
        Host(environ, cwd, home, _text_of),
        args=args,
        model=options.model,
        small_model=options.small_model,
        thinking=options.thinking,
    )


def _text_of(path: Path) -> str | None:
    """The text of a settings file; a missing or unreadable one has none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


@dataclass(slots=True)
class _Proxy:
    """What the proxy's thread does: import the server, open the memory, serve.

    The imports are in here, because nobody but this thread waits for them.
    """

    options: Options
    found: Credentials
    wiring: Wiring
    token: str
    redactor: Redactor
    state: Path | None
    log: SessionLog
    environ: Mapping[str, str]
    trouble: str = ""

    def serve(self, listener: socket.socket, ready: Callable[[Callable[[], None]], None]) -> None:
        """Serve until stopped; whatever it raises ends the session."""
        import asyncio

        from dsfix import repairs
        from dsfix.memory import OriginMemory, Store
        from dsfix.proxy.client import Client
        from dsfix.proxy.forward import Forwarder
        from dsfix.proxy.guard import Guard
        from dsfix.proxy.server import serve, to_file

        upstream = self.found.upstream
        to_file(self.log.debug_file if self.options.debug else None)
        path = self.state / "memory.db" if self.state else None
        store = Store(path, secret=self.redactor.finds)
        store.open()
        forwarder = partial(
            Forwarder,
            upstream,
            guard=Guard(listener.getsockname()[1], self.token, upstream.segments),
            repairs=repairs.without(frozenset(self.options.no_repair)),
            rules=self._rules(),
            memory=OriginMemory(store, self.found.memory_origin),
            journal=self.log,
        )
        client = partial(Client, upstream.origin, self.found.key)
        try:
            asyncio.run(serve(listener, client, forwarder, ready))
        finally:
            store.close()
            self.trouble = store.trouble

    def _rules(self) -> Rules:
        from dsfix.repairs.base import Rules

        options, upstream = self.options, self.found.upstream
        own = {options.model, options.small_model, *self.wiring.models} - {""}
        thinking = options.thinking
        if thinking == "agent" and self.wiring.thinking_off:
            thinking = "off"
        return Rules(
            main=options.model or upstream.main,
            small=options.small_model or upstream.small,
            known=lambda name: name in own or upstream.knows(name),
            thinking=thinking,
            strict=bool(self.environ.get("DSFIX_STRICT")),
        )


def _listener() -> socket.socket:
    """A socket on a free loopback port, listening before anybody is told of it."""
    if importlib.util.find_spec("aiohttp") is None:
        raise LaunchError("aiohttp is not installed", hint="reinstall dsfix with its dependencies")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise LaunchError(
            f"no port can be opened on 127.0.0.1: {error.strerror}",
            hint="is the loopback interface up, and are there free descriptors (ulimit -n)?",
        ) from error
    return listener


def _check_agent(install: str, command: str, environ: Mapping[str, str]) -> None:
    """Find the program now, so that a missing one is told with its install line."""
    try:
        process.executable(command, environ.get("PATH", os.defpath))
    except LaunchError as error:
        if install and not isinstance(error, AgentNotExecutable):
            error.hint = f"install it with: {install}"
        raise


def _check_repairs(names: tuple[str, ...]) -> None:
    if not names:
        return
    from dsfix import repairs

    for name in names:
        if name not in repairs.NAMES:
            raise UsageError(
                f"unknown repair {name!r}", hint=f"expected one of {', '.join(repairs.NAMES)}"
            )
