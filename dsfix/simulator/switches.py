"""The switches of the simulator by name, as the command line takes them: `pass-back=strict`.

They are the members of `Policy` and `Options`; names, values and meanings are read from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dsfix.errors import UsageError
from dsfix.simulator.options import Options
from dsfix.simulator.rules.base import Policy

_TRUTH: Mapping[str, bool] = {"on": True, "yes": True, "true": True} | {
    "off": False,
    "no": False,
    "false": False,
}


@dataclass(frozen=True, slots=True)
class Switch:
    """A member of `Policy` or `Options` under the name that users give."""

    name: str
    kind: Any
    default: Any
    means: str
    least: int
    of_policy: bool

    @property
    def member(self) -> str:
        """The name of the member."""
        return self.name.replace("-", "_")

    @property
    def values(self) -> str:
        """What can be given."""
        if get_origin(self.kind) is Literal:
            return "|".join(get_args(self.kind))
        if self.kind == tuple[int, ...]:
            return "STATUS,.."
        return {bool: "on|off", float: "SECONDS", str: "TEXT", frozenset[str]: "TEXT,.."}.get(
            self.kind, "NUMBER"
        )

    @property
    def shown(self) -> str:
        """The default as one would give it."""
        if isinstance(self.default, bool):
            return "on" if self.default else "off"
        return str(self.default) if self.default not in (None, "", (), frozenset()) else ""


def switches() -> tuple[Switch, ...]:
    """All switches, those of the rules first."""
    return (*_of(Policy, True), *_of(Options, False))


def set_switches(words: Iterable[str], base: Options) -> Options:
    """The options with what words like `pass-back=strict` change."""
    known = {switch.name: switch for switch in switches()}
    for word in words:
        name, given, text = word.partition("=")
        switch = known.get(name.replace("_", "-"))
        if switch is None:
            raise UsageError(f"no switch {name!r}", hint="dsfix simulate --list-switches")
        value = _value(switch, text if given else "on")
        if switch.of_policy:
            policy: Policy = replace(base.policy, **{switch.member: value})
            base = replace(base, policy=policy)
        else:
            base = replace(base, **{switch.member: value})
    return base


def _of(kind: type[Policy] | type[Options], of_policy: bool) -> Iterable[Switch]:
    hints = get_type_hints(kind)
    for member in fields(kind):
        if "means" in member.metadata:
            yield Switch(
                member.name.replace("_", "-"),
                hints[member.name],
                member.default,
                member.metadata["means"],
                member.metadata["least"],
                of_policy,
            )


def _value(switch: Switch, text: str) -> Any:
    try:
        return _read(switch, text)
    except (ValueError, KeyError):
        raise UsageError(
            f"switch {switch.name}: {text!r} is not {switch.values}",
            hint="dsfix simulate --list-switches",
        ) from None


def _read(switch: Switch, text: str) -> Any:
    if get_origin(switch.kind) is Literal:
        return dict(zip(get_args(switch.kind), get_args(switch.kind), strict=True))[text]
    if switch.kind is bool:
        return _TRUTH[text]
    if switch.kind is str:
        return text
    if switch.kind == frozenset[str]:
        return frozenset(filter(None, text.split(",")))
    if switch.kind == tuple[int, ...]:
        return tuple(_status(part) for part in text.split(",") if part)
    return _number(float if switch.kind is float else int, text, switch.least)


def _number(kind: Callable[[str], Any], text: str, least: int) -> Any:
    number = kind(text)
    if not least <= number < float("inf"):
        raise ValueError(text)
    return number


def _status(text: str) -> int:
    status = int(text)
    if status and not 400 <= status <= 599:
        raise ValueError(text)
    return status
