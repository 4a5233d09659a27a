"""A budget as the user meets it: given to `dsfix run`, reached, raised from another terminal."""

from __future__ import annotations

import json
import stat
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dsfix.cli import app
from dsfix.locks import alone
from dsfix.record.limits import Limits, raised, write_raised
from dsfix.record.log import SessionLog
from dsfix.simulator.server import Simulator
from tests.record.support import META, NONE
from tests.support.commands import dsfix, environment

# Asks; where the answer is an error it prints that, does what its arguments say, and asks again.
AGENT = """
import json, os, subprocess, sys, urllib.error, urllib.request
body = json.dumps({"model": "deepseek-v4-pro", "max_tokens": 4096,
                   "messages": [{"role": "user", "content": "hi"}]}).encode()
def ask():
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body, {
        "Content-Type": "application/json", "Authorization": "Bearer " + os.environ["DSFIX_TOKEN"]})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        print(json.load(error)["error"]["message"])
        return error.code
for turn in range(3):
    if ask() == 402 and sys.argv[1:]:
        words = [sys.executable, "-m", "dsfix", "sessions", "budget", os.environ["DSFIX_SESSION"]]
        subprocess.run([*words, *sys.argv[1:]], stdin=subprocess.DEVNULL)
        print(ask())
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own."""
    path = tmp_path / "someone"
    path.mkdir()
    return path


def command(*options: str, url: str, raising: tuple[str, ...] = ()) -> list[str]:
    """The words that run the agent."""
    return ["run", "--upstream", url, *options, "--", sys.executable, "-uc", AGENT, *raising]


def test_a_budget_is_reached_and_raised(home: Path) -> None:
    """The agent reads why, the next terminal raises it, the same agent goes on."""
    with Simulator.in_thread() as upstream:
        words = command("--max-requests", "1", url=upstream.url, raising=("--max-requests", "2"))
        ran = dsfix(*words, home=home)
        assert len(upstream.requests) == 2
    assert ran.summary is not None, ran.err
    session = ran.summary["session"]["id"]
    first, told, again, *rest = ran.out.splitlines()
    assert first == (
        "dsfix: the budget of this session is used up: 1 of 1 requests. Raise it with"
        f" `dsfix sessions budget {session} --max-requests ...`, and go on"
    )
    assert (told, again) == ("1 of 2 requests", "200")
    assert rest[0].startswith("dsfix: the budget of this session is used up: 2 of 2 requests")
    limits = [{"unit": "requests", "used": "2", "limit": "2"}]
    assert ran.summary["budget"] == {"limits": limits, "refused": 3}
    assert "  budget     2 of 2 requests · 3 exchanges refused\n" in ran.err
    assert ran.summary["errors"] == [] and [each["count"] for each in ran.summary["models"]] == [2]
    record = Path(ran.summary["session"]["record"])
    raised = record.with_name("budget.json")
    assert stat.S_IMODE(raised.stat().st_mode) == 0o600
    shown = dsfix("sessions", "show", session, "--json", home=home)
    assert json.loads(shown.out)["data"]["summary"]["budget"] == ran.summary["budget"]
    over = dsfix("sessions", "budget", session, "--max-requests", "9", home=home)
    assert over.code == 1 and f"session {session} is over" in over.err


@pytest.mark.parametrize(
    ("file", "variables", "options", "limit"),
    [
        ("requests = 1", {}, (), "1"),
        ("requests = 1", {"DSFIX_BUDGET_REQUESTS": "2"}, (), "2"),
        ("requests = 1", {"DSFIX_BUDGET_REQUESTS": "1"}, ("--max-requests", "2"), "2"),
        ("requests = 1", {}, ("--max-requests", "0"), ""),
        ("cost = 0.5\nminutes = 0.5\ntokens = 9", {"DSFIX_BUDGET_TOKENS": "0"}, ("--max-minutes", "0", "--max-cost", "0"), ""),
    ],
)  # fmt: skip
def test_a_budget_for_every_run(
    home: Path, file: str, variables: dict[str, str], options: tuple[str, ...], limit: str
) -> None:
    """From the file, below variables, below flags; 0 takes a limit away."""
    config = home / "config.toml"
    config.write_text(f"[budget]\n{file}\n", encoding="utf-8")
    env = environment(home, DSFIX_CONFIG=str(config), **variables)
    with Simulator.in_thread() as upstream:
        ran = dsfix(*command(*options, url=upstream.url), home=home, env=env)
    assert ran.summary is not None, ran.err
    limits = ran.summary["budget"]["limits"]
    assert [each["limit"] for each in limits] == ([limit] if limit else []), ran.err
    assert len(upstream.requests) == (int(limit) if limit else 3)


def test_money_is_limited(home: Path) -> None:
    """What a prompt may cost is reserved, so a tenth of a cent of a cent lets nothing out."""
    with Simulator.in_thread() as upstream:
        ran = dsfix(*command("--max-cost", "0.00000001CNY", url=upstream.url), home=home)
        assert not upstream.requests
    assert "0.0000 of 0.00000001 CNY, and this request may take 0.0" in ran.out
    assert ran.summary is not None and ran.summary["cost"]["currency"] == "CNY"
    assert ran.summary["budget"]["limits"][0]["unit"] == "CNY"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--max-cost", "1", "--model", "unheard-of"),
         "the price of unheard-of at {url} in USD is not known, so the limit of --max-cost cannot be kept"),
        (("--max-cost", "a lot"), "--max-cost does not take 'a lot'"),
        (("--max-cost", "-1"), "--max-cost does not take '-1'"),
        (("--max-cost", "nan"), "expected 2.50, 2.50USD or 18CNY"),
        (("--max-requests", "-1"), "-1 is not in the range x>=0"),
    ],
)  # fmt: skip
def test_a_limit_that_cannot_be_kept_is_an_error_at_the_start(
    home: Path, options: tuple[str, ...], error: str
) -> None:
    """In one line and before the agent is started."""
    url = "http://127.0.0.1:9"
    ran = dsfix(*command(*options, url=url), home=home)
    assert ran.code == 2 and ran.out == ""
    assert error.format(url=url) in ran.err and "Traceback" not in ran.err


def test_a_limit_of_the_file_that_cannot_be_kept_is_told_by_its_line(home: Path) -> None:
    """Who looks for it would not find it on the command line."""
    config = home / "config.toml"
    config.write_text('[budget]\ncost = 1\n[run]\nmodel = "unheard-of"\n', encoding="utf-8")
    env = environment(home, DSFIX_CONFIG=str(config))
    ran = dsfix(*command(url="http://127.0.0.1:9"), home=home, env=env)
    assert ran.code == 2 and f"so the limit of {config}:2 cannot be kept\n" in ran.err


@pytest.mark.parametrize(
    ("first", "words", "error"),
    [
        ("--max-cost", ("--max-tokens", "5"), "was begun without --max-tokens"),
        ("--max-requests", ("--max-cost", "5"), "was begun without --max-cost"),
        ("--max-cost", ("--max-cost", "5CNY"), "is in USD"),
    ],
)
def test_only_a_limit_of_the_beginning_can_be_changed(
    home: Path, first: str, words: tuple[str, ...], error: str
) -> None:
    """What was not counted from the beginning cannot be limited now; the option is named."""
    with Simulator.in_thread() as upstream:
        dsfix(*command(first, "1", url=upstream.url), home=home)
    ran = dsfix("sessions", "budget", "last", *words, home=home)
    assert ran.code == 2 and error in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("--max-minutes", "nan"),
        ("--max-minutes", "inf"),
        ("--max-minutes", "0"),
        ("--max-requests", str(10**15)),
    ],
)
def test_a_limit_that_is_none_for_a_session_is_refused(home: Path, words: tuple[str, ...]) -> None:
    """What would be passed over without a word; and 0, which to `run` is no limit."""
    with Simulator.in_thread() as upstream:
        limits = ("--max-minutes", "5", "--max-requests", "5")
        dsfix(*command(*limits, url=upstream.url), home=home)
    ran = dsfix("sessions", "budget", "last", *words, home=home)
    assert (ran.code, ran.out) == (2, "") and f"{words[0]} does not take" in ran.err


def test_a_session_without_limits_says_so(home: Path) -> None:
    """In JSON as an empty list."""
    with Simulator.in_thread() as upstream:
        dsfix(*command(url=upstream.url), home=home)
    ran = dsfix("sessions", "budget", "last", home=home)
    assert ran.out == "" and "has no limits" in ran.err
    ran = dsfix("sessions", "budget", "last", "--json", home=home)
    assert json.loads(ran.out)["data"]["limits"] == []


def test_two_who_raise_limits_at_once_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another command is about to write is waited for, and kept."""
    monkeypatch.setenv("DSFIX_STATE_DIR", str(tmp_path))
    log = SessionLog(tmp_path, NONE)
    log.start({**META, "budget": Limits(tokens=1, requests=1).as_dict()})
    assert log.directory is not None
    words = ["sessions", "budget", "last", "--max-tokens", "5"]
    other = threading.Thread(target=lambda: CliRunner().invoke(app, words))
    with alone(log.directory):
        other.start()
        other.join(0.5)  # it waits for us
        write_raised(log.directory, Limits(requests=9))
    other.join(60)
    assert raised(log.directory) == Limits(tokens=5, requests=9)
    log.close(0, 1.0)
