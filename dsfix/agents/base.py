"""What an agent's entry is: a frozen value that says how to wire one program to an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from dsfix.protocol.body import Dialect
from dsfix.upstreams.base import Upstream

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Endpoint(NamedTuple):
    """What the agent receives in place of the upstream: a base URL and the session's token.

    `root` is `http://127.0.0.1:PORT/<upstream host>`: agents sniff URLs, so the upstream's
    host name stays visible in the path (pi keys its DeepSeek quirks on "deepseek.com").
    """

    root: str
    token: str

    @property
    def messages(self) -> str:
        """Base URL for Anthropic clients, which add `/v1/messages`."""
        return f"{self.root}/anthropic"

    @property
    def chat(self) -> str:
        """Base URL for OpenAI clients, which add `/chat/completions` or `/responses`."""
        return self.root


class Host(NamedTuple):
    """What an agent's entry may look at, and nothing else.

    `read` gives the text of a file, or None when it is missing or unreadable.
    """

    environ: Mapping[str, str]
    cwd: Path
    home: Path
    read: Callable[[Path], str | None]


class Request(NamedTuple):
    """All that a wiring is made from.

    `model` and `small_model` are the user's choice made to dsfix (flag or setting), empty
    when there is none; `args` are the words after the agent's name.
    """

    endpoint: Endpoint
    upstream: Upstream
    host: Host
    args: tuple[str, ...] = ()
    model: str = ""
    small_model: str = ""
    thinking: str = "agent"


class Wiring(NamedTuple):
    """How the agent's process differs from the one the user would have started.

    `env` is set, `unset` is removed, `args` stand before the user's own. `models` are names
    that the agent may send and that the upstream knows under that name. `thinking_off` is
    true when the agent's own switch turns thinking off. `bypass` names settings found that
    could send traffic past the endpoint, for the summary's hint; `notes` are remarks on
    settings that are left as they are.
    """

    env: Mapping[str, str] = _NOTHING
    unset: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    thinking_off: bool = False
    bypass: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Agent(NamedTuple):
    """A coding program that dsfix can launch.

    `commands` are the names of its executable, `packages` its registry names (for `npx NAME`),
    `verified` the version it was run with here, or the oldest and the newest as `1.0.1 to 1.2.0`;
    it is empty when the entry is from its sources.
    `reexecutes`: it works in a child of its own to which it passes no signal on.
    """

    name: str
    title: str
    commands: tuple[str, ...]
    wire: Callable[[Request], Wiring]
    dialects: tuple[Dialect, ...] = ()
    packages: tuple[str, ...] = ()
    install: str = ""
    homepage: str = ""
    verified: str = ""
    reexecutes: bool = False
