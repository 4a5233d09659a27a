"""What a server that is none, or means no good, can do to the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dsfix.errors import DsfixError
from dsfix.reports.client import Server
from tests.support.commands import dsfix, environment
from tests.support.serving import Came, Given, serving

ADDRESS = f"/r/{'a' * 32}"
REPORT: dict[str, Any] = {
    "address": ADDRESS, "id": "a" * 32, "title": "t", "category": "", "project": "", "branch": "",
    "tags": ["a"], "version": 1, "versions": [{"sent": 1.0, "size": 1}], "deleted": None,
}  # fmt: skip
ANSWERS = {
    "no JSON": (200, b"<html>hello"),
    "no report": (200, b"{}"),
    "another's error": (404, b'{"error": {"message": "no such route"}}'),
    "words that drive a terminal": (400, b'{"error": "\\u001b[2J"}'),
    "an address that does": (200, b'{"address": "/r/\\u001b]0;x"}'),
    "an address elsewhere": (200, b'{"address": ".evil.example/"}'),
    "a number": (200, b"1"),
    "a list of numbers": (200, b"[1]"),
    "a redirect": (302, b""),
    "bytes": (200, b"\xff\xfe"),
    "brackets": (200, b"[" * 100_000),
}


OTHER = [
    *({key: value for key, value in REPORT.items() if key != name} for name in REPORT),
    *({**REPORT, name: {}} for name in REPORT),
    {**REPORT, "tags": [1]},
    {**REPORT, "versions": []},
    {**REPORT, "versions": [{"sent": 1e300, "size": 1}]},
    {**REPORT, "versions": [{"sent": 1.0, "size": -1}]},
    {**REPORT, "deleted": -1.0},
    {**REPORT, "id": "../x"},
    {**REPORT, "found": ["a"]},
]


@pytest.mark.parametrize("report", OTHER)
def test_a_report_in_another_form(report: dict[str, Any]) -> None:
    """As of another program, or of another version of ours: no command trips over it."""
    body = json.dumps([report]).encode()
    with (
        serving(lambda came: Given(200, body)) as url,
        pytest.raises(DsfixError, match="is no report server"),
    ):
        Server(url, url, "t" * 20).listed([])


def test_a_report_in_our_form() -> None:
    """Also with what this version does not know."""
    body = json.dumps([{**REPORT, "more": 1, "found": [["a", True]]}]).encode()
    with serving(lambda came: Given(200, body)) as url:
        (told,) = Server(url, url, "t" * 20).listed([])
    assert told["url"] == url + ADDRESS and told["more"] == 1


def test_gc_removes_nothing_that_is_not_deleted(tmp_path: Path) -> None:
    """Also where a server tells of such a report when it is asked for those that are."""
    asked: list[str] = []

    def answer(came: Came) -> Given:
        asked.append(came.method)
        return Given(200, json.dumps([REPORT]).encode())

    with serving(answer) as url:
        env = environment(tmp_path, DSFIX_REPORTS_SERVER=url, DSFIX_REPORTS_TOKEN="t" * 20)
        ran = dsfix("reports", "gc", "--yes", home=tmp_path, env=env)
    assert (ran.code, ran.out) == (0, "nothing to remove\n"), ran
    assert asked == ["GET"]


@pytest.mark.parametrize("name", ANSWERS)
def test_no_report_server(name: str) -> None:
    """Whatever answers, the error is one printable line, and no redirect is followed."""
    status, body = ANSWERS[name]
    away = Given(status, body, headers={"Location": "http://127.0.0.1:9/"})
    with serving(lambda came: away) as url:
        server = Server(url, url, "t" * 20)
        for ask in (
            lambda: server.sent(b"x"),
            lambda: server.listed([("limit", "1")]),
            lambda: server.changed("abcd", {"tag": ["x"]}),
        ):
            with pytest.raises(DsfixError, match="is no report server") as raised:
                ask()
            assert raised.value.message.isprintable()


def test_an_answer_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more of it is read than a list of reports can have."""
    monkeypatch.setattr("dsfix.reports.client._ANSWER", 1 << 16)
    endless = Given(200, b"1" * (1 << 18), headers={"Content-Length": str(1 << 40)})
    with (
        serving(lambda came: endless) as url,
        pytest.raises(DsfixError, match="is no report server"),
    ):
        Server(url, url, "t" * 20).listed([])
