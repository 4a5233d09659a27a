"""One run from start to end: bind, wire, spawn, serve, wait, tear down.

The listening socket comes first, so the agent's early connections wait in its backlog while the
proxy is imported in a second thread; whatever can fail, fails before the agent is started. A
proxy that fails later ends the agent, and never lets it go on against an endpoint that is gone.

Values made on the way to the agent are NamedTuples: making a frozen dataclass costs 0.9 ms each,
six times as much (python 3.11, 2026-11-21), and the agent waits for all of them.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dsfix import agents, process
from dsfix.agents.base import Endpoint, Host, Request, Wiring
from dsfix.config import Config, Settings
from dsfix.environment import Credentials, child_environment, credentials
from dsfix.errors import AgentNotExecutable, LaunchError, UsageError
from dsfix.paths import home_dir, private_state, state_dir, text_of
from dsfix.proxy.thread import Plan, ProxyThread
from dsfix.record.checkout import checkout
from dsfix.record.limits import UNLIMITED, Limits
from dsfix.record.log import SessionLog
from dsfix.redact import Redactor
from dsfix.upstreams.base import Upstream

if TYPE_CHECKING:
    from dsfix.proxy.budget import Budget

TOKEN_BYTES = 32  # 256 bits
# Descriptors for the agent's start, the proxy's loop, memory, record, and one exchange. With fewer
# nobody is told anything: asyncio takes no connection, and tries again each second (CPython 3.11,
# asyncio/selector_events.py, `_accept_connection`).
NEEDED = 16
# Either names a collector of traces (`telemetry.collector`).
COLLECTORS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Options(NamedTuple):
    """What the user asked of `dsfix run`."""

    command: tuple[str, ...]
    config: Config = Config()
    debug: bool = False
    limits: Limits = UNLIMITED
    otlp: str = ""


class Outcome(NamedTuple):
    """How a run ended.

    `duration` is in seconds. `failure` says what went wrong with dsfix itself, empty if nothing
    did. `busy` is true while a thread is still importing, or waiting for the disk.
    """

    agent: str
    upstream: Upstream
    wiring: Wiring
    log: SessionLog
    exit_code: int
    duration: float
    troubles: tuple[str, ...]
    failure: str = ""
    busy: bool = False


def run(options: Options, environ: Mapping[str, str], cwd: Path) -> Outcome:
    """Launch the agent behind the proxy and wait for it.

    Raises LaunchError or UsageError, before the agent is started, for anything that is missing
    or unusable.
    """
    if not options.command:
        raise UsageError("no agent given", hint="example: dsfix run claude")
    if not environ.get("DSFIX_DEBUG"):
        process.shut()
    found = credentials(options.config, environ)
    invocation = _invocation(options)
    _check_agent(invocation.agent.install, options.command[0], environ)
    state = None if options.config.private else private_state(state_dir(environ))
    _check_room()
    with _listener() as listener:
        token = os.urandom(TOKEN_BYTES).hex()
        root = f"http://127.0.0.1:{listener.getsockname()[1]}/{found.upstream.hosts[0]}"
        endpoint = Endpoint(root, token)
        wiring = invocation.agent.wire(
            _request(options, found.upstream, endpoint, environ, cwd, invocation.args)
        )
        redactor = Redactor.of(environ, [(found.key, "api-key"), (token, "session-token")])
        log = SessionLog(state, redactor, bodies=options.config.log_bodies)
        budget = _budget(options, found.upstream, log)
        env = child_environment(
            environ, found, wiring, endpoint, log.id, keep=options.config.keep_env
        )
        launch = process.Launch(invocation.argv(wiring), env, invocation.agent.reexecutes)
        facts = {"agent": invocation.name, **checkout(cwd)}
        _trace(options, environ, found.upstream, log, facts)
        log.start(
            {
                **facts,
                "argv": list(launch.argv),
                "cwd": str(cwd),
                "upstream": found.upstream.origin,
                "vendor": found.upstream.vendor,
                **({"budget": options.limits.as_dict()} if options.limits else {}),
            }
        )
        plan = _plan(options, found, wiring, token, log, state)
        return _launched(
            plan._replace(strict=bool(environ.get("DSFIX_STRICT")), budget=budget),
            launch,
            wiring,
            invocation.name,
            listener,
        )


def _trace(
    options: Options,
    environ: Mapping[str, str],
    upstream: Upstream,
    log: SessionLog,
    facts: Mapping[str, object],
) -> None:
    """Send traces where the user named a collector; a private run only by the option."""
    named = any(map(environ.get, COLLECTORS)) and not options.config.private
    if not (options.otlp or named):
        return
    from dsfix.telemetry import Told, Traces, collector

    if found := collector(options.otlp, environ):
        told = Told(log.id, log.began_at, upstream.origin, facts)
        log.mirror = Traces(found, told, log.redactor)


def _budget(options: Options, upstream: Upstream, log: SessionLog) -> Budget | None:
    """What enforces the limits that were given; None, and nothing imported, without any."""
    if not options.limits:
        return None
    from dsfix.proxy.budget import budget_of

    main = options.config.model or upstream.main
    small = options.config.small_model or upstream.small
    source = options.config.sources.get("budget_cost", "--max-cost")
    return budget_of(options.limits, upstream, (main, small), log, source)


def _launched(
    plan: Plan, launch: process.Launch, wiring: Wiring, agent: str, listener: socket.socket
) -> Outcome:
    """Spawn, serve, wait, and bring everything to its end."""
    began = time.monotonic()
    try:
        child = process.start(launch)
    except LaunchError as error:
        plan.log.close(error.exit_code, 0.0)
        raise
    process.stretch()
    proxy = ProxyThread(plan, listener, child.terminate)
    proxy.start()
    code = child.wait(deaf=True)
    duration = time.monotonic() - began
    proxy.end()
    plan.log.close(code, duration)
    return Outcome(
        agent,
        plan.found.upstream,
        wiring,
        plan.log,
        code,
        duration,
        tuple(filter(None, (proxy.trouble, plan.log.trouble))),
        failure=proxy.failure,
        busy=threading.active_count() > 1,
    )


def _plan(
    options: Options,
    found: Credentials,
    wiring: Wiring,
    token: str,
    log: SessionLog,
    state: Path | None,
) -> Plan:
    thinking = options.config.thinking
    if thinking == "agent" and wiring.thinking_off:
        thinking = "off"
    return Plan(
        found,
        token,
        log,
        state,
        models=frozenset({options.config.model, options.config.small_model, *wiring.models} - {""}),
        main=options.config.model,
        small=options.config.small_model,
        thinking=thinking,
        no_repair=options.config.repairs_disable,
        debug=log.debug_file if options.debug else None,
        settings=_settings(options.config, found.upstream),
    )


def _settings(config: Config, upstream: Upstream) -> Settings:
    """What the user chose; for the rest, what holds at that upstream."""
    own = {name: each for name, each in upstream.settings.items() if name not in config.sources}
    return config.settings._replace(**own)


def _request(
    options: Options,
    upstream: Upstream,
    endpoint: Endpoint,
    environ: Mapping[str, str],
    cwd: Path,
    args: tuple[str, ...],
) -> Request:
    return Request(
        endpoint,
        upstream,
        Host(environ, cwd, home_dir(environ), text_of),
        args=args,
        model=options.config.model,
        small_model=options.config.small_model,
        thinking=options.config.thinking,
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
        # A port can be had without a way to it. This sends nothing; a sandbox may forbid it.
        with suppress(PermissionError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
            way.connect(listener.getsockname())
    except OSError as error:
        listener.close()
        raise LaunchError(
            f"no port can be opened on 127.0.0.1: {error.strerror}",
            hint="is the loopback interface up, and are there free descriptors (ulimit -n)?",
        ) from error
    return listener


def _check_room() -> None:
    """Raise LaunchError where a session would run out of descriptors at once."""
    held: list[int] = []
    try:
        while len(held) < NEEDED:
            held += os.pipe()
    except OSError as error:
        raise LaunchError(
            f"a session needs {NEEDED} free descriptors: {error.strerror}",
            hint="raise the limit, for example: ulimit -n 1024",
        ) from error
    finally:
        for each in held:
            os.close(each)


def _invocation(options: Options) -> agents.Invocation:
    """The agent's command line, with the user's permanent arguments before those of this run."""
    found = agents.find(options.command[0], options.command[1:])
    return found._replace(args=(*options.config.agents_args, *found.args))


def _check_agent(install: str, command: str, environ: Mapping[str, str]) -> None:
    """Find the program now, so that a missing one is told with its install line."""
    try:
        process.executable(command, environ.get("PATH", os.defpath))
    except LaunchError as error:
        if install and not isinstance(error, AgentNotExecutable):
            error.hint = f"install it with: {install}"
        raise
