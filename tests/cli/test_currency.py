"""The currency that costs are told in, by whatever tells them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dsfix.protocol.usage import Usage
from dsfix.record.log import SessionLog
from tests.record.support import META, NONE, exchange, finished, request, user
from tests.support.commands import dsfix, environment
from tests.view.support import Served

FRIDAY = 1_795_176_000.0  # 2026-11-20 12:00 UTC
COMMANDS = {
    "show": ("sessions", "show", "last"),
    "show --json": ("sessions", "show", "last", "--json"),
    "show one": ("sessions", "show", "last", "1"),
    "show one --json": ("sessions", "show", "last", "1", "--json"),
    "html": ("sessions", "export", "last", "--format", "html"),
    "jsonl": ("sessions", "export", "last", "--format", "jsonl"),
    "har": ("sessions", "export", "last", "--format", "har"),
    "view": ("view", "last", "-o"),
    "cost": ("cost",),
    "statusline": ("statusline", "last"),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One session of one exchange, without a limit."""
    log = SessionLog(tmp_path / ".local/state/dsfix", NONE, clock=lambda: FRIDAY)
    log.start(META)
    each = exchange(1)
    each.started = FRIDAY
    log.began(each, request([user("hi")]))
    usage = Usage(1_000_000, 900_000, 100_000)
    log.ended(finished(each, usage=usage, served="deepseek-flash"), None)
    log.close(0, 60)
    return tmp_path


def told(home: Path, *words: str, currency: str) -> str:
    """What the command prints, and the page that `-o` writes."""
    page = home / f"{currency}.html"
    given = [*words, str(page)] if words[-1] == "-o" else words
    ran = dsfix(*given, home=home, env=environment(home, DSFIX_CURRENCY=currency))
    assert ran.code == 0, ran
    return ran.out + (page.read_text(encoding="utf-8") if page.exists() else "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_costs_in_the_currency_of_the_setting(home: Path, name: str) -> None:
    """0.0777 USD by one price list and 0.518 CNY by the other; `auto` is dollars."""
    dollars = told(home, *COMMANDS[name], currency="auto")
    yuan = told(home, *COMMANDS[name], currency="CNY")
    assert "0.0777" in dollars and "0.518" not in dollars
    assert "0.518" in yuan and "0.0777" not in yuan


def test_a_page_that_is_served_tells_costs_in_that_currency(home: Path) -> None:
    """The summary and each exchange."""
    with subprocess.Popen(
        [sys.executable, "-m", "dsfix", "view", "last"],
        env=environment(home, DSFIX_CURRENCY="CNY"),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            page = Served(process.stdout.readline().strip())
            where, cookie = page.enter()
            text = page.ask(where, Cookie=cookie).text
        finally:
            process.send_signal(signal.SIGINT)
    assert '"amount":"0.518"' in text and '"cost":0.518' in text
