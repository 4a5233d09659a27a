"""Whom dsfix can launch: one frozen value each, found by the name of the executable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dsfix.agents.aider import AIDER
from dsfix.agents.base import Agent, Wiring
from dsfix.agents.claude import CLAUDE
from dsfix.agents.codex import CODEX
from dsfix.agents.crush import CRUSH
from dsfix.agents.dsh import DSH
from dsfix.agents.foreign import FOREIGN, Foreign
from dsfix.agents.generic import GENERIC
from dsfix.agents.goose import GOOSE
from dsfix.agents.hermes import HERMES
from dsfix.agents.kimi import KIMI
from dsfix.agents.openclaude import CC_HAHA, OPENCLAUDE
from dsfix.agents.opencode import OPENCODE
from dsfix.agents.pi import PI
from dsfix.agents.qwen import QWEN
from dsfix.errors import LaunchError

AGENTS = (
    CLAUDE,
    OPENCODE,
    CODEX,
    QWEN,
    PI,
    KIMI,
    HERMES,
    AIDER,
    CRUSH,
    GOOSE,
    DSH,
    OPENCLAUDE,
    CC_HAHA,
)

# Commands that run the program of a package, fetched or installed. `npx -p` and `uvx --from`
# name the package apart from the command: https://docs.npmjs.com/cli/commands/npx
_RUNNERS = frozenset(
    tuple(line.split())
    for line in """
    npx
    npm exec
    npm x
    bunx
    bun x
    pnpm dlx
    pnpm exec
    pnpx
    yarn dlx
    uvx
    uv tool run
    pipx run
    """.strip().splitlines()
)
_PACKAGE_OPTIONS = frozenset(["-p", "--package", "--from", "--spec"])
_VALUE_OPTIONS = frozenset(
    ["--registry", "--cache", "--loglevel", "-w", "--workspace", "--python", "--with"]
)
# Those whose -p is --python: https://docs.astral.sh/uv/reference/cli/#uv-tool-run
_OF_PYTHON = ("uv", "uvx")
_SHELL_OPTIONS = frozenset(["-c", "--call", "--shell-mode"])
_ENDINGS = (".exe", ".cmd", ".bat", ".ps1")


class Invocation(NamedTuple):
    """A command line taken apart: `words` start the agent, `args` are the agent's own."""

    agent: Agent
    words: tuple[str, ...]
    args: tuple[str, ...]

    @property
    def name(self) -> str:
        """What to call the agent: its entry's name, or the program's for one without an entry."""
        return _program(self.words[0]) if self.agent is GENERIC else self.agent.name

    def argv(self, wiring: Wiring) -> tuple[str, ...]:
        """The command line as it was spelt, with the wiring's words before the agent's own."""
        return (*self.words, *wiring.args, *self.args)


def find(command: str, args: Sequence[str] = ()) -> Invocation:
    """The agent that a command line starts, GENERIC for a program that has no entry.

    Raises LaunchError for one that is known not to work here.
    """
    words = (command, *args)
    named = _by_command(command)
    if named is not None:
        return Invocation(_wired(named), words[:1], words[1:])
    return _through_runner(words) or Invocation(GENERIC, words[:1], words[1:])


def _program(command: str) -> str:
    """The name that a command has on every system: without folder and Windows' ending."""
    name = command.replace("\\", "/").rpartition("/")[2].lower()
    return next((name.removesuffix(end) for end in _ENDINGS if name.endswith(end)), name)


def _wired(known: Agent | Foreign) -> Agent:
    if isinstance(known, Foreign):
        raise LaunchError(f"{known.title} cannot be run here: {known.reason}", hint=known.hint)
    return known


def _by_command(command: str) -> Agent | Foreign | None:
    program = _program(command)
    return next((known for known in (*AGENTS, *FOREIGN) if program in known.commands), None)


def _by_package(spec: str) -> Agent | Foreign | None:
    """The agent of a package, whatever version is asked for: `@scope/name@2.1`."""
    name = spec[:1] + spec[1:].partition("@")[0]
    return next((known for known in (*AGENTS, *FOREIGN) if name in known.packages), None)


def _through_runner(words: tuple[str, ...]) -> Invocation | None:
    """The agent behind `npx`, `bunx`, `pnpm dlx` and their kind, None when there is none."""
    plain = tuple(word for word in (_program(words[0]), *words[1:]) if not word.startswith("-"))
    runner = next((name for name in _RUNNERS if plain[: len(name)] == name), None)
    if runner is None:
        return None
    package, position = "", _after(words, runner)
    while position < len(words) and words[position].startswith("-"):
        name, equals, value = words[position].partition("=")
        if name in _SHELL_OPTIONS:
            return None
        apart = not equals and name in _PACKAGE_OPTIONS | _VALUE_OPTIONS
        if apart:
            value = words[position + 1] if position + 1 < len(words) else ""
        if name in _PACKAGE_OPTIONS and not (name == "-p" and runner[0] in _OF_PYTHON):
            package = value
        position += 2 if apart else 1
    if position >= len(words):
        return None
    known = None if package else _by_package(words[position])
    known = known or _by_command(words[position])
    return _split(known, words, position + 1, npm=runner[0] == "npm")


def _after(words: tuple[str, ...], runner: tuple[str, ...]) -> int:
    """Where the runner's own name ends; `pnpm --silent dlx` is as good as `pnpm dlx`."""
    position = 1
    for part in runner[1:]:
        position = words.index(part, position) + 1
    return position


def _split(
    known: Agent | Foreign | None, words: tuple[str, ...], end: int, *, npm: bool
) -> Invocation | None:
    if known is None:
        return None
    if npm and words[end : end + 1] == ("--",):
        end += 1
    return Invocation(_wired(known), words[:end], words[end:])
