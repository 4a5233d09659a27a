"""The summary on a terminal: exact text at a fixed width."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from dsfix.admission import Refusal
from dsfix.changes import Change
from dsfix.cli.summary import count, print_summary, seconds
from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Exchange
from dsfix.record.limits import REFUSED
from dsfix.report.cache import UNKNOWN, Cache, Miss, Saved
from dsfix.report.cost import Bill, bill_of
from dsfix.report.facts import Facts
from dsfix.report.summary import Summary
from dsfix.upstreams import named
from tests.report.support import FACTS, exchanges


def printed(
    made: list[Exchange],
    facts: Facts,
    width: int = 80,
    cache: Cache = UNKNOWN,
    bill: Bill | None = None,
) -> str:
    """What is shown where colours are not."""
    out = io.StringIO()
    summary = Summary.of(made, facts, str, cache, bill)
    print_summary(summary, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def test_what_was_looked_up_on_the_web() -> None:
    """It stands beside the tokens, for it costs money as they do."""
    made = exchanges()
    made[0].usage = Usage(1000, 0, 100, searches=1)
    assert " reasoning) · 1 search\n" in printed(made, FACTS)
    made[1].usage = Usage(1000, 0, 100, searches=1999, fetches=2)
    assert " · 2,000 searches · 2 pages read" in " ".join(printed(made, FACTS).split())


def test_the_summary_at_80_columns() -> None:
    """What did not happen has no line; no line is longer than the terminal or ends in spaces."""
    facts = replace(FACTS, notes=("memory.db: database is locked",))
    assert (
        printed(exchanges(), facts)
        == """\
dsfix: claude via api.deepseek.com · 12 min 34 s · exit 0
  exchanges  33 · main 30 · sub-agent 2 · title 1
  models     claude-sonnet-4-5-20250929 → deepseek-v4-pro (32)
             claude-haiku-4-5 → deepseek-v4-flash (1)
  tokens     590.9k in (94% cached) · 24.0k out (8,700 reasoning)
  cached     main (30): 95% of 560.0k
             sub-agent (2): 72% of 30.0k
  reasoning  real reasoning put back in 31 exchanges · placeholders of dsfix in
             1 exchange
  repairs    thinking-replay 32 · model-name 32
  failed     repairs: roles (1)
  retries    400: The `content[].thinking` in the thinking mode must be passed
             back to the API. → native
  errors     2 × 429: Rate limit reached
             the upstream ended the stream early
  cut        1 by the agent · 1 by the upstream
  note       memory.db: database is locked
  record     dsfix sessions show 20261121-031522-k3f9
"""
    )


@pytest.mark.parametrize(
    ("vendor", "model", "says"),
    [
        ("openrouter", "deepseek/deepseek-v4-pro", "by openrouter's price list of 2026-07-02 · "),
        ("deepseek", "deepseek-v4-pro", "by deepseek's price list · the cache"),
        ("volcengine", "doubao", "unknown for 1 exchange of doubao: the coding plan is a subscription, no"),
    ],
)  # fmt: skip
def test_the_price_list_is_told_where_that_matters(vendor: str, model: str, says: str) -> None:
    """Its date where it is old, and why there is none."""
    made = exchanges()[:1]
    made[0].served = made[0].sent = model
    made[0].started = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
    said = printed(made, FACTS, 200, bill=bill_of(made, named(vendor)))
    assert says in said


def test_a_clean_session_is_short() -> None:
    """Five lines when nothing had to be done."""
    made = exchanges()[:1]
    made[0].changes = []
    made[0].asked = "deepseek-v4-pro"
    assert (
        printed(made, FACTS)
        == """\
dsfix: claude via api.deepseek.com · 12 min 34 s · exit 0
  exchanges  1 · main 1
  models     deepseek-v4-pro (1)
  tokens     20.0k in (95% cached) · 800 out (300 reasoning)
  record     dsfix sessions show 20261121-031522-k3f9
"""
    )


def test_requests_that_were_refused_at_the_door_are_told() -> None:
    """An agent that has another key than the session's token did ask, and went past nobody."""
    refused = [(Refusal(401, "missing or wrong session token"), 3)]
    assert (
        printed([], replace(FACTS, turned_away=refused))
        == """\
dsfix: claude via api.deepseek.com · 12 min 34 s · exit 0
  refused  3 × 401: missing or wrong session token
  record   dsfix sessions show 20261121-031522-k3f9
"""
    )


def test_a_model_that_failed_once_is_told_once() -> None:
    """No answer says which model served it; that is no other model."""
    made = exchanges()[:2]
    for each in made:
        each.asked = each.sent = each.served = "deepseek-v4-pro"
    made[1].served = ""
    assert "  models     deepseek-v4-pro (2)\n  tokens" in printed(made, FACTS)


def test_where_nothing_was_sent_no_model_is_named() -> None:
    """A budget may refuse every request; a name without what it names says nothing."""
    made = exchanges()[:1]
    made[0].error = REFUSED
    assert "models" not in printed(made, FACTS)


def test_what_became_of_the_cache_is_told() -> None:
    """The greatest loss first; a cause is text from outside."""
    cache = Cache(
        (Miss(7, "main", 900, "message 3 \x1b differs"), Miss(9, "title", 20_000, "model a → b")),
        (Saved("user-id", 1, 3_000), Saved("billing-header", 5, 8_000), Saved("user-id", 2, 1)),
    )
    text = printed(exchanges(), FACTS, cache=cache)
    assert (
        """
  missed     #9 title: 20.0k, model a → b
             #7 main: 900, message 3  differs
  kept       in the cache: 8,000 by billing-header · 3,001 by user-id
"""
        in text
    )


def test_the_readme_shows_one_as_it_is_printed() -> None:
    """Who tries it sees what was promised."""
    made = []
    for number in range(1, 42):
        main = number <= 33
        name, kind = ("deepseek-v4-pro", "main") if main else ("deepseek-v4-flash", "sub-agent")
        each = Exchange(number, 0.0, Dialect.MESSAGES, "/v1/messages", kind, kind)
        each.asked = each.sent = each.served = name
        each.usage = Usage(54_545, 50_181, 933) if main else Usage(12_500, 8_125, 926)
        each.changes = [Change("roles", ""), Change("user-id", "")]
        if not main:
            each.served = "deepseek-flash"
            each.changes += [Change("response-model", "")]
        elif number > 21:
            each.changes += [Change("thinking-replay", "", each.id)]
            each.replayed = each.id
        made.append(each)
    shown = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    facts = replace(FACTS, duration=724.0)
    bill = Bill("USD", "deepseek", Decimal("0.4213"), Decimal("1.10"), priced=41)
    cache = Cache((Miss(17, "main", 62_300, "system block 2 differs"),))
    assert printed(made, facts, 100, cache, bill) in shown


def test_a_session_without_requests_is_one_line() -> None:
    """An agent that only printed its version, for instance."""
    text = printed([], replace(FACTS, duration=0.4, exit_code=2))
    assert text == "dsfix: claude via api.deepseek.com · 0.4 s · exit 2 · no requests\n"


@pytest.mark.parametrize("width", [20, 40, 60, 120, 200])
def test_every_width_is_kept(width: int) -> None:
    """The values are folded beside their names; only the first line runs on."""
    lines = printed(exchanges(), FACTS, width).splitlines()[1:]
    assert all(len(line) <= max(width, 33) and line == line.rstrip() for line in lines)


def test_control_characters_of_an_upstream_do_not_reach_the_terminal() -> None:
    """An error's words are shown as text, never as an escape sequence or as markup."""
    made = exchanges()[:1]
    made[0].status, made[0].error = 500, "\x1b[31mred\x07 [bold]x[/bold]"
    text = printed(made, FACTS)
    assert "\x1b" not in text and "\x07" not in text and "[bold]x[/bold]" in text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (999, "999"), (1000, "1,000"), (9_994, "9,994"), (9_995, "10.0k"),
        (84_249, "84.2k"), (999_949, "999.9k"), (999_950, "1.00M"), (2_312_345, "2.31M"),
    ],
)  # fmt: skip
def test_numbers_are_short(number: int, text: str) -> None:
    """Exact as long as that is short."""
    assert count(number) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"),
     (3599, "59 min 59 s"), (3600, "1 h 00 min"), (90_000, "25 h 00 min")],
)  # fmt: skip
def test_durations_are_for_people(duration: float, text: str) -> None:
    """Two units at most."""
    assert seconds(duration) == text
