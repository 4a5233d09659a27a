"""The layers that a value may come from, the strongest first, and where each came from.

Flags, variables, `[agents.NAME]`, the rest of `config.toml`, defaults. A layer's list takes the
place of a weaker layer's.

A key goes only where its owner meant it to go. `key_env`, `key_command` and `key_file` count where
the layer they stand in, with those below, names the upstream that is used: `--upstream other` does
not send it the key of the file's own upstream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dsfix.config.kinds import Secret, Unknown
from dsfix.config.registry import REGISTRY, SETTINGS, Setting, Settings
from dsfix.errors import UsageError
from dsfix.redact import Redactor
from dsfix.upstreams.data import DEFAULT as DEFAULT_UPSTREAM

DEFAULT = "default"  # the source of a value that nobody gave
_KEYS = ("key_env", "key_command", "key_file")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Value(NamedTuple):
    """A value, and where it came from: `--FLAG`, a variable's name, or `FILE:LINE`."""

    value: Any
    source: str


Layer = Mapping[str, Value]  # by member


class File(NamedTuple):
    """What `config.toml` says; `agents` by name, `upstreams` as tables by name.

    `places` says on which line the table of each upstream begins.
    """

    path: str = ""
    layer: Layer = _NOTHING
    agents: Mapping[str, Layer] = _NOTHING
    upstreams: Mapping[str, Mapping[str, Any]] = _NOTHING
    places: Mapping[str, str] = _NOTHING


_NO_FILE = File()


class Config(NamedTuple):
    """What holds for a run; a limit of 0, or without words, is none.

    `sources` says of every member that was set where it came from. `by_flag` is whether the
    command line itself names an upstream or a key other than the default. `withheld` says where a
    key stands, or the way to one, that is for another upstream.
    """

    upstream: str = DEFAULT_UPSTREAM
    key_env: str = ""
    key_command: tuple[str, ...] = ()
    key_file: str = ""
    model: str = ""
    small_model: str = ""
    thinking: str = "agent"
    log_bodies: bool = True
    private: bool = False
    keep_env: tuple[str, ...] = ()
    allow_plain_http: bool = False
    quiet: bool = False
    currency: str = "auto"
    budget_cost: str = ""
    budget_tokens: int = 0
    budget_requests: int = 0
    budget_minutes: float = 0.0
    repairs_disable: tuple[str, ...] = ()
    agents_args: tuple[str, ...] = ()
    settings: Settings = Settings()
    upstreams: Mapping[str, Mapping[str, Any]] = _NOTHING
    sources: Mapping[str, str] = _NOTHING
    by_flag: bool = False
    withheld: str = ""

    def of(self, setting: Setting) -> Value:
        """The value of a setting, with its source."""
        place: Any = self.settings if setting in SETTINGS else self
        source = self.sources.get(setting.member, DEFAULT)
        return Value(getattr(place, setting.member), source)


def from_environ(environ: Mapping[str, str]) -> Layer:
    """What variables say. Raises UsageError for a value that a setting does not take."""
    found = {}
    for setting in REGISTRY:
        text = environ.get(setting.variable)
        if text is not None:
            found[setting.member] = Value(_read(setting, text, setting.variable), setting.variable)
    return found


def from_flags(flags: Mapping[str, Any], words: Sequence[str] = ()) -> Layer:
    """What the command line says: options by member, None where not given, and `--set` words.

    Raises UsageError for a name that there is not and a value that it does not take.
    """
    found = {}
    for setting in REGISTRY:
        value = flags.get(setting.member)
        if value is not None:
            found[setting.member] = Value(_read(setting, value, setting.flag), setting.flag)
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"--set {word!r} sets nothing", hint="example: --set images=text")
        setting = _named(name)
        where = f"--set {name}"
        found[setting.member] = Value(_read(setting, text, where), where)
    return found


def resolve(
    flags: Layer = _NOTHING, environ: Layer = _NOTHING, file: File = _NO_FILE, agent: str = ""
) -> Config:
    """One value for every setting: the strongest layer's that has one."""
    own = file.agents.get(agent, _NOTHING)
    layers = (flags, environ, own, file.layer)
    merged: dict[str, Value] = {}
    for layer in reversed(layers):
        merged |= layer
    withheld = ""
    for member in _KEYS:
        merged.pop(member, None)
        for depth, layer in enumerate(layers):
            if member in layer:
                if _upstream(layers[depth:]) == _upstream(layers):
                    merged[member] = layer[member]
                else:
                    withheld = layer[member].source
                break
    if "key_env" in flags:  # that variable or none
        merged.pop("key_command", None)
        merged.pop("key_file", None)
    values = {member: each.value for member, each in merged.items()}
    settings = Settings(**{name: values.pop(name) for name in Settings._fields if name in values})
    return Config(
        **values,
        settings=settings,
        upstreams=file.upstreams,
        sources={**file.places, **{member: each.source for member, each in merged.items()}},
        by_flag="key_env" in flags or _upstream((flags,)) != Config().upstream,
        withheld=withheld,
    )


def refusal(setting: Setting, value: object, where: str, error: ValueError) -> tuple[str, str]:
    """What is said of a value that a setting does not take, and a hint; a key is never shown."""
    if isinstance(error, Secret):
        return stored_key(where)
    if isinstance(error, Unknown):
        message, hint = error.args
        return f"{where}: {message}", hint
    message = f"{where} does not take {Redactor({}).text(repr(value))}"
    if setting.name.startswith("key") or setting.name == "url":
        message = f"{where} does not take this value"
    return message, f"expected {setting.takes}"


def stored_key(where: str) -> tuple[str, str]:
    """What is said where a key stands in place of the way to one, and a hint."""
    return (
        f"{where} holds what looks like a key; a key is never part of the configuration",
        "name the variable that holds it (key_env), a program that prints it (key_command),"
        " or a file of mode 0600 (key_file)",
    )


def nearest(name: str, names: Sequence[str]) -> str:
    """A hint for a name that there is not."""
    import difflib  # only on the way to an error

    wanted = name.replace("-", "_").lower()
    ends = {each: each.rpartition(".")[2] for each in names}
    near = [each for each in names if wanted.rpartition(".")[2] == ends[each]]
    near = near or difflib.get_close_matches(wanted, names, 1)
    near = near or difflib.get_close_matches(wanted, list(ends.values()), 1)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}"


def _read(setting: Setting, value: Any, where: str) -> Any:
    """A value from the command line or a variable: a text, a list of texts, or a switch."""
    if setting.member == "upstream":  # by name or URL; upstreams tells what is wrong with it
        return value
    try:
        return setting.kind.parse(value) if isinstance(value, str) else setting.kind.read(value)
    except ValueError as error:
        message, hint = refusal(setting, value, where, error)
    raise UsageError(message, hint=hint)


def _named(name: str) -> Setting:
    """The setting of `--set`, with or without its table."""
    wanted = name.removeprefix("settings.").replace("_", "-")
    for setting in SETTINGS:
        if setting.name == wanted:
            return setting
    names = [setting.name for setting in SETTINGS]
    raise UsageError(f"there is no setting {name!r}", hint=nearest(name, names))


def _upstream(layers: Sequence[Layer]) -> str:
    """The upstream that these layers name."""
    named = (layer["upstream"].value for layer in layers if "upstream" in layer)
    return next(named, Config().upstream)
