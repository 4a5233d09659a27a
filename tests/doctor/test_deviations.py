"""One planted deviation at a time: it is named, and only it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.doctor.finding import Level
from dsfix.doctor.probes import NAMES, PROBES
from dsfix.errors import ExitCode
from dsfix.upstreams import named
from tests.doctor.support import (
    DIALECTS,
    by_name,
    drifts,
    error,
    probed,
    relay,
    simulated,
)
from tests.support.serving import Came, Given


def everywhere(end: str, word: str, dialects: tuple[str, ...] = DIALECTS) -> dict[str, str]:
    """The same word for one probe of each dialect."""
    return {f"{dialect}-{end}": word for dialect in dialects}


BOTH = ("chat", "messages")
ANSWERED = [
    everywhere(f"reasoning-{end}", "answered") for end in ("absent", "earlier", "plain-absent")
]
PLANTED: list[tuple[str, dict[str, str]]] = [
    ("serve-as=other", everywhere("model-echo", "other")),
    ("pro-as-flash", everywhere("model-echo", "other")),
    ("signature=none", {"messages-signature": "absent"}),
    ("usage-chunk=none", {"chat-usage": "uncounted"}),
    ("keep-alive", everywhere("keep-alive", "comments")),
    ("thinks-anyway", everywhere("thinking-off", "reasoning")),
    ("auto-thinking", {"messages-thinking-auto": "reasoning"}),
    (
        "forced-choice=accept",
        {**everywhere("tool-choice", "called"), "messages-tool-choice-any": "called"},
    ),
    ("forced-choice=any-auto", {"messages-tool-choice-any": "ignored"}),
    ("typed-tools=ignore", {"messages-typed-tool": "answered"}),
    ("long-names", everywhere("tool-name-long", "answered", BOTH)),
    (
        "broken-every=1",
        {
            **everywhere("tool-call", "broken", ("chat", "responses")),
            "messages-stream-tool-call": "broken",
        },
    ),
    ("plain-reasoning=fail", everywhere("reasoning-plain", "failing")),
    ("blank=accept", everywhere("reasoning-empty", "answered", BOTH)),
    ("pass-back=strict", ANSWERED[2]),
    ("pass-back=open-loop", {**ANSWERED[1], **ANSWERED[2]}),
    ("unsigned=refuse", {"messages-reasoning-unsigned": "refused"}),
    ("redacted=refuse", {"messages-reasoning-redacted": "refused"}),
    ("split-calls=accept", {"responses-interleaved": "answered"}),
    ("images=drop", everywhere("image", "unseen")),
    ("images=refuse", everywhere("image", "refused")),
    ("check-user-id=off", everywhere("user-id", "answered", BOTH)),
    ("system-role=off", {"messages-system-role": "refused", "messages-system-last": "refused"}),
    ("mute-after-system", {"messages-system-last": "empty"}),
    ("unknown-blocks=drop", {"messages-document": "answered"}),
    ("names=any", {"messages-unknown-model": "answered"}),
    ("count-tokens", {"messages-count-tokens": "counted"}),
    ("flaky", {"chat-reasoning-real": "refused"}),
]


def test_every_probe_has_an_expectation() -> None:
    """The data file says of each probe how it ends, in a word that the probe explains."""
    expect = named("deepseek").expect
    assert set(expect) == set(NAMES) - {"auth"}  # its words are told by other probes
    assert len(set(NAMES)) == len(PROBES)


def test_nothing_planted() -> None:
    """An endpoint that does as the data file says shows no drift, and needs dsfix."""
    report = simulated()
    assert not drifts(report)
    assert {each.name for each in report.findings} >= set(NAMES)
    assert {each.level for each in report.findings if each.where == "endpoint"} == {
        Level.GOOD,
        Level.REPAIRED,
    }
    refused = [each for each in report.findings if each.raw == "refused"]
    assert len(refused) > 20
    assert all(each.repairs and each.through for each in refused)


@pytest.mark.parametrize(("switch", "planted"), PLANTED)
def test_planted_in_the_simulator(switch: str, planted: dict[str, str]) -> None:
    """Each switch of the simulator that changes what it does is named, and nothing else is."""
    assert drifts(simulated(switch)) == planted


@pytest.mark.parametrize(
    "switch",
    ["crlf", "chunk=7", "gzip", "ping", "usage-chunk=own", "relay=wrapped", "wording=v3.2"],
)
def test_what_no_agent_minds(switch: str) -> None:
    """Other ways of writing the same thing are no deviation."""
    assert not drifts(simulated(switch))


def without(names: tuple[str, ...], value: Any) -> Any:
    """A JSON value without members of these names, and without blocks of these types."""
    if isinstance(value, dict):
        return {k: without(names, v) for k, v in value.items() if k not in names}
    if isinstance(value, list):
        kept = (
            each for each in value if not (isinstance(each, dict) and each.get("type") in names)
        )
        return [without(names, each) for each in kept]
    return value


def stripped(data: bytes, names: tuple[str, ...]) -> bytes:
    """A document without these, or the events of a stream."""
    if data[:1] == b"{":
        return json.dumps(without(names, json.loads(data))).encode()
    lines = []
    for line in data.split(b"\n"):
        if line.startswith(b"data: {"):
            line = b"data: " + json.dumps(without(names, json.loads(line[6:]))).encode()
        lines.append(line)
    return b"\n".join(lines)


STRIPPED: list[tuple[tuple[str, ...], dict[str, str]]] = [
    (("reasoning_content",), {"chat-thinking-on": "absent", "chat-thinking-adaptive": "absent"}),
    (("id",), everywhere("fields", "incomplete")),
    (("model",), everywhere("model-echo", "unnamed")),
    (("usage",), everywhere("usage", "uncounted")),
    (("signature",), {"messages-signature": "absent"}),
    (("finish_reason",), {"chat-fields": "incomplete"}),
]


@pytest.mark.parametrize(("names", "planted"), STRIPPED)
def test_a_relay_that_strips_answers(names: tuple[str, ...], planted: dict[str, str]) -> None:
    """What a relay takes out of answers is named once; what builds on it is not asked."""
    only = ("chat", "messages") if "id" not in names else ("fields",)

    def change(came: Came, given: Given) -> Given:
        ours = given.status == 200 and came.method == "POST"
        return given._replace(body=stripped(given.body, names)) if ours else given

    with relay(change) as url:
        report = probed(url, *only)
    expected = {name: word for name, word in planted.items() if name.split("-")[0] in BOTH}
    assert drifts(report) == (planted if only == ("fields",) else expected)


def test_a_relay_that_strips_requests() -> None:
    """Where reasoning does not arrive, that is named, and what it makes refused is not."""

    def before(came: Came) -> bytes:
        return stripped(came.body, ("reasoning_content",))

    with relay(lambda came, given: given, before) as url:
        report = probed(url, "chat")
    assert drifts(report) == {"chat-reasoning-real": "refused"}
    assert by_name(report)["chat-reasoning-absent"].level is Level.SKIPPED


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_that_is_missing(dialect: str) -> None:
    """One row says so, and nothing more is asked of it; the others are asked as ever."""

    def change(came: Came, given: Given) -> Given:
        end = {"chat": "completions"}.get(dialect, dialect)
        return Given(404) if came.path.endswith(end) else given

    with relay(change) as url:
        report = probed(url)
    assert drifts(report) == {f"{dialect}-json": "missing"}
    assert report.exit_code is ExitCode.FAILED


def test_a_stream_that_is_none() -> None:
    """A relay that answers a stream with a page is named in its stream row only."""

    def change(came: Came, given: Given) -> Given:
        if given.kind.startswith("text/event-stream") and came.path.endswith("/messages"):
            return Given(200, b"<html><body>welcome</body></html>", "text/html")
        return given

    with relay(change) as url:
        assert drifts(probed(url, "messages")) == {"messages-stream": "html"}


def test_a_stream_without_its_end() -> None:
    """A stream whose last event is missing is told from one that ended."""

    def change(came: Came, given: Given) -> Given:
        return given._replace(body=given.body.replace(b"data: [DONE]\n\n", b""))

    with relay(change) as url:
        assert drifts(probed(url, "chat")) == {"chat-stream": "unended"}


def test_tools_are_not_called() -> None:
    """A relay that drops tools: no call comes, and what would follow is not asked."""

    def before(came: Came) -> bytes:
        return stripped(came.body, ("tools", "tool_choice"))

    with relay(lambda came, given: given, before) as url:
        found = drifts(probed(url, "chat-tool-call", "chat-reasoning-real"))
    assert found == {"chat-tool-call": "not-called"}


def test_no_cache() -> None:
    """Where nothing is cached the second time, that is a warning."""

    def change(came: Came, given: Given) -> Given:
        body = given.body.replace(b'cache_hit_tokens":512', b'cache_hit_tokens":0')
        return given._replace(body=body.replace(b'cached_tokens":512', b'cached_tokens":0'))

    with relay(change) as url:
        report = probed(url, "chat-cache")
    assert drifts(report) == {"chat-cache": "miss"}
    assert report.exit_code is ExitCode.WARNED


def test_models_and_balance() -> None:
    """A used-up account, and a list of models that is not there, are told from each other."""
    empty = {"is_available": False, "balance_infos": []}

    def change(came: Came, given: Given) -> Given:
        if came.path == "/user/balance":
            return Given(200, json.dumps(empty).encode())
        return error(404, "no models") if came.path == "/models" else given

    with relay(change) as url:
        report = probed(url, "auth", "models", "balance")
    assert drifts(report) == {"models": "missing", "balance": "used-up"}
