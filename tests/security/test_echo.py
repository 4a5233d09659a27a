"""An upstream that repeats the key in another spelling, or where no answer is expected."""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Callable

import pytest

from dsfix.protocol import sse
from dsfix.proxy.client import Masking
from tests.proxy.wire_data import CLEAN, EVENTS, JSON, STREAM
from tests.support.in_process import KEY, PATHS, InProcess
from tests.support.strict_endpoint import Canned, StrictEndpoint

SPELLINGS = {
    "its dashes": KEY.replace("-", r"\u002D"),
    "all of it": "".join(f"\\u{ord(each):04x}" for each in KEY),
    "its end": KEY[:-1] + f"\\u{ord(KEY[-1]):04X}",
}


ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "base64": lambda key: base64.b64encode(key).decode(),
    "base64 of URLs": lambda key: base64.urlsafe_b64encode(key).decode(),
    "hexadecimal": bytes.hex,
    "capitals": lambda key: key.hex().upper(),
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("stream", [False, True])
def test_an_escaped_key_in_an_error_does_not_reach_the_agent(spelled: str, stream: bool) -> None:
    """Neither in a document nor in an event; other escapes stay as they are."""
    message = rf'"no key: {spelled} \u00e9"'
    text = '{"type":"error","error":{"type":"x","message":' + message + "}}"
    assert KEY in json.loads(text)["error"]["message"]
    body = f"event: error\ndata: {text}\n\n" if stream else text
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        endpoint.canned = [
            Canned(200 if stream else 401, STREAM if stream else JSON, [body.encode()])
        ]
        answer = proxy.ask("POST", PATHS["messages"], CLEAN["messages"])[2].decode()
    told = json.loads(re.sub(r"(?s)^.*?data: ", "", answer) if stream else answer)
    assert told["error"]["message"] == "no key: [REDACTED:api-key] é"


@pytest.mark.parametrize("around", ["", "x", "Basic ", ":", "xy"])
@pytest.mark.parametrize("encoded", ENCODINGS.values(), ids=ENCODINGS)
def test_an_encoded_key_in_an_error_does_not_reach_the_agent(
    encoded: Callable[[bytes], str], around: str
) -> None:
    """Wherever in the encoded text it begins, what remains is not enough to tell it."""
    key = "sk-~~??>>0123456789-abc"  # has both letters that base64 has two of
    text = encoded(f"{around}{key}{around}".encode())
    masked = Masking(key)(f'{{"error": "who is {text}?"}}')
    told = masked.partition("who is ")[2].partition("?")[0]
    assert "[REDACTED:api-key]" in told
    assert len(told) - len("[REDACTED:api-key]") <= len(encoded(around.encode() * 2)) + 4


@pytest.mark.parametrize("kind", [JSON, STREAM, [("Content-Type", "text/html")]])
@pytest.mark.parametrize("text", [f"<p>no such key {KEY}</p>", f'{{"error": "no key {KEY}"}}'])
def test_what_is_no_answer_does_not_tell_the_key(kind: list[tuple[str, str]], text: str) -> None:
    """A page or an error that comes with a 200 is nothing that a model has said."""
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        endpoint.canned = [Canned(200, kind, [text.encode()])]
        try:
            answer = proxy.ask("POST", PATHS["messages"], CLEAN["messages"])[2]
        except http.client.IncompleteRead as cut:
            answer = cut.partial
    assert b"no " in answer and KEY.encode() not in answer


@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize(
    ("begun", "payload"),
    [
        (True, f"no key {KEY}"),
        (True, f'{{"error": {{"message": "no key {KEY}"'),
        (True, f'{{"error": {{"message": "no key {KEY}"}}}}'),
        (False, f'{{"code": 401, "msg": "no key {KEY}"}}'),
    ],
)
def test_what_is_no_event_of_an_answer_does_not_tell_the_key(
    dialect: str, begun: bool, payload: str
) -> None:
    """An error may come in plain words, cut, without a type, or in a shape of its own."""
    events = EVENTS[dialect]
    pieces = [events[: sse.first_end(events)]] if begun else []
    pieces.append(f"event: error\ndata: {payload}\n\n".encode())
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        endpoint.canned = [Canned(200, STREAM, pieces)]
        try:
            answer = proxy.ask("POST", PATHS[dialect], CLEAN[dialect])[2]
        except http.client.IncompleteRead as cut:
            answer = cut.partial
    assert b"no key [REDACTED:api-key]" in answer


@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize(
    "words",
    [
        f"<h1>Error</h1>\n\n<p>Authorization: Bearer {KEY}\n\n",
        f": no key {KEY}\n\n",
        f"id: {KEY}\nevent: {KEY}\ndata: {{}}\n\n",
    ],
)
def test_what_stands_beside_the_data_does_not_tell_the_key(dialect: str, words: str) -> None:
    """A page in the middle of a stream, a comment, a name; what the model says is not altered."""
    events = EVENTS[dialect].replace(b"\\u00e9", KEY.encode())
    first = sse.first_end(events)
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        pieces = [events[:first], words.encode(), events[first:]]
        endpoint.canned = [Canned(200, STREAM, pieces)]
        answer = proxy.ask("POST", PATHS[dialect], CLEAN[dialect])[2].decode()
    told = words.replace(KEY, "[REDACTED:api-key]")
    assert answer == told.join(each.decode() for each in (events[:first], events[first:]))


@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize("together", [True, False])
def test_what_comes_with_every_event_does_not_tell_the_key(dialect: str, together: bool) -> None:
    """Many that are alike, in one piece, or each on its own, are not passed on unlooked at."""
    name = f"id: {KEY}\n".encode()
    events = [name + each for each in sse.split(EVENTS[dialect])]
    says = {"messages": b"text_delta", "chat": b'"content":', "responses": b"output_text.delta"}
    [delta, *_] = (each for each in events if says[dialect] in each)
    events[events.index(delta) : events.index(delta)] = [delta] * 40
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        endpoint.canned = [Canned(200, STREAM, [b"".join(events)] if together else events)]
        answer = proxy.ask("POST", PATHS[dialect], CLEAN[dialect])[2]
    assert answer.count(b"id: [REDACTED:api-key]") == len(events)
    assert KEY.encode() not in answer
