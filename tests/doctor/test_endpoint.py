"""An endpoint that is not the simulator, with one planted deviation: it is named, and only it."""

from __future__ import annotations

import pytest

from dsfix.doctor.examine import Report
from dsfix.doctor.finding import Level
from dsfix.errors import ExitCode
from tests.doctor.endpoint import running
from tests.doctor.support import by_name, drifts, probed

ONLY = ("auth", "models", "balance", "clock-skew", "chat", "messages")


def both(*ends: str, word: str) -> dict[str, str]:
    """The same word for probes of both dialects."""
    return {f"{dialect}-{end}": word for dialect in ("chat", "messages") for end in ends}


PLANTED: dict[str, dict[str, str]] = {
    "echo": both("model-echo", word="other"),
    "no-usage": both("usage", word="uncounted"),
    "no-cache": both("cache", word="miss"),
    "unsigned": {"messages-signature": "absent"},
    "no-reasoning": both("thinking-on", "thinking-adaptive", word="absent"),
    "think-tags": both("thinking-on", "thinking-adaptive", word="in-text"),
    "tags-anyway": both("thinking-off", word="in-text"),
    "no-adaptive": both("thinking-adaptive", word="refused"),
    "force-ignored": {
        **both("tool-choice", word="ignored"),
        "messages-tool-choice-any": "ignored",
    },
    "forgiving": both(
        "reasoning-absent",
        "reasoning-empty",
        "reasoning-earlier",
        "reasoning-plain-absent",
        word="answered",
    ),
    "only-own": both("reasoning-placeholder", word="refused"),
    "no-redacted": {"messages-reasoning-redacted": "refused"},
    "no-images": both("image", word="refused"),
    "cap": both("max-tokens", word="refused"),
    "known-only": both("extra-members", word="refused"),
    "system-string": {"messages-system-blocks": "refused"},
    "no-marks": {"messages-cache-control": "refused"},
    "endless": both("stream", word="unended"),
    "plain": both("stream", word="mislabelled"),
    "no-stream-calls": both("stream-tool-call", word="not-called"),
    "one-id": both("tool-frame", word="incomplete"),
    "stop": both("tool-frame", word="incomplete"),
    "no-index": {"chat-tool-frame": "incomplete"},
    "arguments": {"chat-tool-frame": "incomplete"},
    "/models 500": {"models": "failing"},
    "/models 403": {"models": "forbidden"},
    "/models 404": {"models": "missing"},
    "/user/balance 403": {"balance": "forbidden"},
    "used-up": {"balance": "used-up"},
}


def examined(*ways: str) -> Report:
    """What the doctor finds of it."""
    with running(*ways) as url:
        return probed(url, *ONLY)


def test_nothing_planted() -> None:
    """An endpoint that does as its pages say shows no drift, and all of it works with dsfix."""
    report = examined()
    assert not drifts(report)
    assert report.exit_code is ExitCode.WARNED
    assert {each.level for each in report.findings} == {Level.GOOD, Level.REPAIRED}
    assert not [each.name for each in report.findings if "small-calls" in each.repairs]


@pytest.mark.parametrize(("way", "planted"), PLANTED.items())
def test_planted(way: str, planted: dict[str, str]) -> None:
    """Each deviation is named by its probe, in one word, and nothing else is named."""
    assert drifts(examined(way)) == planted


def test_a_byte_order_mark() -> None:
    """JSON with a mark before it is told from what is no JSON; nothing builds on it."""
    assert drifts(examined("bom")) == both("json", word="bom")


def test_lines_that_end_otherwise() -> None:
    """Events may end in CR alone: that is no deviation."""
    assert not drifts(examined("cr"))


def test_one_refusal_for_haste() -> None:
    """A question that comes too soon is asked again: it is named, and what follows is asked."""
    report = examined("one-429")
    busy = [each for each in report.findings if each.raw == "busy"]
    assert [(each.level, each.through) for each in busy] == [(Level.REPAIRED, "answered")]
    assert not drifts(report)
    assert Level.SKIPPED not in {each.level for each in report.findings}


def test_a_key_for_the_models_alone() -> None:
    """Where the key may see neither the list nor the balance, the models are asked all the same."""
    report = examined("/models 403", "/user/balance 401")
    assert by_name(report)["balance"].level is Level.WARN
    assert by_name(report)["messages-json"].level is Level.GOOD
    assert drifts(report) == {"models": "forbidden"}
