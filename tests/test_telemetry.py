"""Traces that are sent while a session runs, to a real collector on loopback."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dsfix.errors import UsageError
from dsfix.record.log import SessionLog
from dsfix.redact import Redactor
from dsfix.simulator.server import Simulator
from dsfix.telemetry import WAITING, Collector, Told, Traces, collector
from tests.record.support import START, exchange, finished
from tests.support.commands import ROOT, dsfix, environment
from tests.support.serving import Came, Given, serving

ASK = """
import os, urllib.request
body = b'{"model": "deepseek-v4-pro", "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]}'
headers = {"Content-Type": "application/json", "x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"]}
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60).read()
"""
PROGRAM = Path(sys.executable).name
SECRET = "sk-0123456789abcdef0123456789abcdef"
TOLD = Told("20261121-031522-k3f9", START, "https://api.deepseek.com", {"agent": "claude"})


@dataclass
class Fake:
    """A collector: keeps what it is sent, and answers with `status` once `open` is set."""

    url: str = ""
    status: int = 200
    got: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)

    def spans(self) -> list[dict[str, Any]]:
        """The spans in the order in which they came."""
        return [
            span
            for _, _, body in self.got
            for span in body["resourceSpans"][0]["scopeSpans"][0]["spans"]
        ]


@contextmanager
def collecting(status: int = 200) -> Iterator[Fake]:
    """A collector that listens."""
    fake = Fake(status=status)
    fake.open.set()

    def answer(came: Came) -> Given:
        fake.open.wait(20)
        fake.got.append((came.path, dict(came.headers), json.loads(came.body or b"{}")))
        return Given(fake.status, headers={"Location": "/elsewhere"})

    with serving(answer) as fake.url:
        try:
            yield fake
        finally:
            fake.open.set()


def traces(url: str, told: Told = TOLD, **environ: str) -> Traces:
    """What sends there."""
    found = collector(url, environ)
    assert found is not None
    return Traces(found, told, Redactor({SECRET: "api-key"}))


def test_every_exchange_and_then_the_session_is_sent() -> None:
    """To the path of the standard, with the user's headers and resource."""
    with collecting() as fake:
        sending = traces(
            fake.url,
            OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20b, x-team=t",
            OTEL_SERVICE_NAME="mine",
            OTEL_RESOURCE_ATTRIBUTES="env=dev,service.name=other",
        )
        log = SessionLog(None, Redactor({}), clock=lambda: START)
        log.mirror = sending
        for number in range(3):
            log.ended(finished(exchange(number), error=f"key {SECRET}"), None)
        log.close(0, 12.5)
        assert log.trouble == ""
    *spans, session = fake.spans()
    assert [each["name"] for each in spans] == ["chat deepseek-v4-pro"] * 3
    assert session["name"] == "session claude"
    assert session["endTimeUnixNano"] == "1795230934500000000"
    assert {each["parentSpanId"] for each in spans} == {session["spanId"]}
    path, headers, body = fake.got[0]
    assert path == "/v1/traces" and headers["content-type"] == "application/json"
    assert {name.lower(): said for name, said in headers.items()}.items() >= {
        ("x-key", "a b"),
        ("x-team", "t"),
    }
    resource = body["resourceSpans"][0]["resource"]["attributes"]
    assert {each["key"]: each["value"]["stringValue"] for each in resource} == {
        "env": "dev",
        "service.name": "mine",
    }
    assert SECRET not in json.dumps(fake.got) and "[REDACTED:api-key]" in json.dumps(fake.got)


def test_a_name_that_is_no_text_is_sent() -> None:
    """That of a directory may hold any bytes."""
    with collecting() as fake:
        sending = traces(fake.url, TOLD._replace(facts={"agent": "claude", "project": "\udce9t"}))
        log = SessionLog(None, Redactor({}), clock=lambda: START)
        log.mirror = sending
        log.ended(finished(exchange()), None)
        log.close(0, 1)
        assert log.trouble == ""
    assert '"?t"' in json.dumps(fake.spans()[-1])


@pytest.mark.parametrize("status", [307, 302, 401, 500])
def test_a_refusal_is_told_once_and_leads_nowhere(status: int) -> None:
    """A redirection is not followed: the headers may hold a key."""
    with collecting(status) as fake:
        sending = traces(fake.url)
        sending.ended(finished(exchange(1)))
        trouble = sending.close(1.0)
        assert trouble.startswith("traces were not sent to 127.0.0.1: ")
        assert {path for path, _, _ in fake.got} == {"/v1/traces"}


def test_a_local_collector_is_never_reached_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is sent to this machine, with the key of its headers, is nobody else's to see."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with collecting() as fake, collecting() as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url)
        sending = traces(fake.url)
        sending.ended(finished(exchange(1)))
        assert sending.close(1.0) == ""
    assert len(fake.spans()) == 2 and proxy.got == []


def test_a_collector_that_is_not_there() -> None:
    """Is told, and costs the session nothing."""
    with collecting() as fake:
        pass
    sending = traces(fake.url)
    sending.ended(finished(exchange(1)))
    assert "refused" in sending.close(1.0)


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    """It would fill our memory while the session lives."""
    endless = Given(200, b"x" * (1 << 20), headers={"Content-Length": str(1 << 40)})
    with serving(lambda came: endless) as url:
        sending = traces(url)
        sending.ended(finished(exchange(1)))
        assert sending.close(1.0, timeout=20.0) == ""


def test_a_slow_collector_holds_nobody_up() -> None:
    """What finds no room is dropped, and the end waits no longer than it was given."""
    with collecting() as fake:
        fake.open.clear()
        sending = traces(fake.url)
        for number in range(2 * WAITING):
            sending.ended(finished(exchange(number)))
        assert "too slow" in sending.close(1.0, timeout=0.2)
        fake.open.set()
        deadline = time.monotonic() + 10
        while not any(each["name"].startswith("session") for each in fake.spans()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert len(fake.spans()) < 2 * WAITING


def test_no_thread_for_traces_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no thread left, exchanges end as they would without traces."""

    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    sending = traces("http://127.0.0.1:1/v1/traces")
    monkeypatch.setattr(threading.Thread, "start", refused)
    for number in range(3):
        sending.ended(finished(exchange(number)))
    assert sending.close(1.0) == "traces were not sent: can't start new thread"


def test_nothing_is_sent_without_a_request() -> None:
    """A session in which nothing happened is no trace."""
    with collecting() as fake:
        assert traces(fake.url).close(1.0) == ""
    assert fake.got == []


ALL = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b"}


def test_headers_for_traces_alone() -> None:
    """They are sent in place of those for everything."""
    headers = {
        "OTEL_EXPORTER_OTLP_HEADERS": "a=1",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "b=2,c=x%20y",
    }
    found = collector("", {**ALL, **headers})
    assert found is not None and found.headers == {"b": "2", "c": "x y"}


@pytest.mark.parametrize(
    ("flag", "environ", "url"),
    [
        ("", {}, None),
        ("http://a:4318", {}, "http://a:4318/v1/traces"),
        ("https://a/otel/", {}, "https://a/otel/v1/traces"),
        ("https://a/v1/traces", {}, "https://a/v1/traces"),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b"}, "http://b/v1/traces"),
        ("http://a", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b"}, "http://a/v1/traces"),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "b", "OTEL_SDK_DISABLED": "true"}, None),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "b", "OTEL_TRACES_EXPORTER": "none"}, None),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "b", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, None),
        ("http://a", {"OTEL_SDK_DISABLED": "true"}, "http://a/v1/traces"),
        ("", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/t/", **ALL}, "http://c/t/"),
        ("http://a", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c"}, "http://a/v1/traces"),
        ("", {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc", **ALL}, None),
    ],
)
def test_collectors(flag: str, environ: dict[str, str], url: str | None) -> None:
    """The option stands above the variables; they can say that nothing is to be sent."""
    found = collector(flag, environ)
    assert (found.url if found else None) == url
    assert found is None or found == Collector(found.url, {}, {"service.name": "dsfix"})


@pytest.mark.parametrize(
    "url", ["localhost:4318", "ftp://a", "http://", "http://[a", f"http://u:{SECRET}@a"]
)
def test_addresses_that_are_none(url: str) -> None:
    """An error that repeats nothing of them."""
    for flag, environ in ((url, {}), ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": url})):
        with pytest.raises(UsageError) as error:
            collector(flag, environ)
        assert SECRET not in str(error.value) and error.value.hint


@pytest.mark.parametrize("way", ["option", "variable", "own", "private", "private option"])
def test_a_run_is_traced_where_the_user_says_so(tmp_path: Path, way: str) -> None:
    """By the option or one of the variables; a private run by the option alone."""
    with collecting() as fake, Simulator.in_thread() as upstream:
        words = ["--upstream", upstream.url, "--", sys.executable, "-c", ASK]
        words[:0] = ["--otlp", fake.url] if "option" in way else []
        words[:0] = ["--private"] if "private" in way else []
        named = {"OTEL_EXPORTER_OTLP_ENDPOINT": fake.url}
        if way == "own":
            named = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{fake.url}/v1/traces"}
        env = environment(tmp_path, **named)
        ran = dsfix("run", *words, home=tmp_path, env=env)
        assert ran.code == 0, ran.err
    names = [span["name"] for span in fake.spans()]
    assert names == ([] if way == "private" else ["chat deepseek-v4-pro", f"session {PROGRAM}"])
    records = list(tmp_path.rglob("events.jsonl"))
    assert len(records) == (0 if "private" in way else 1)
    for path in records:
        start = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
        assert start["project"] == ROOT.name


def test_a_collector_that_fails_is_in_the_summary(tmp_path: Path) -> None:
    """Once, and the exit code is the agent's."""
    with collecting() as fake:
        pass
    with Simulator.in_thread() as upstream:
        words = ["--otlp", fake.url, "--upstream", upstream.url]
        ran = dsfix("run", *words, "--", sys.executable, "-c", ASK, home=tmp_path)
    assert ran.code == 0 and ran.err.count("traces were not sent") == 1
    ran = dsfix("run", "--otlp", "nowhere", "true", home=tmp_path)
    assert ran.code == 2 and ran.err.count("\n") == 2
