"""A session in other programs' formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dsfix.protocol.answer import Block
from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Exchange
from dsfix.record.log import SessionLog
from dsfix.record.reader import SessionRecord, read
from dsfix.redact import Redactor
from dsfix.repairs.base import Change
from dsfix.report.export import FORMATS
from dsfix.report.export.otlp import exchange_span, provider_of
from dsfix.report.recall import recalled
from tests.record.support import START, assistant, exchange, finished, reply, request, user
from tests.repairs.support import sent

SECRET = "sk-0123456789abcdef0123456789abcdef"
TOOLS = [{"name": "Read", "input_schema": {"type": "object"}}]


@pytest.fixture
def record(tmp_path: Path) -> SessionRecord:
    """Two exchanges of one conversation, and one that failed; a key in what was said."""
    log = SessionLog(tmp_path, Redactor({SECRET: "api-key"}), clock=lambda: START)
    upstream = "https://api.deepseek.com"
    log.start({"agent": "claude", "upstream": upstream, "cwd": "/home/me/web", "branch": "main"})
    answer = reply(Block("text", parts=["It says ``` here."], complete=True))
    first = exchange(1, stream=True, bytes_in=10)
    log.began(first, request([user(f"my key is {SECRET}")], tools=TOOLS, system="be good"))
    log.ended(finished(first, changes=[Change("model-name", "x")]), answer)
    call = {"type": "tool_use", "id": "t", "name": "Read", "input": {"path": "a"}}
    turn = assistant("It says ``` here.", "let me\nthink")
    turn["content"].append(call)
    result = {"type": "tool_result", "tool_use_id": "t", "content": "one\n```py\ntwo\n```"}
    said = [user("read it"), turn, {"role": "user", "content": [result]}]
    second = exchange(2, bytes_in=10, path="/api.deepseek.com/anthropic/v1/messages")
    log.began(second, request(said, tools=TOOLS, system="be good", temperature=0.5))
    usage = Usage(1000, 900, 50, searches=2)
    log.ended(finished(second, usage=usage), reply(Block("text", parts=["done"], complete=True)))
    failed = exchange(3, conversation="c2", bytes_in=10)
    log.began(failed, request([user("hi")], "c2"))
    finished(failed, error=f"invalid key {SECRET}")
    failed.status, failed.usage = 401, None
    log.ended(failed, None)
    log.close(0, 12.5)
    assert log.path is not None
    return read(log.path)


def exported(record: SessionRecord, form: str) -> str:
    """The whole document."""
    return "".join(FORMATS[form](record, recalled(record)))


@pytest.mark.parametrize("form", FORMATS)
def test_no_secret_is_exported(record: SessionRecord, form: str) -> None:
    """The record has none, and nothing else is exported; nor does any format need the texts."""
    assert SECRET not in exported(record, form)
    assert exported(record, form).endswith("\n")


def test_markdown(record: SessionRecord) -> None:
    """What was said, with fences that no text can close."""
    text = exported(record, "md")
    head, one, two = text.split("\n## ")
    assert "- branch: main\n" in head and "(1,800 cached), 100 out, 2 searches\n" in head
    assert two.startswith("Conversation of exchange 3 (main)\n\n### user\n\nhi\n")
    assert one == (
        "Conversation of exchange 2 (main)\n\n### user\n\nread it\n\n### assistant\n\n"
        "> *thinks*\n>\n> let me\n> think\n\nIt says ``` here.\n\n"
        'calls `Read`\n\n```json\n{"path": "a"}\n```\n\n'
        "### tool\n\n````\none\n```py\ntwo\n```\n````\n\n### assistant\n\ndone\n"
    )


def test_json_lines(record: SessionRecord) -> None:
    """The session, then every exchange with the whole of its request."""
    session, *exchanges = map(json.loads, exported(record, "jsonl").splitlines())
    assert (session["type"], session["id"]) == ("session", record.id)
    assert "exchanges" not in session and session["summary"]["exchanges"]["total"] == 3
    assert [each["id"] for each in exchanges] == [1, 2, 3]
    request = exchanges[1]["request"]
    assert request["messages"][0] == user("read it") and len(request["messages"]) == 3
    assert (request["system"], request["tools"]) == ("be good", TOOLS)
    assert (request["model"], request["temperature"]) == ("claude-sonnet-4-5", 0.5)
    assert exchanges[1]["answer"] == [{"type": "text", "text": "done"}]
    assert exchanges[0]["repairs"][0]["repair"] == "model-name"


def test_http_archive(record: SessionRecord) -> None:
    """Every member that HAR 1.2 asks for is there; there are no headers."""
    log = json.loads(exported(record, "har"))["log"]
    assert log["version"] == "1.2" and log["creator"]["name"] == "dsfix"
    assert len(log["entries"]) == 3
    for entry in log["entries"]:
        assert entry.keys() >= {
            "startedDateTime", "time", "request", "response", "cache", "timings",
        }  # fmt: skip
        assert entry["request"].keys() >= {
            "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize",
            "bodySize", "postData",
        }  # fmt: skip
        assert entry["response"].keys() >= {
            "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL",
            "headersSize", "bodySize",
        }  # fmt: skip
        assert entry["request"]["headers"] == entry["response"]["headers"] == []
        assert sum(entry["timings"].values()) == entry["time"] == 1500
    first, second, failed = log["entries"]
    assert first["startedDateTime"] == "2026-11-21T03:15:23+00:00"
    assert first["request"]["url"] == "https://api.deepseek.com/v1/messages"
    assert second["request"]["url"] == "https://api.deepseek.com/anthropic/v1/messages"
    assert json.loads(first["request"]["postData"]["text"])["system"] == "be good"
    assert first["timings"]["wait"] == 250
    content = failed["response"]["content"]
    assert failed["response"]["statusText"] == "Unauthorized" and "invalid key" in content["text"]
    assert content["size"] == len(content["text"])


def test_traces(record: SessionRecord) -> None:
    """One trace, a span for each exchange under the session's; the same ones every time."""
    text = exported(record, "otlp")
    assert text == exported(record, "otlp")
    [resource] = json.loads(text)["resourceSpans"]
    session, *spans = resource["scopeSpans"][0]["spans"]
    assert {each["traceId"] for each in spans} == {session["traceId"]}
    assert {each["parentSpanId"] for each in spans} == {session["spanId"]}
    assert len({session["spanId"], *(each["spanId"] for each in spans)}) == 4
    assert (len(session["traceId"]), len(session["spanId"])) == (32, 16)
    assert session["startTimeUnixNano"] == "1795230922000000000"
    assert session["endTimeUnixNano"] == "1795230934500000000"
    said = attributes(spans[0])
    assert said["gen_ai.provider.name"] == {"stringValue": "deepseek"}
    assert said["gen_ai.usage.input_tokens"] == {"intValue": "1000"}
    assert said["gen_ai.response.finish_reasons"] == {
        "arrayValue": {"values": [{"stringValue": "end_turn"}]}
    }
    assert said["gen_ai.request.stream"] == {"boolValue": True}
    assert said["gen_ai.response.time_to_first_chunk"] == {"doubleValue": 0.25}
    assert spans[0]["status"] == {} and spans[0]["kind"] == 3
    assert spans[2]["status"]["code"] == 2
    assert attributes(spans[2])["error.type"] == {"stringValue": "401"}
    assert "be good" not in text and "read it" not in text


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a span by name."""
    return {each["key"]: each["value"] for each in span["attributes"]}


@pytest.mark.parametrize(
    ("upstream", "name"),
    [
        ("https://api.deepseek.com", "deepseek"),
        ("https://open.bigmodel.cn", "bigmodel"),
        ("http://127.0.0.1:8000", "127.0.0.1"),
        ("http://localhost", "localhost"),
        ("", "unknown"),
    ],
)
def test_providers(upstream: str, name: str) -> None:
    """Named by the host, where it has a name."""
    assert provider_of(upstream) == name


@pytest.mark.parametrize("form", FORMATS)
def test_a_record_without_texts_is_exported(tmp_path: Path, form: str) -> None:
    """And one of nothing at all."""
    log = SessionLog(tmp_path, Redactor({}), bodies=False)
    log.start({})
    each = exchange()
    log.began(each, request([user("hi")]))
    log.close(0, 1)
    assert log.path is not None
    assert exported(read(log.path), form)
    log.path.write_bytes(b"")
    assert exported(read(log.path), form)


def test_what_was_written_to_the_cache_is_traced() -> None:
    """As it costs more; nothing is said where nothing was."""
    name = "gen_ai.usage.cache_creation.input_tokens"
    each = Exchange(1, 0.0, Dialect.MESSAGES, "/v1/messages", usage=Usage(9, written=7))
    assert attributes(exchange_span("s", "anthropic", each))[name] == {"intValue": "7"}
    each.usage = Usage(9)
    assert name not in attributes(exchange_span("s", "anthropic", each))


def test_what_repairs_changed_is_exported(tmp_path: Path) -> None:
    """Before and after, in every format that tells of exchanges one by one."""
    log = SessionLog(tmp_path, Redactor({}), clock=lambda: START)
    log.start({"agent": "claude", "upstream": "https://api.deepseek.com"})
    _, outgoing = sent(Dialect.MESSAGES, {"model": "deepseek-v4-pro", "max_tokens": 9_000_000,
                                          "messages": [user("hi")]})  # fmt: skip
    each = exchange(1, bytes_in=10)
    log.began(each, outgoing)
    log.ended(finished(each), None)
    log.close(0, 1)
    assert log.path is not None
    found = read(log.path)
    edits = {
        "request": [
            {"repair": "max-tokens", "where": "max_tokens", "before": "9000000", "after": "393216"}
        ],
        "repeated": 0,
        "left_out": 0,
        "answer": [],
    }
    assert json.loads(exported(found, "jsonl").splitlines()[1])["edits"] == edits
    entry = json.loads(exported(found, "har"))["log"]["entries"][0]
    assert entry["_dsfix"]["edits"] == edits and float(entry["_dsfix"]["cost"]) > 0
    assert exported(found, "md").endswith(
        "## What repairs changed\n\n### exchange 1\n\n**max-tokens** `max_tokens`\n"
        "\nbefore\n\n```json\n9000000\n```\n\nafter\n\n```json\n393216\n```\n"
    )


@pytest.mark.parametrize("after", ["[" * 2000, "[" * 990 + "]" * 990])
@pytest.mark.parametrize("form", FORMATS)
def test_a_change_that_is_nested_deeply_is_exported(tmp_path: Path, form: str, after: str) -> None:
    """An agent's tool may be described so; its change is told as it stands."""
    log = SessionLog(tmp_path, Redactor({}))
    log.start({})
    log.began(exchange(), request([user("hi")]))
    log.close(0, 1)
    assert log.path is not None
    edit = {"repair": "tool-schema", "where": "tools", "before": "null", "after": after}
    events = [json.loads(line) for line in log.path.read_bytes().splitlines()]
    for event in events:
        event |= {"edits": [edit]} if event["type"] == "request" else {}
    log.path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    assert exported(read(log.path), form)
