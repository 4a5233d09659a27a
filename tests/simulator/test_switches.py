"""Switches by name: what is read from the members of `Policy` and `Options`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from dsfix.errors import ExitCode, UsageError
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Policy
from dsfix.simulator.switches import set_switches, switches


def test_every_member_is_a_switch() -> None:
    """Nothing of the server can be set in code only."""
    members = {member.name for kind in (Policy, Options) for member in fields(kind)}
    assert {switch.member for switch in switches()} == members - {"policy"}


def test_meanings() -> None:
    """Every switch says what it means, in one line that ends in no full stop."""
    for switch in switches():
        assert switch.means
        assert "\n" not in switch.means
        assert not switch.means.endswith(".")


@pytest.mark.parametrize(
    ("word", "member", "value"),
    [
        ("pass-back=strict", "pass_back", "strict"),
        ("pass_back=open-loop", "pass_back", "open-loop"),
        ("restore", "restore", True),
        ("system-role=off", "system_role", False),
        ("context=1", "context", 1),
        ("keys=sk-a,sk-b", "keys", frozenset({"sk-a", "sk-b"})),
        ("forbidden=a = b", "forbidden", "a = b"),
    ],
)
def test_of_the_rules(word: str, member: str, value: Any) -> None:
    """A switch of the rules is set in the policy."""
    assert getattr(set_switches([word], Options()).policy, member) == value


@pytest.mark.parametrize(
    ("word", "member", "value"),
    [
        ("fail=429,0,503", "fail", (429, 0, 503)),
        ("fail=", "fail", ()),
        ("slow-start=0.5", "slow_start", 0.5),
        ("seed=7", "seed", 7),
        ("gzip=yes", "gzip", True),
        ("cut=end", "cut", "end"),
        ("serve-as=", "serve_as", ""),
    ],
)
def test_of_the_server(word: str, member: str, value: Any) -> None:
    """A switch of the server is set in the options, and the last word counts."""
    assert getattr(set_switches(["gzip", word], Options()), member) == value


@pytest.mark.parametrize(
    "word",
    [
        *("nothing=1", "policy=x", "", "=1", "pass-back", "pass-back=none", "restore=maybe"),
        *("context=0", "context=-1", "context=x", "cut-request=0", "chunk=1.5", "delay=nan"),
        *("delay=inf", "delay=-1", "fail=200", "fail=x", "fail=1000"),
    ],
)
def test_what_does_not_fit(word: str) -> None:
    """A name or value that does not fit is an error that names it."""
    with pytest.raises(UsageError) as caught:
        set_switches([word], Options())
    assert caught.value.exit_code == ExitCode.USAGE
    assert word.partition("=")[0] in caught.value.message
    assert caught.value.hint == "dsfix simulate --list-switches"


def test_defaults() -> None:
    """Without switches the server is the strict one."""
    assert set_switches([], Options()) == Options(policy=Policy(pass_back="strict-all"))
    shown = {switch.name: switch.shown for switch in switches()}
    assert (shown["blank"], shown["restore"], shown["fail"]) == ("refuse", "off", "")


@pytest.mark.parametrize("switch", switches(), ids=lambda switch: switch.name)
def test_defaults_can_be_given(switch: Any) -> None:
    """What is shown as a default is a value that can be given."""
    if switch.shown or switch.values == "TEXT":
        given = set_switches([f"{switch.name}={switch.shown}"], Options())
        assert given == Options()
