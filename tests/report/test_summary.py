"""The summary as a value, and as the JSON document that scripts read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from dsfix.admission import Refusal
from dsfix.record.exchange import Attempt
from dsfix.record.limits import Limits
from dsfix.redact import Redactor
from dsfix.repairs.base import Change
from dsfix.report.cost import bill_of
from dsfix.report.facts import Facts
from dsfix.report.summary import Models, Repaired, Summary, Trouble
from dsfix.upstreams import named
from tests.report.support import FACTS, WORDS, exchanges


def same(text: str) -> str:
    """Nothing to redact."""
    return text


def test_a_session_is_counted() -> None:
    """Kinds, models, tokens, repairs, reasoning, retries, errors and cuts."""
    summary = Summary.of(exchanges(), FACTS, same)
    assert summary.exchanges == 33
    assert summary.kinds == {"main": 30, "sub-agent": 2, "title": 1}
    assert summary.models == (
        Models("claude-sonnet-4-5-20250929", "deepseek-v4-pro", "deepseek-v4-pro", 32),
        Models("claude-haiku-4-5", "deepseek-v4-flash", "deepseek-v4-flash", 1),
    )
    assert summary.repairs == (
        Repaired("thinking-replay", sum(range(1, 33)), 32, 0),
        Repaired("model-name", 32, 32, 0),
        Repaired("roles", 0, 0, 1),
    )
    assert (summary.replayed.count, summary.replayed.exchanges) == (sum(range(32)), 31)
    assert (summary.placeholders.count, summary.placeholders.exchanges) == (2, 1)
    assert summary.retries == (Trouble(400, WORDS, 1, "native"),)
    assert summary.errors == (
        Trouble(429, "Rate limit reached", 2),
        Trouble(200, "the upstream ended the stream early", 1),
    )
    assert summary.cut == {"agent": 1, "upstream": 1}
    rates = {each.id: each.tokens.hit_rate for each in summary.conversations}
    assert rates == {"main": 0.95, "sub-agent": 21_500 / 30_000, "title": 0.0}


def test_the_document_keeps_its_keys() -> None:
    """Scripts depend on them: a change here is a new `schema`."""
    made = exchanges()
    turned_away = [(Refusal(404, "unknown path: GET /a"), 1)]
    facts = replace(FACTS, limits=Limits(requests=40), turned_away=turned_away)
    document = Summary.of(made, facts, same, bill=bill_of(made, named("deepseek"))).as_dict()
    assert json.loads(json.dumps(document)) == document
    assert shape(document) == {
        "schema": "int",
        "session": {
            "id": "str",
            "agent": "str",
            "upstream": "str",
            "started": "float",
            "duration": "float",
            "exit_code": "int",
            "record": "str",
            "plain_http": "bool",
        },
        "exchanges": {
            "total": "int",
            "by_kind": {"main": "int", "sub-agent": "int", "title": "int"},
        },
        "models": [{"asked": "str", "sent": "str", "served": "str", "count": "int"}],
        "tokens": {
            "input": "int",
            "cached": "int",
            "output": "int",
            "reasoning": "int",
            "cache_hit_rate": "float",
            "searches": "int",
            "fetches": "int",
        },
        "conversations": [
            {
                "id": "str",
                "kind": "str",
                "exchanges": "int",
                "input": "int",
                "cached": "int",
                "output": "int",
                "reasoning": "int",
                "cache_hit_rate": "float",
                "searches": "int",
                "fetches": "int",
            }
        ],
        "cost": {
            "currency": "str",
            "prices": "str",
            "price_list": {
                "vendor": "str",
                "as_of": "str",
                "age": "int",
                "source": "str",
                "unknown": "str",
            },
            "amount": "str",
            "saved_by_cache": "str",
            "saved_by_repairs": "str",
            "unknown": {},
            "untold": "int",
        },
        "budget": {
            "limits": [{"unit": "str", "used": "str", "limit": "str"}],
            "refused": "int",
        },
        "cache": {"misses": [], "saved": []},
        "repairs": [{"name": "str", "count": "int", "exchanges": "int", "failed": "int"}],
        "reasoning": {
            "replayed": {"count": "int", "exchanges": "int"},
            "placeholders": {"count": "int", "exchanges": "int"},
        },
        "retries": [{"status": "int", "words": "str", "then": "str", "count": "int"}],
        "errors": [{"status": "int", "words": "str", "count": "int"}],
        "turned_away": [{"status": "int", "words": "str", "count": "int"}],
        "cut": {"upstream": "int", "agent": "int"},
        "notes": [],
    }


def shape(value: Any) -> Any:
    """The keys and types of a document; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


def test_an_empty_session_has_the_same_document() -> None:
    """Nothing is missing, and no rate is made up."""
    empty = Summary.of([], Facts("id", "claude", "host"), same).as_dict()
    assert empty.keys() == Summary.of(exchanges(), FACTS, same).as_dict().keys()
    assert empty["tokens"]["cache_hit_rate"] is None
    assert empty["session"]["record"] is None and empty["session"]["exit_code"] is None
    assert empty["notes"] == []


def test_an_agent_that_went_past_us_is_noticed() -> None:
    """It lived for more than five seconds, and nothing came; a setting is named if there is one.

    It may as well have been opened and closed, so no more is said without one.
    """
    long = replace(FACTS, duration=5.1)
    [note] = Summary.of([], long, same).notes
    assert note == "no request came through"
    [note] = Summary.of([], replace(long, bypass=("X in settings.json", "Y")), same).notes
    assert note == (
        "no request came through; if claude was asked anything, it bypassed dsfix, "
        "likely because of X in settings.json or Y"
    )
    assert not Summary.of([], replace(FACTS, duration=4.9), same).notes
    assert not Summary.of(exchanges(), long, same).notes
    came = replace(long, turned_away=[(Refusal(401, "missing or wrong session token"), 2)])
    assert not Summary.of([], came, same).notes


def test_notes_tell_what_the_user_should_know() -> None:
    """Trouble that was passed on, plain http, and exchanges that only the record has."""
    facts = replace(FACTS, upstream="http://host", notes=("memory is full",), beyond=7)
    summary = Summary.of(exchanges(), facts, same)
    assert summary.exchanges == 40
    assert summary.notes == (
        "memory is full",
        "http://host is plain http: key and texts were readable on the way",
        "7 more exchanges are in the record only",
    )
    assert not replace(FACTS, upstream="http://127.0.0.1:8080").plain_http


def test_every_text_from_outside_is_redacted() -> None:
    """Errors, attempts, model names and notes; and long texts are cut."""
    secret = "secret-0123456789"
    made = exchanges()[:1]
    made[0].asked = made[0].sent = made[0].served = secret
    made[0].error = f"bad {secret} " + "x" * 500
    made[0].attempts = [Attempt(400, secret, "resend")]
    made[0].changes = [Change("roles", secret)]
    facts = replace(FACTS, notes=(secret,))
    text = json.dumps(Summary.of(made, facts, Redactor({secret: "k"}).text).as_dict())
    assert secret not in text and text.count("[REDACTED:k]") == 6
    assert "x" * 300 not in text


def test_many_different_errors_are_bounded() -> None:
    """The most frequent are told."""
    made = exchanges()[:30] * 2
    for number, each in enumerate(made[:30]):
        each.error = f"error {number}"
    assert len(Summary.of(made, FACTS, same).errors) == 20
