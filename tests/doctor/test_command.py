"""The command itself: what it prints, and how it exits."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console

from dsfix.cli.examined import print_report
from dsfix.doctor.probes import NAMES
from dsfix.simulator.options import Options
from dsfix.simulator.server import Simulator
from tests.doctor.support import doctor, error, simulated
from tests.support.serving import serving

KEYS = {"upstream", "model", "live", "cost", "counts", "exit_code", "unknown", "findings"}
FINDING = {
    "name",
    "where",
    "level",
    "raw",
    "through",
    "repairs",
    "means",
    "do",
    "said",
    "expected",
    "drift",
}


def test_json_keeps_its_form() -> None:
    """One document on stdout, with these keys; the calls are announced on stderr before."""
    with Simulator.in_thread(Options()) as simulator:
        done = doctor("--live", "--json", "--only", "chat", "--upstream", simulator.url)
        host = simulator.url.partition("://")[2]
    document = json.loads(done.stdout)
    assert {name: document[name] for name in ("schema", "command", "errors")} == {
        "schema": 1,
        "command": ["doctor"],
        "errors": [],
    }
    data = document["data"]
    assert set(data) == KEYS
    assert all(set(finding) == FINDING for finding in data["findings"])
    assert [each["name"] for each in data["findings"]] == [n for n in NAMES if n[:5] == "chat-"]
    assert done.returncode == data["exit_code"] == 3
    assert f"up to {data['cost']['calls']} calls to {host}, about " in done.stderr


def test_exit_codes() -> None:
    """0 where all is good, 3 where repairs are needed, 1 where one must act, 2 for usage."""
    with Simulator.in_thread(Options()) as simulator:
        live = ("--live", "--upstream", simulator.url)
        assert doctor(*live, "--only", "chat-json").returncode == 0
        assert doctor(*live, "--only", "chat-effort-conflict").returncode == 3
        before = len(simulator.requests)
        assert doctor("--only", "api-key", "--upstream", simulator.url).returncode == 0
        assert len(simulator.requests) == before
    assert doctor("--only", "api-key", key="").returncode == 1
    done = doctor("--live", "--only", "models", key="")
    assert (done.returncode, done.stdout.count("missing")) == (1, 1)
    assert doctor("--only", "nonsense").returncode == 2
    assert doctor("vim").returncode == 2


def test_one_is_one() -> None:
    """What is counted is counted in words that fit; no further calls are not spoken of."""
    with Simulator.in_thread(Options()) as simulator:
        live = ("--live", "--upstream", simulator.url)
        asked = doctor(*live, "--only", "auth")
        answered = doctor(*live, "--only", "chat-json")
        fixed = doctor(*live, "--only", "chat-effort-conflict")
    assert "up to 1 call to" in asked.stderr and "more" not in asked.stderr
    assert "up to 1 call more" in answered.stderr
    assert fixed.stdout.endswith("1 works only through dsfix\n")


def test_what_a_probe_builds_on_decides_as_well() -> None:
    """A probe that cannot be asked does not pass for a good one."""
    with serving(lambda came: error(401, "no")) as url:
        done = doctor("--live", "--only", "chat-cache", "--upstream", url)
    assert done.returncode == 1
    assert "key-refused" in done.stdout
    assert "Traceback" not in done.stderr


def test_list() -> None:
    """`--list` prints every name that --only takes."""
    listed = [line.split()[0] for line in doctor("--list").stdout.splitlines()]
    assert listed[-len(NAMES) :] == list(NAMES)


@pytest.mark.parametrize("width", [80, 140])
def test_the_table(width: int) -> None:
    """Names, words, what they mean and the drift stand in the table, within the width."""
    report = simulated("serve-as=other\x1b[2Jevil", only=("chat",))
    out = StringIO()
    print_report(report, Console(file=out, width=width))
    text = out.getvalue()
    assert "\x1b" not in text
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    joined = " ".join(text.split())
    for words in ("model-echo", "Sub-agents and titles of", "1 drift"):
        assert words in joined
    assert "drift: chat-model-echo is other, same was expected" in joined


@pytest.mark.parametrize("width", [80, 140])
def test_a_title_of_the_users_own_is_text(width: int) -> None:
    """Whatever it looks like to the library that prints it."""
    report = simulated("serve-as=other", only=("chat-model-echo",))
    findings = tuple(each._replace(expected="") for each in report.findings)
    upstream = report.upstream._replace(title="The [bold] [/b] relay\x1b[2J")
    out = StringIO()
    console = Console(file=out, width=width)
    print_report(report._replace(upstream=upstream, findings=findings), console)
    assert "how The [bold] [/b] relay[2J answers them" in out.getvalue()
