"""`dsfix statusline` and `dsfix balance`: what a session has cost so far, and what is left."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dsfix.protocol.usage import Usage
from dsfix.record.limits import Limits, write_raised
from dsfix.record.log import SessionLog
from tests.record.support import META, NONE, exchange, finished, request, user
from tests.support.commands import KEY, dsfix, environment
from tests.support.serving import Came, Given, serving

AMOUNTS = {
    "currency": "CNY",
    "total_balance": "110.00",
    "granted_balance": "10.00",
    "topped_up_balance": "100.00",
}
BALANCE = {"is_available": True, "balance_infos": [AMOUNTS]}
SATURDAY = datetime.fromisoformat("2026-10-17T12:00Z").timestamp()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own."""
    path = tmp_path / "someone"
    path.mkdir()
    return path


@pytest.fixture
def log(home: Path) -> Iterator[SessionLog]:
    """A running session of two exchanges, 0.0777 USD each, and a title before them."""
    running = SessionLog(home / ".local/state/dsfix", NONE, clock=lambda: SATURDAY)
    limits = Limits(cost=Decimal("0.50"), requests=4)
    running.start({**META, "budget": limits.as_dict()})
    for number, kind in enumerate(("main", "main", "title"), 1):
        each = exchange(number, kind=kind)
        each.started = SATURDAY
        running.began(each, request([user("hi")]))
        usage = Usage(1_000_000, 900_000, 100_000) if kind == "main" else Usage(0, 0, 0)
        model = "deepseek-flash" if kind == "main" else "deepseek-v4-flash"
        running.ended(finished(each, usage=usage, served=model), None)
    assert running.path is not None
    deadline = time.monotonic() + 10
    while running.path.read_text(encoding="utf-8").count('"response"') < 3:
        assert time.monotonic() < deadline, "the writer did not write"
        time.sleep(0.01)
    yield running
    running.close(0, 60)


def test_a_running_session_in_one_line(home: Path, log: SessionLog) -> None:
    """Model of the main thread, cost, cache hits, and what is left of each limit."""
    line = "deepseek-flash · $0.1554 · 90% cached · $0.3446 left · 1 requests left\n"
    assert dsfix("statusline", log.id, home=home).out == line
    around = {**environment(home), "DSFIX_SESSION": log.id}
    assert dsfix("statusline", home=home, env=around, text='{"model":{}}').out == line
    other = dsfix("statusline", log.id, home=home, env=environment(home, DSFIX_CURRENCY="CNY"))
    assert "$0.1554" in other.out  # a limit of cost has a currency of its own
    assert log.directory is not None
    write_raised(log.directory, Limits(cost=Decimal(2)))
    assert "$1.84 left" in dsfix("statusline", "last", home=home).out


def test_without_a_session_the_line_is_empty(home: Path) -> None:
    """An agent that is started without dsfix has nothing to show, and no error either."""
    for env in (environment(home), {**environment(home), "DSFIX_SESSION": "20261017-120000-none"}):
        ran = dsfix("statusline", home=home, env=env)
        assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert "no session 'zzzz'" in dsfix("statusline", "zzzz", home=home).err


def test_the_line_imports_little(home: Path, log: SessionLog) -> None:
    """It is asked for after every message of an agent."""
    code = (
        "import sys; from dsfix.cli.statusline import statusline;"
        f"statusline({log.id!r}); print(*sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment(home), capture_output=True, text=True
    )
    assert ran.stdout.startswith("deepseek-flash · "), ran.stderr
    assert not {"rich", "aiohttp", "asyncio", "sqlite3"} & set(ran.stdout.split())


@dataclass
class Account:
    """An upstream that tells a balance: `status` and `body` are what it answers with."""

    status: int = 200
    body: bytes = json.dumps(BALANCE).encode()
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, came: Came) -> Given:
        """Note path and key, and answer."""
        self.asked.append((came.path, came.headers["authorization"]))
        return Given(self.status, self.body, headers=self.headers)


@pytest.fixture
def account() -> Iterator[Account]:
    """A running one."""
    running = Account()
    with serving(running.answer) as running.url:
        yield running


def test_the_balance_is_told(home: Path, account: Account) -> None:
    """As the upstream tells it, amounts as text."""
    words = ("balance", "--upstream", account.url)
    assert dsfix(*words, home=home).out == "110.00 CNY (10.00 granted, 100.00 topped up)\n"
    data = json.loads(dsfix(*words, "--json", home=home).out)["data"]
    assert data["balances"] == [
        {"currency": "CNY", "total": "110.00", "granted": "10.00", "topped_up": "100.00"}
    ]
    assert account.asked == [("/user/balance", f"Bearer {KEY}")] * 2


def test_an_account_without_money_is_told(home: Path, account: Account) -> None:
    """On stderr: the amounts are still what was asked for."""
    account.body = json.dumps({**BALANCE, "is_available": False}).encode()
    ran = dsfix("balance", "--upstream", account.url, home=home)
    assert ran.out.startswith("110.00 CNY") and "the account cannot be used" in ran.err


def test_a_balance_that_repeats_the_key_does_not_tell_it(home: Path, account: Account) -> None:
    """Not one that no variable holds either."""
    (home / "key").write_text("a-key-that-looks-like-any-word", encoding="utf-8")
    (home / "key").chmod(0o600)
    echo = {**AMOUNTS, "currency": "a-key-that-looks-like-any-word"}
    account.body = json.dumps({"is_available": True, "balance_infos": [echo]}).encode()
    env = environment(home, DSFIX_KEY_FILE=str(home / "key"), DSFIX_UPSTREAM=account.url)
    del env["DEEPSEEK_API_KEY"]
    for more in ((), ("--json",)):
        ran = dsfix("balance", *more, home=home, env=env)
        assert "110.00" in ran.out and "any-word" not in ran.out


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"{}", "refuses the key in DEEPSEEK_API_KEY"),
        (404, b"<html>", "tells no balance (HTTP 404)"),
        (200, b"<html>", "tells no balance (HTTP 200)"),
        (200, b'{"balance": 1}', "tells its balance in another form"),
    ],
)
def test_an_upstream_that_tells_no_balance(
    home: Path, account: Account, status: int, body: bytes, error: str
) -> None:
    """One line, exit code 1, and never the key."""
    account.status, account.body = status, body
    ran = dsfix("balance", "--upstream", account.url, home=home)
    assert ran.code == 1 and error in ran.err
    assert KEY not in ran.err + ran.out and "Traceback" not in ran.err


def test_a_balance_that_is_cut(home: Path, account: Account) -> None:
    """The status of success is no reason why there is none."""
    account.body, account.headers = b'{"is_available": true, ', {"Content-Length": "1000"}
    ran = dsfix("balance", "--upstream", account.url, home=home)
    assert ran.code == 1 and "tells no balance (cut)" in ran.err


def test_an_upstream_without_such_a_path(home: Path) -> None:
    """Nothing is asked."""
    env = environment(home, ANTHROPIC_API_KEY="k")
    ran = dsfix("balance", "--upstream", "anthropic", home=home, env=env)
    assert ran.code == 1 and "does not tell a balance" in ran.err
