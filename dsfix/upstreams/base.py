"""What an upstream is: a vendor's endpoints, models and rules, read from a dated data file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dsfix.errors import UsageError

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class TableError(UsageError):
    """A table of an upstream says what nobody understands; `at` is the dotted name in it."""

    def __init__(self, message: str, *, hint: str, at: str) -> None:
        super().__init__(message, hint=hint)
        self.at = at


class Model(NamedTuple):
    """One model of an upstream; sizes in tokens.

    `vision` is whether it sees images, `thinking` whether it can reason before it answers.
    """

    id: str
    context: int
    output: int
    vision: bool = False
    thinking: bool = True


class Upstream(NamedTuple):
    """A model API to forward to.

    `origin` is scheme, host and port; `paths` maps a dialect, or `models`, `balance` and
    `count_tokens`, to the path at that origin. `hosts` are all host names under which users
    write this vendor in their agents' settings. `vendor` names the data file the rules come
    from and `name` is what the user typed. `main` and `small` are the models used when the agent
    names none that the upstream knows. `expect` says in what word each of the doctor's probes ends
    there. `key_header` is where the key goes, `key_optional` whether it answers without one, and
    `signs` is whether the upstream signs its own thinking and takes no other. `off` are repairs
    that are left out there, and `settings` what holds, by member of Settings, where the user chose
    nothing. `efforts` says by each word for an effort what is sent for it; if there are any, no
    other is. `effort_alone` is whether Chat refuses an effort beside `thinking`. `server_tools` are
    the tools that the upstream runs itself, by how their types begin, for each dialect.
    """

    name: str
    vendor: str
    title: str
    origin: str
    paths: Mapping[str, str]
    key_env: str
    hosts: tuple[str, ...]
    models: tuple[Model, ...]
    main: str
    small: str
    aliases: Mapping[str, str] = _NOTHING
    agent_env: Mapping[str, Mapping[str, str]] = _NOTHING
    expect: Mapping[str, str] = _NOTHING
    key_header: str = "Authorization"
    key_optional: bool = False
    signs: bool = False
    off: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = _NOTHING
    efforts: Mapping[str, str] = _NOTHING
    effort_alone: bool = False
    server_tools: Mapping[str, Sequence[str]] = _NOTHING

    @property
    def host(self) -> str:
        """Host name (and port, where one is named) of the origin."""
        return self.origin.partition("://")[2]

    @property
    def segments(self) -> frozenset[str]:
        """The names that may stand in a request's path before the end that tells its dialect."""
        own = {part for path in self.paths.values() for part in path.split("/") if part}
        return frozenset({*self.hosts, "anthropic", "v1", "beta"} | own)

    def model(self, name: str) -> Model | None:
        """The model that the upstream serves under exactly this name."""
        wanted = self.aliases.get(name, name)
        return next((known for known in self.models if known.id == wanted), None)

    def knows(self, name: str) -> bool:
        """Whether the upstream serves a model under exactly this name."""
        return self.model(name) is not None
