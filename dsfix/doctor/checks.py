"""The checks of this machine: each looks at one thing that a run would meet."""

from __future__ import annotations

import os
import re
import shlex
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # not in typeshed

from dsfix import process
from dsfix.agents.base import Agent, Endpoint, Host, Request
from dsfix.doctor.finding import Finding, Level
from dsfix.doctor.machine import Machine
from dsfix.environment import ENDPOINT, NO_KEY, SESSION, TOKEN, Credentials
from dsfix.errors import AgentNotFound, LaunchError, NoKey
from dsfix.paths import state_dir
from dsfix.redact import SHORTEST
from dsfix.upstreams import is_excepted, is_loopback
from dsfix.upstreams.base import Upstream

# Nothing of this was written before: a clock that says so is wrong.
_WRITTEN = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")
NAMES = ("agent", "api-key", "settings", "leaks", "proxy", "state", "clock", "nested", "guard")


class Subject(NamedTuple):
    """What is checked: the agents, the upstream, and its key or why there is none."""

    agents: tuple[Agent, ...]
    upstream: Upstream
    found: Credentials | LaunchError
    asked: bool

    @property
    def key(self) -> str:
        """The key, empty where there is none."""
        return "" if isinstance(self.found, LaunchError) else self.found.key


def agents(subject: Subject, machine: Machine) -> Iterator[Finding]:
    """Is the agent installed, and near the version that dsfix was run with?

    The last number does not count: agents raise it daily.
    """
    missing = []
    for agent in subject.agents:
        try:
            program = _program(agent, machine.environ.get("PATH", ""))
        except LaunchError as error:
            yield _row("agent", Level.ACT, "not-executable", error.message, error.hint)
            continue
        if program:
            yield _version(agent, machine.run((program, "--version")))
        else:
            missing.append(agent)
    if missing and (subject.asked or len(missing) == len(subject.agents)):
        names = ", ".join(agent.title for agent in missing)
        level = Level.ACT if subject.asked else Level.WARN
        do = f"Install it with: {missing[0].install}" if subject.asked else "Install one of them."
        yield _row("agent", level, "not-installed", f"Not found on PATH: {names}.", do)


def _program(agent: Agent, path: str) -> str:
    """The agent's file under the first of its names that is there; empty where none is."""
    for command in agent.commands:
        with suppress(AgentNotFound):
            return process.executable(command, path)
    return ""


def _version(agent: Agent, printed: str | None) -> Finding:
    found = _VERSION.search(printed or "")
    if found is None:
        means = f"{agent.title} does not tell its version."
        return _row("agent", Level.WARN, "untold", means, f"Run {agent.commands[0]} --version.")
    if not agent.verified:
        means = f"{agent.title} {found[0]}; dsfix was never run with it, its entry is from sources."
        return _row("agent", Level.WARN, "never-run", means, "Try it with a short task first.")
    known = [_minor(each) for each in _VERSION.findall(agent.verified)]
    if known[0] <= _minor(found[0]) <= known[-1]:
        return _row("agent", Level.GOOD, "known-good", f"{agent.title} {found[0]}.")
    means = f"{agent.title} {found[0]}; dsfix was run with {agent.verified}."
    return _row("agent", Level.WARN, "other-version", means, "If it fails, install that version.")


def _minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def key(subject: Subject, machine: Machine) -> Iterator[Finding]:
    """Is there a key, and can it be one?"""
    if isinstance(subject.found, LaunchError):
        word = "missing" if isinstance(subject.found, NoKey) else "unusable"
        means = f"{subject.found.message[:1].upper()}{subject.found.message[1:]}."
        yield _row("api-key", Level.ACT, word, means, subject.found.hint)
    elif subject.found.key == NO_KEY:
        means = f"{subject.found.key_env} is not set, and {subject.upstream.title} can do without."
        yield _row("api-key", Level.GOOD, "not-needed", means)
    else:
        yield _row("api-key", Level.GOOD, "present", f"It is in {subject.found.key_env}.")


def settings(subject: Subject, machine: Machine) -> Iterator[Finding]:
    """Do settings of the user or the project lead past the endpoint?"""
    read: dict[Path, str | None] = {}

    def reading(path: Path) -> str | None:
        read[path] = machine.read(path)
        return read[path]

    host = Host(machine.environ, machine.cwd, machine.home, reading)
    endpoint = Endpoint(f"http://127.0.0.1:9/{subject.upstream.hosts[0]}", "token")
    bypass: list[str] = []
    for agent in subject.agents:
        wiring = agent.wire(Request(endpoint, subject.upstream, host))
        bypass += wiring.bypass
    for hint in dict.fromkeys(bypass):
        do = "Take the setting out if the run's summary says that there were no requests."
        yield _row("settings", Level.WARN, "override", f"May lead past dsfix: {hint}.", do)
    if not bypass:
        yield _row("settings", Level.GOOD, "clear", "No setting leads past dsfix.")
    yield from leaks(subject.key, read)


def leaks(key: str, read: dict[Path, str | None]) -> Iterator[Finding]:
    """Do they hold the key? Of variables it is taken out.

    A key of a few letters is no secret, and would be found inside other words.
    """
    secret = len(key) >= SHORTEST
    places = [str(path) for path, text in read.items() if secret and key in (text or "")]
    for place in places:
        means = f"The key stands in {place}: the agent can read it."
        yield _row("leaks", Level.WARN, "key", means, "Keep it in its own variable only.")
    if not places:
        yield _row("leaks", Level.GOOD, "none", "The agent finds no key.")


def proxy(subject: Subject, machine: Machine) -> Iterator[Finding]:
    """Which way to the upstream do the proxy variables take?"""
    url = urlsplit(subject.upstream.origin)
    proxies = _proxies(machine)
    way = proxies.get(url.scheme) or proxies.get("all") or ""
    host = url.hostname or ""
    where = f"{host}:{url.port or {'http': 80}.get(url.scheme, 443)}"
    excepted = proxy_bypass_environment(where, proxies) or is_excepted(host, proxies.get("no", ""))
    if not way or is_loopback(host) or excepted:
        yield _row("proxy", Level.GOOD, "direct", "The upstream is reached directly.")
        return
    try:
        shown = urlsplit(way if "://" in way else f"http://{way}")
        named = bool(shown.hostname) and shown.port != 0
    except ValueError:
        named = False
    if not named:
        means = "A proxy is set, and what is set is no address."
        yield _row("proxy", Level.ACT, "no-address", means, "Set HTTPS_PROXY to http://HOST:PORT.")
        return
    if shown.scheme != "http":
        means = f"A {shown.scheme} proxy is set, and dsfix knows http:// proxies only."
        yield _row("proxy", Level.ACT, "unsupported", means, "Set HTTPS_PROXY to an http:// proxy.")
        return
    means = f"The upstream is reached through {shown.hostname}."
    yield _row("proxy", Level.GOOD, "proxied", means)


def _proxies(machine: Machine) -> dict[str, str]:
    """The proxies by scheme, and the exceptions under `no`; lower-case names win."""
    named = sorted(machine.environ.items(), key=lambda item: item[0].islower())
    return {name.lower()[:-6]: value for name, value in named if name.lower().endswith("_proxy")}


def state(subject: Subject, machine: Machine) -> Iterator[Finding]:
    """Can records and memory be kept, and can nobody else read them?"""
    try:
        folder = state_dir(machine.environ)
        if not folder.exists():
            yield _new(folder)
            return
        usable = folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)
        open_to_others = [path for path in _private(folder) if _mode(path) & 0o077]
    except (OSError, LaunchError) as error:
        yield _row("state", Level.ACT, "unusable", f"{error}.", _OTHER_STATE)
        return
    if not usable:
        yield _row("state", Level.ACT, "unusable", f"{folder} cannot be written.", _OTHER_STATE)
    elif open_to_others:
        means = f"Others can read {open_to_others[0]}."
        do = f"chmod -R go= {shlex.quote(str(folder))}"
        yield _row("state", Level.WARN, "open", means, do)
    else:
        yield _row("state", Level.GOOD, "private", f"{folder} is readable by you only.")


def _new(folder: Path) -> Finding:
    """Whether a folder that is not there yet can be made."""
    above = next(each for each in folder.absolute().parents if each.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return _row("state", Level.GOOD, "new", f"{folder} is made by the first run.")
    return _row("state", Level.ACT, "unusable", f"{folder} cannot be made.", _OTHER_STATE)


_OTHER_STATE = "Set DSFIX_STATE_DIR to a folder of your own, or use run --private."


def _private(folder: Path) -> Iterator[Path]:
    yield folder
    if os.access(folder, os.R_OK | os.X_OK):
        yield from folder.glob("memory.db*")
        yield from folder.glob("sessions/*/*/*/*")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def clock(subject: Subject, machine: Machine) -> Iterator[Finding]:
    """Is the time possible? Certificates are refused where it is not."""
    now = machine.now()
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    if now < _WRITTEN:
        yield _row("clock", Level.ACT, "behind", f"It says {shown}, which is past.", "Set it.")
    else:
        yield _row("clock", Level.GOOD, "possible", f"It says {shown}.")


def nested(subject: Subject, machine: Machine) -> Iterator[Finding]:
    """Are we inside another session?"""
    environ = machine.environ
    if not all(environ.get(name) for name in (SESSION, ENDPOINT, TOKEN)):
        yield _row("nested", Level.GOOD, "no", "This is no session of dsfix.")
    elif not isinstance(subject.found, LaunchError) and subject.found.nested:
        means = f"Inside session {environ[SESSION]}: a run here goes through it."
        do = "Raw results are those of that session; ask outside of it."
        yield _row("nested", Level.WARN, "inside", means, do)
    else:
        means = f"The session {environ[SESSION]} is not used: it has ended, or is not asked for."
        yield _row("nested", Level.GOOD, "ended", means)


def _row(name: str, level: Level, word: str, means: str, do: str = "") -> Finding:
    return Finding(name, "machine", level, word, means, do)


CHECKS = {
    "agent": agents,
    "api-key": key,
    "settings": settings,
    "proxy": proxy,
    "state": state,
    "clock": clock,
    "nested": nested,
}
