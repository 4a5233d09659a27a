"""What every agent's environment needs."""

from __future__ import annotations

import pytest

from dsfix.agents.environ import direct, option, switched_on

LOOPBACK = "127.0.0.1,localhost"


@pytest.mark.parametrize(
    ("environ", "upper", "lower"),
    [
        ({}, LOOPBACK, LOOPBACK),
        ({"NO_PROXY": "corp.example"}, f"corp.example,{LOOPBACK}", f"corp.example,{LOOPBACK}"),
        ({"no_proxy": "corp.example"}, f"corp.example,{LOOPBACK}", f"corp.example,{LOOPBACK}"),
        ({"NO_PROXY": "a", "no_proxy": "b"}, f"a,{LOOPBACK}", f"b,{LOOPBACK}"),
        ({"NO_PROXY": "localhost, 127.0.0.1"}, "localhost,127.0.0.1", "localhost,127.0.0.1"),
        ({"NO_PROXY": "*"}, "*", "*"),
        ({"NO_PROXY": " ,"}, LOOPBACK, LOOPBACK),
    ],
)
def test_loopback_is_added_to_no_proxy(environ, upper, lower):
    """The user's hosts stay, loopback comes behind them, once, in both spellings."""
    assert direct(environ) == {"NO_PROXY": upper, "no_proxy": lower}


@pytest.mark.parametrize(
    ("args", "value"),
    [
        ((), None),
        (("--model", "a"), "a"),
        (("--model=a",), "a"),
        (("-m", "a", "--model=b"), "b"),
        (("-p", "--model"), None),
        (("--", "--model", "a"), None),
        (("run", "model=a"), None),
    ],
)
def test_the_last_option_counts(args, value):
    """An option is read in both spellings, the last one wins, and `--` ends them."""
    assert option(args, "-m", "--model") == value


@pytest.mark.parametrize(("value", "on"), [("1", True), ("TRUE", True), ("0", False), ("", False)])
def test_switches_are_read_as_node_programs_do(value, on):
    """Only a plain yes is a yes."""
    assert switched_on(value) is on
