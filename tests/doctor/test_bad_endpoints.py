"""Endpoints with which nothing can be had: one clear finding, and never a traceback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dsfix.doctor.finding import Level
from dsfix.errors import ExitCode
from tests.doctor.support import KEY, error, probed, relay
from tests.support.serving import Came, Given, serving


@contextmanager
def silent(said: bytes = b"") -> Iterator[str]:
    """The address of a server that takes connections, says so much, and nothing more."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def take() -> None:
        try:
            while True:
                connection, _ = listener.accept()
                connection.sendall(said)
                held.append(connection)
        except OSError:
            return

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in held:
            connection.close()


def trouble(url: str, timeout: float = 5.0) -> dict[str, str]:
    """What must be acted on, by name; whatever happens, that is what decides the exit code."""
    report = probed(url, timeout=timeout)
    assert report.exit_code is ExitCode.FAILED
    acting = [each for each in report.findings if each.level is Level.ACT]
    assert all(each.means and each.do for each in acting)
    return {each.name: each.raw for each in acting}


def test_a_dead_port() -> None:
    """Nothing listens: said once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert trouble(f"http://127.0.0.1:{port}") == {"auth": "unreachable"}


def test_no_tls() -> None:
    """What answers does not speak TLS: said once."""
    with silent(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address:
        assert trouble(f"https://{address}") == {"auth": "tls"}


def test_a_server_that_hangs() -> None:
    """No answer in time: after two of these nothing more is asked."""
    with silent() as address:
        found = trouble(f"http://{address}", timeout=0.2)
    assert set(found.values()) == {"timeout"}
    assert len(found) <= 2


@pytest.mark.parametrize(
    ("status", "text", "word"),
    [
        (401, "Authentication Fails", "key-refused"),
        (402, "Insufficient Balance", "no-money"),
        (403, "Forbidden", "forbidden"),
        (429, "Too many requests", "busy"),
        (500, "Internal error", "failing"),
        (302, "Moved", "redirected"),
    ],
)
def test_a_status_everywhere(status: int, text: str, word: str) -> None:
    """Each status has a word, and is said at most twice before nothing more is asked."""
    with serving(lambda came: error(status, text)) as url:
        found = trouble(url)
    assert set(found.values()) == {word}
    assert len(found) <= 2


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (Given(404), "missing"),
        (Given(200, b"<!DOCTYPE html><title>Hi</title>", "text/html"), "html"),
        (Given(200, b"ok", "text/plain"), "not-json"),
        (Given(200, b"[]"), "malformed"),
        (Given(200, b"{}"), "malformed"),
        (Given(200, b'{"error":{"message":"no channel"}}'), "malformed"),
        (Given(200, b"null"), "not-json"),
        (Given(200, b'{"choices":[{"message":5}],"content":[7],"output":[3]}'), "malformed"),
    ],
)
def test_no_api_at_all(given: Given, word: str) -> None:
    """What is no API is said of each dialect, and of nothing that builds on it."""
    with serving(lambda came: given) as url:
        found = trouble(url)
    assert found == {f"{dialect}-json": word for dialect in ("chat", "messages", "responses")}


def test_events_that_only_some_questions_get() -> None:
    """It is said of each of them, whoever had asked for one document."""
    events = Given(200, b'data: {"choices":[]}\n\ndata: [DONE]\n\n', "text/event-stream")
    with relay(lambda came, given: events if b'"tools"' in came.body else given) as url:
        report = probed(url, "chat-json", "chat-tool-name-long")
    raw = {each.name: each.raw for each in report.findings}
    assert (raw["chat-json"], raw["chat-tool-name-long"]) == ("answered", "streamed")


@pytest.mark.parametrize("body", [b"[]", b'{"output":null}', b'{"output":[{}]}'])
def test_an_answer_of_another_form_on_which_a_question_builds(body: bytes) -> None:
    """It is said of the probe that asks on, and what follows is asked."""
    with relay(
        lambda came, given: Given(200, body) if b"[[parallel]]" in came.body else given
    ) as url:
        report = probed(url, "responses-interleaved", "responses-model-echo")
    raw = {each.name: each.raw for each in report.findings}
    assert (raw["responses-interleaved"], raw["responses-model-echo"]) == ("malformed", "same")


def test_a_call_that_fails_within_its_stream() -> None:
    """It is told with the endpoint's own words, as any stream that fails is."""
    broken = b'data: {"error": {"message": "no slot is free"}}\n\n'

    def failing(came: Came, given: Given) -> Given:
        both = b'"tools"' in came.body and "event-stream" in given.kind
        return given._replace(body=broken) if both else given

    with relay(failing) as url:
        (finding,) = probed(url, "chat-stream-tool-call").findings
    assert (finding.raw, finding.said) == ("failing", "no slot is free")


def test_an_empty_list_of_models() -> None:
    """What is missing is models, and no answer of one: another --model would not help."""
    with serving(lambda came: Given(200, b'{"data":[]}')) as url:
        (finding,) = probed(url, "models").findings
    assert finding.raw == "empty"
    assert finding.means == "Agents that look for models find none."


def test_a_single_call_is_not_asked_about_as_torn() -> None:
    """One with its own output behind it tells nothing of several."""

    def change(came: Came, given: Given) -> Given:
        answer = json.loads(given.body) if b"[[parallel]]" in came.body else None
        if answer is None:
            return given
        call, *_ = (item for item in answer["output"] if item["type"] == "function_call")
        return Given(200, json.dumps({**answer, "output": [call]}).encode())

    with relay(change) as url:
        report = probed(url, "responses-interleaved")
    assert "the model made no parallel calls" in str(report.findings)


def test_a_key_that_only_models_refuse() -> None:
    """Where only the models' answers cost money, the first of them says that there is none."""

    def change(came: Came, given: Given) -> Given:
        return error(402, "Insufficient Balance") if came.method == "POST" else given

    with relay(change) as url:
        assert trouble(url) == {"chat-json": "no-money"}


def test_the_key_is_never_shown() -> None:
    """An endpoint that repeats the key does not get it onto the screen."""
    with serving(lambda came: error(401, f"bad key {came.headers['authorization']}")) as url:
        report = probed(url)
    assert KEY not in json.dumps(report.as_dict())
    assert "bad key" in json.dumps(report.as_dict())


def test_nothing_but_the_key_is_asked() -> None:
    """Where the list of models does not come, the key is not called good."""
    with serving(lambda came: error(500, "no")) as url:
        report = probed(url, "auth")
    assert [(each.raw, each.level) for each in report.findings] == [("failing", Level.WARN)]
