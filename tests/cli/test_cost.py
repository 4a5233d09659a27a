"""`dsfix cost`: recorded sessions and known prices give figures computed by hand."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dsfix.cli import app
from dsfix.cli.complete import assumptions
from dsfix.errors import UsageError
from dsfix.protocol.usage import Usage
from dsfix.record.labels import relabel
from dsfix.record.log import SessionLog
from dsfix.report.cost import OLD
from tests.record.support import META, NONE, exchange, finished, request, user

RUNNER = CliRunner(env={"COLUMNS": "80", "TERM": "dumb"})
# 900,000 of a million cached, 100,000 of output: flash 0.0777 and pro 0.2838 off-peak, in USD.
MILLION = Usage(1_000_000, 900_000, 100_000)
FLASH, PRO = "deepseek-flash", "deepseek-v4-pro"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of its own, and a time zone that does not move."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("DSFIX_STATE_DIR", str(tmp_path / "state"))
    time.tzset()
    return tmp_path / "state"


def session(state: Path, *rows: tuple[str, str], **meta: str) -> str:
    """A session with an exchange for each time and model; its id."""
    began = datetime.fromisoformat(rows[0][0]).timestamp()
    log = SessionLog(state, NONE, clock=lambda: began)
    log.start({**META, **meta})
    for number, (at, model) in enumerate(rows, 1):
        each = exchange(number, sent=model)
        each.started = datetime.fromisoformat(at).timestamp()
        log.began(each, request([user("hi")]))
        log.ended(finished(each, usage=MILLION, served=model, duration=1.0), None)
    log.close(0, 60)
    return log.id


@pytest.fixture
def some(state: Path) -> list[str]:
    """Two sessions on a Saturday and a Tuesday, with one model that has no price."""
    return [
        session(state, ("2026-10-17T12:00Z", FLASH), ("2026-10-17T12:01Z", PRO),
                project="one", cwd="/one"),
        session(state, ("2026-10-20T12:00Z", FLASH), ("2026-10-20T12:01Z", "unheard-of"),
                project="two", cwd="/two", agent="codex"),
    ]  # fmt: skip


def run(*words: str) -> str:
    """The command's output; it succeeds."""
    result = RUNNER.invoke(app, ["cost", *words])
    assert result.exit_code == 0, result.output
    return "\n".join(line.rstrip() for line in result.stdout.splitlines())


def document(*words: str) -> dict[str, Any]:
    """The data of the one JSON document on stdout."""
    found = json.loads(run(*words, "--json"))
    assert list(found) == ["schema", "command", "data", "errors"]
    return dict(found["data"])


def told(*words: str) -> list[tuple[str, str | None, int]]:
    """Name, amount and unknown exchanges of each row."""
    rows = document(*words)["rows"]
    return [(row["name"], row["amount"], row["unknown"]) for row in rows]


def test_days_are_the_rows(some: list[str]) -> None:
    """With a total; what has no price is told beside what has."""
    assert (
        run()
        == """\
day         requests     in  cached     out                 cost
2026-10-17         2  2.00M     90%  200.0k              $0.3615
2026-10-20         2  2.00M     90%  200.0k  $0.0777 + 1 unknown
total              4  4.00M     90%  400.0k  $0.4392 + 1 unknown"""
    )


@pytest.mark.parametrize(
    ("width", "head"),
    [("60", ["day", "requests", "in", "cached", "cost"]), ("32", ["day", "cost"])],
)
def test_a_narrow_table_tells_what_was_paid_for_what(
    some: list[str], width: str, head: list[str]
) -> None:
    """Other numbers are left out, and no day is broken into pieces."""
    out = RUNNER.invoke(app, ["cost"], env={"COLUMNS": width}).stdout
    first, *rows = out.splitlines()
    assert first.split() == head
    assert [row.split()[0] for row in rows] == ["2026-10-17", "2026-10-20", "total"]


def test_rows_can_be_something_else(state: Path, some: list[str]) -> None:
    """Models, agents, projects as the user named them, sessions."""
    assert told("--by", "model") == [
        (PRO, "0.2838", 0), (FLASH, "0.1554", 0), ("unheard-of", None, 1)
    ]  # fmt: skip
    assert told("--by", "agent") == [("claude", "0.3615", 0), ("codex", "0.0777", 1)]
    assert [name for name, _, _ in told("--by", "project")] == ["one", "two"]
    directory = next(state.glob(f"sessions/*/*/{some[0]}"))
    relabel(directory, lambda labels: labels._replace(project="my own"))
    assert [name for name, _, _ in told("--by", "project")] == ["my own", "two"]
    assert [name for name, _, _ in told("--by", "session")] == some


def test_another_price_list(some: list[str]) -> None:
    """In CNY by the vendor's own: flash 0.518, pro 0.9 x 0.15 + 0.1 x 4.5 + 0.1 x 13.5."""
    assert told("--currency", "CNY") == [("2026-10-17", "2.453", 0), ("2026-10-20", "0.518", 1)]


def test_the_currency_is_a_setting(some: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The option stands above it; `auto` is dollars."""
    monkeypatch.setenv("DSFIX_CURRENCY", "CNY")
    assert told()[1] == ("2026-10-20", "0.518", 1)
    assert told("--currency", "USD")[1] == ("2026-10-20", "0.0777", 1)
    monkeypatch.setenv("DSFIX_CURRENCY", "auto")
    assert document()["currency"] == "USD"


def test_what_was_written_to_the_cache_is_priced(state: Path) -> None:
    """By a record as in the session: 1000 x 0.20 + 500 x 4 + 300 x 5 + 200 x 8 + 100 x 20."""
    log = SessionLog(
        state, NONE, clock=lambda: datetime.fromisoformat("2026-11-20T12:00Z").timestamp()
    )
    log.start({**META, "upstream": "https://api.anthropic.com"})
    each = exchange(1, sent="claude-opus-5-5")
    each.started = log.began_at
    log.began(each, request([user("hi")]))
    used = Usage(2000, 1000, 100, None, 500, 200)
    log.ended(finished(each, usage=used, served="claude-opus-5-5", duration=1.0), None)
    log.close(0, 60)
    assert told() == [("2026-11-20", "0.0073", 0)]


def test_a_time_can_be_cut_out(some: list[str]) -> None:
    """From a moment on and before another, exchange by exchange."""
    assert told("--since", "2026-10-18") == [("2026-10-20", "0.0777", 1)]
    assert told("--until", "2026-10-17") == [("2026-10-17", "0.3615", 0)]
    assert told("--since", "2026-10-17T12:00:30", "--until", "2026-10-19") == [
        ("2026-10-17", "0.2838", 0)
    ]
    assert told("--since", "1h") == []


def test_a_year_like_the_measured_days(some: list[str]) -> None:
    """0.4392 in ten days, on two of which something ran: 16.0308 a year."""
    words = ("--since", "2026-10-11", "--until", "2026-10-20", "--annual")
    annual = document(*words)["annual"]
    assert annual == {"days": 10, "active": 2, "amount": "16.0308", "tokens": 160_600_000}
    assert run(*words).endswith(
        "a year like these 10 days, 2 of them active: more than $16.03, 160.60M tokens"
    )


def test_a_day_is_one_of_the_calendar(state: Path) -> None:
    """Two hours around midnight are two days, of which no more than two are active."""
    session(state, ("2026-10-17T23:00Z", FLASH), ("2026-10-18T00:30Z", FLASH))
    for until, told in (
        ("2026-10-18T01:00", "2 days, 2 of them active"),
        ("2026-10-18T00:00", "1 day, 1 of them active"),
    ):
        assert f"a year like these {told}: " in run("--annual", "--until", until)


def test_sessions_with_this_machine_are_left_out(state: Path, some: list[str]) -> None:
    """A session inside another is counted there, the simulator costs nothing; a relay may."""
    session(state, ("2026-10-20T12:00Z", FLASH), upstream="http://127.0.0.1:8000")
    assert document()["sessions_left_out"] == 1
    assert document()["total"]["exchanges"] == 4
    assert document("--loopback")["total"]["exchanges"] == 5
    assert "left out: 1 session with this machine" in RUNNER.invoke(app, ["cost"]).stderr


def test_the_age_of_a_price_list_is_told(state: Path) -> None:
    """Where it is old; and why a vendor has none. JSON has all lists, with their pages."""
    session(
        state, ("2026-11-20T12:00Z", "deepseek/deepseek-v4-pro"), upstream="https://openrouter.ai"
    )
    session(state, ("2026-11-20T12:00Z", FLASH), upstream="https://api.deepseek.com")
    session(state, ("2026-11-20T12:00Z", "d"), upstream="https://ark.cn-beijing.volces.com")
    session(state, ("2026-11-20T12:00Z", FLASH), upstream="http://127.0.0.1:1")
    lists = document()["price_lists"]
    assert [each["vendor"] for each in lists] == ["deepseek", "openrouter", "volcengine"]
    assert (lists[1]["as_of"], lists[1]["source"]) == (
        "2026-07-02",
        "https://openrouter.ai/api/v1/models",
    )
    days = (datetime.now(UTC).date() - date(2026, 7, 2)).days
    assert lists[1]["age"] == days > OLD
    told = RUNNER.invoke(app, ["cost"]).stderr.splitlines()
    assert (
        f"openrouter's price list is {days} days old, of 2026-07-02: compare it with {lists[1]['source']}"
        in told
    )
    assert any(line.startswith("volcengine: the coding plan is a subscription") for line in told)
    assert not any("volcengine's price list" in line for line in told)


def test_a_table_of_ones_own_has_no_prices(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the session's summary says; a URL of nobody's is taken for the default vendor."""
    file = tmp_path / "config.toml"
    office = '[upstreams.office]\nlike = "deepseek"\nkey_env = "K"\norigin = "https://llm.example"'
    file.write_text(office, encoding="utf-8")
    session(state, ("2026-10-17T12:00Z", FLASH), upstream="https://llm.example")
    assert told() == [("2026-10-17", "0.0777", 0)]
    monkeypatch.setenv("DSFIX_CONFIG", str(file))
    assert told() == [("2026-10-17", None, 1)]


def test_whose_rules_held_is_whose_prices_hold(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay has several tables at one address, and tables come and go: the record stands."""
    file = tmp_path / "config.toml"
    office = '[upstreams.{}]\nlike = "kimi"\nkey_env = "K"\norigin = "https://llm.example"\n'
    file.write_text(office.format("one") + office.format("two"), encoding="utf-8")
    monkeypatch.setenv("DSFIX_CONFIG", str(file))
    at, there = "2026-10-17T12:00Z", "https://llm.example"
    session(state, (at, FLASH), upstream=there, vendor="deepseek", project="by address")
    session(state, (at, FLASH), upstream=there, vendor="two", project="by table")
    rows = [("by address", "0.0777", 0), ("by table", None, 1)]
    assert told("--by", "project") == rows
    file.write_text("", encoding="utf-8")
    assert told("--by", "project") == rows


@pytest.mark.parametrize(
    "words",
    [("cost",), ("sessions", "show", "last"), ("sessions", "export", "last", "--format", "otlp")],
)
def test_a_record_whose_upstream_is_no_address_is_read_all_the_same(
    state: Path, words: tuple[str, ...]
) -> None:
    """A file may be damaged: its own prices are unknown, and nothing else of any session is."""
    session(state, ("2026-10-17T12:00Z", FLASH), upstream="http://[damaged")
    result = RUNNER.invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0 and result.stdout


def test_nothing_recorded_is_no_error(state: Path) -> None:
    """A line on stderr, no rows in JSON."""
    assert run() == ""
    assert document()["rows"] == []


def test_owning_is_compared(state: Path) -> None:
    """With the measured volume and price, every assumption beside the answer."""
    session(state, ("2026-10-17T12:00Z", FLASH))
    words = ("--since", "2026-10-17", "--until", "2026-10-17", "--self-host")
    found = document(*words, "--assume", "years=5", "--assume", "hardware=10000")["self_host"]
    # 1.1 M tokens a day at 0.0777 for them: 28.36 a year, and 2000 of depreciation alone.
    assert found["api"] == "28.3605"
    assert found["owning"]["depreciation"] == "2000"
    assert found["assumptions"]["volume"] == {"value": "1100000", "source": "measured"}
    assert found["assumptions"]["years"] == {"value": "5", "source": "given"}
    assert found["assumptions"]["pue"]["source"] == "assumed"
    text = run(*words)
    assert "\nthe API, a year      $28.36\n" in text
    assert "  utilisation             0.3  assumed   share of the day" in text
    assert "  light, 500,000 tokens a day: API cheaper\n" in text
    assert "    multi-GPU server or cluster, 400,000 to 800,000; API 912,500\n" in text


def test_what_was_not_measured_can_be_assumed(state: Path) -> None:
    """5 M tokens a day at 50 a million, in CNY: 91,250 a year."""
    words = ("--self-host", "--currency", "CNY", "--assume", "volume=5000000")
    assert document(*words, "--assume", "price=50")["self_host"]["api"] == "91250"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--assume", "colour=1"), "'colour=1' assumes nothing"),
        (("--assume", "years"), "'years' assumes nothing"),
        (("--assume", "years=many"), "years takes a number above 0, not 'many'"),
        (("--assume", "years=0"), "years takes a number above 0, not '0'"),
        (("--assume", "pue=-1"), "pue takes a number of 0 or more, not '-1'"),
        (("--assume", "pue=inf"), "pue takes a number of 0 or more, not 'inf'"),
        (("--assume", "price=1e999999"), "price takes a number of 0 or more, not '1e999999'"),
        (("--assume", "speed=1e-999999"), "speed takes a number above 0, not '1e-999999'"),
        ((), "no year can be made of what was measured"),
        (("--since", "yesterday"), "'yesterday'"),
    ],
)
def test_a_wrong_word_is_an_error(state: Path, words: tuple[str, ...], error: str) -> None:
    """In one line."""
    with pytest.raises(UsageError, match=error):
        RUNNER.invoke(app, ["cost", "--self-host", *words], catch_exceptions=False)


def test_an_assumption_alone_is_an_error(state: Path) -> None:
    """Nothing that is shown without --self-host rests on it."""
    with pytest.raises(UsageError, match="--assume is for --self-host"):
        RUNNER.invoke(app, ["cost", "--assume", "years=4"], catch_exceptions=False)


def test_assumptions_are_offered() -> None:
    """On TAB, ready for their value."""
    assert assumptions("ki") == ["kilowatts="]
    assert {"volume=", "price=", "years="} < set(assumptions(""))
