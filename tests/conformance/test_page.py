"""The page of failures is made from the table, and leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conformance.elsewhere import ELSEWHERE, Elsewhere
from tests.conformance.page import NAME, code, page
from tests.conformance.table import FAILURES, ROWS
from tests.conformance.threads import THREADS, Thread

ROOT = Path(__file__).parent.parent.parent
NAMED = {
    "leechen298/cc-use#1",
    "Gitlawb/openclaude#878",
    "musistudio/claude-code-router#1355",
    "QuantumNous/new-api#4543",
    "decolua/9router#355",
    "NousResearch/hermes-agent#16748",
    "farion1231/cc-switch#2414",
    "NanmiCoder/cc-haha#174",
    "anthropics/claude-code#10199",
    "anthropics/claude-code#51985",
    "anthropics/claude-code#20692",
    "anthropics/claude-code#54482",
}


def checked_in() -> str:
    return (ROOT / "docs" / NAME).read_text(encoding="utf-8")


def test_the_page_is_what_the_table_says() -> None:
    """What is checked in is what the generator writes: make docs."""
    assert checked_in() == page()


def test_every_failure_and_every_error_text_is_there() -> None:
    """Whoever searches for the words of an error finds them."""
    for failure in FAILURES:
        assert f'<a id="{failure.name}"></a>{failure.title}' in checked_in()
    for row in ROWS:
        words = re.sub(r"^[a-z-]+: ", "", row.error)
        assert not words or code(words) in checked_in()
        assert row.why_not in checked_in()


def test_the_named_threads() -> None:
    """They are these, and all of them."""
    assert {thread.name for thread in THREADS} == NAMED


@pytest.mark.parametrize("thread", THREADS, ids=lambda thread: thread.name)
def test_every_named_thread_is_a_row(thread: Thread) -> None:
    """It bears the thread's name and cites it; it is cured, or the thread says why not."""
    rows = [row for row in ROWS if row.what == thread.name]
    assert rows
    for row in rows:
        assert any(source.startswith(f"{thread.name}, ") for source in row.sources)
        assert row.repairs or thread.cured != "cured"
    assert thread.cured == "cured" or thread.why
    assert set(thread.also) <= {failure.name for failure in FAILURES}


@pytest.mark.parametrize("each", ELSEWHERE, ids=lambda each: each.title)
def test_what_is_cured_elsewhere_is_tested_there(each: Elsewhere) -> None:
    """The test that is named exists."""
    file, _, function = each.test.partition("::")
    assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")
    assert each.title in checked_in()


def test_links_within_the_page_lead_somewhere() -> None:
    """Each failure that is linked has its section."""
    anchors = set(re.findall(r'<a id="([\w-]+)">', checked_in()))
    assert set(re.findall(r"\]\(#([\w-]+)\)", checked_in())) <= anchors
