"""The page in a real browser."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.record.support import exchange, finished, user
from tests.view.browser import Tab, Visit
from tests.view.support import Session, block, large, serving, small, written

TEXT = "document.querySelector('main').innerText"


def test_a_conversation_reads_in_order(visit: Visit, address: str) -> None:
    """Question, exchange, reasoning, call, result, answer; long things folded, all of it there."""

    async def look(one: Tab) -> None:
        await one.until(f"{TEXT}.includes('It is fixed.')")
        text = await one.run(TEXT)
        parts = ["Fix the parser", "#2", "thinks", "Where is the parser?", "calls", "Read"]
        parts += ["answer sent back", "without its reasoning, with other placeholder"]
        parts += [
            "result",
            "def parse",
            "[image]",
            "#3",
            "Rate limit reached",
            "#4",
            "It is fixed.",
        ]
        places = [text.find(part) for part in parts]
        assert places == sorted(places) and min(places) >= 0, list(zip(parts, places, strict=True))
        assert await one.run("document.querySelectorAll('main details[open]').length") == 0
        await one.look(1280, 4000)
        await one.press("e")
        text = await one.run(TEXT)
        for part in ("placeholder of dsfix", "[reasoning not recorded before calling Read"):
            assert part in text

    visit(address, look)


def test_an_exchange_says_what_was_done(visit: Visit, address: str) -> None:
    """Times, tokens, the three models, repairs with their detail, attempts, errors, the parts."""

    async def look(one: Tab) -> None:
        await one.look(1280, 4000)
        await one.press("e")
        text = re.sub(r"\s+", " ", await one.run(TEXT))
        for part in (
            "claude-sonnet-4-5 → deepseek-v4-pro",
            "200 tool_use first byte 0.25 s took 1.50 s tokens/s 40 in 1.0k cached 90% out 50 searches 1",
            "model-name ×3: deepseek-v4-pro for claude-sonnet-4-5",
            "400 must be passed back → resend",
            "1 placeholder where the text is not known",
            "compare with the request before (#2)",
            "max_tokens 100",
            "system 2",
        ):
            assert part in text, part

    visit(address, look)


def test_the_list_names_every_conversation(visit: Visit, address: str) -> None:
    """By kind and by what the user said; each opens."""

    async def look(one: Tab) -> None:
        text = await one.run("document.querySelector('nav').innerText")
        for part in ("title\nName this chat", "main\nFix the parser\n3 exchanges", "1 failed"):
            assert part in text
        await one.run("document.querySelectorAll('nav > a')[2].click()")
        await one.until(f"{TEXT}.includes('Seven files.')")
        assert "Fix the parser" not in await one.run(TEXT)

    visit(address, look)


def test_the_timeline_leads_to_the_exchange(visit: Visit, address: str) -> None:
    """A line for each exchange of the session, with bars that can be compared."""

    async def look(one: Tab) -> None:
        await one.press("t")
        await one.until("document.querySelectorAll('.exchange-line:not(.head)').length === 5")
        line = "document.querySelector('.chunk .exchange-line').innerText"
        await one.until(f"{line}.includes('#1')")
        first = await one.run(line)
        assert {"#1", "title", "0.25 s", "1.50 s", "200 end_turn"} <= set(first.split("\n"))
        width = "getComputedStyle(document.querySelector('.chunk .stream')).width"
        assert float((await one.run(width)).removesuffix("px")) > 100
        await one.run("document.querySelectorAll('.chunk .exchange-line')[4].click()")
        await one.until(f"{TEXT}.includes('Seven files.')")
        assert "#5" in await one.run("document.querySelector('.at').innerText")

    visit(address, look)


def test_two_requests_are_compared(visit: Visit, address: str) -> None:
    """The line of the system prompt that changed, tools, members and messages."""

    async def look(one: Tab) -> None:
        await one.run("location.hash = 'compare=2,3'")
        await one.until(f"{TEXT}.includes('Messages')")
        assert await one.run("document.querySelector('del').innerText.trim()") == "- Day one"
        assert await one.run("document.querySelector('ins').innerText.trim()") == "+ Day two"
        text = await one.run(TEXT)
        assert "+ Bash" in text
        assert "1 the same at the start, 0 → 2, 0 the same at the end" in text
        assert "Be brief." in text
        await one.run("location.hash = 'compare=4,99'")
        await one.until(f"{TEXT}.includes('no such exchange')")

    visit(address, look)


def test_an_address_that_names_nothing(visit: Visit, address: str) -> None:
    """The page opens as without it, also where it is no well-formed one."""

    async def look(one: Tab) -> None:
        await one.run("location.hash = 'timeline'")
        await one.run("location.hash = '%E0%A4%A'")
        await one.until("document.querySelector('nav a[aria-current]') !== null")

    visit(address, look)


def test_only_the_lines_that_changed_are_told(visit: Visit, tmp_path: Path) -> None:
    """Two lines far apart in a long text: both with what is around them, the rest as a number."""
    session = Session(tmp_path / "state")
    lines = [f"rule {number}" for number in range(60)]
    others = ["first" if line == "rule 3" else line for line in lines if line != "rule 50"]
    for number, system in enumerate((lines, others), 1):
        session.said(
            finished(exchange(number)), [user("x")], block("text", "y"), system="\n".join(system)
        )
    session.end()

    async def look(one: Tab) -> None:
        await one.run("location.hash = 'compare=1,2'")
        await one.until(f"{TEXT}.includes('System prompt')")
        text = await one.run("document.querySelector('.diff').innerText")
        assert [line for line in text.split("\n") if line] == [
            *("  rule 0", "  rule 1", "  rule 2", "- rule 3", "+ first"),
            *("  rule 4", "  rule 5", "  rule 6", "… 40 lines the same"),
            *("  rule 47", "  rule 48", "  rule 49", "- rule 50"),
            *("  rule 51", "  rule 52", "  rule 53"),
        ]

    visit(written(session, tmp_path), look)


def test_searching_finds_marks_and_leads_there(visit: Visit, address: str) -> None:
    """In every conversation, in folded text too; Enter goes on, Escape ends it."""

    async def look(one: Tab) -> None:
        await one.press("/")
        await one.type("PARSE")
        await one.until("document.querySelectorAll('.found button').length === 5")
        await one.press("Enter")
        assert await one.run("document.querySelector('.at mark').innerText") == "Parse"
        await one.press("Enter")
        assert await one.run("document.querySelector('.at').innerText") == "user\nFix the parser"
        for _ in range(3):
            await one.press("Enter")
        assert "def parse(): pass" in await one.run(
            "document.querySelector('.at details[open] pre').innerText"
        )
        await one.press("Escape")
        await one.until("document.querySelectorAll('mark').length === 0")
        await one.type("a(b")
        await one.press("/")
        await one.type("a(b[")
        await one.until("document.querySelector('.found').innerText.startsWith('0 places')")

    visit(address, look)


def test_keys(visit: Visit, address: str) -> None:
    """j and k go from row to row, o opens, e opens all, ? helps, d changes the theme."""

    async def look(one: Tab) -> None:
        for key in "jjjk":
            await one.press(key)
        assert await one.run("document.querySelector('.at').dataset.row") == "1"
        await one.press("o")
        assert await one.run("document.querySelector('.at details').open") is True
        await one.press("e")
        assert await one.run("document.querySelectorAll('.said details:not([open])').length") == 0
        await one.press("e")
        assert await one.run("document.querySelectorAll('.said details[open]').length") == 0
        await one.press("?")
        told = await one.run("document.querySelector('dialog[open]').innerText")
        assert all(said in told for said in ("next row", "Shift-Enter", "main conversation"))
        await one.run("document.querySelector('dialog').close()")
        paper = "getComputedStyle(document.body).backgroundColor"
        light = await one.run(paper)
        await one.press("d")
        dark = await one.run(paper)
        assert dark != light
        await one.look(1280, 900, dark=True)
        await one.press("d")
        assert await one.run(paper) == light

    visit(address, look)


def test_two_thousand_exchanges_are_made_as_they_are_read(visit: Visit, tmp_path: Path) -> None:
    """Only what is near the screen is there; every message stands in the file once."""
    session = large(tmp_path / "state", 2000)

    async def look(one: Tab) -> None:
        assert await one.run("document.querySelectorAll('*').length") < 3000
        await one.run("location.hash = 'exchange=2000'")
        await one.until(f"{TEXT}.includes('answer 2000 words')")
        assert await one.run("document.querySelectorAll('*').length") < 3000
        await one.press("/")
        await one.type("question 1234")
        await one.until("document.querySelectorAll('.found button').length === 1")
        await one.press("Enter")
        assert "question 1234" in await one.run("document.querySelector('.at').innerText")
        box = await one.run("document.querySelector('.at').getBoundingClientRect().toJSON()")
        assert 0 < box["top"] < 900

    address = written(session, tmp_path)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.count("question 1234") == 1
    visit(address, look)


def test_a_running_session_is_followed(visit: Visit, tmp_path: Path) -> None:
    """New exchanges, the end of open ones and of the session appear; what was opened stays."""
    session = small(tmp_path / "state")
    said = [user("Is it running?")]

    async def look(one: Tab) -> None:
        assert await one.run("document.querySelector('.state').innerText") == "running"
        assert "/open/" not in await one.run("location.href")
        await one.run("document.querySelector('.exchange details').open = true")
        late = exchange(6)
        session.asked(late, said)
        await one.until(f"{TEXT}.includes('Is it running?')")
        await one.until("document.querySelectorAll('.busy').length === 1")
        session.answered(finished(late), block("text", "It is."))
        await one.until(f"{TEXT}.includes('It is.')")
        assert await one.run(f"{TEXT}.split('Is it running?').length") == 2
        assert await one.run("document.querySelector('.exchange details').open") is True
        session.said(finished(exchange(7, conversation="n")), [user("Another")], block("text", "x"))
        await one.until("document.querySelector('nav').innerText.includes('Another')")
        session.end()
        await one.until("document.querySelector('.state').innerText === 'exit 0'")

    with serving(session.path) as served:
        visit(served.url, look)


def test_the_page_says_when_its_server_is_gone(visit: Visit, tmp_path: Path) -> None:
    """What was read stays on the screen."""
    session = small(tmp_path / "state")
    server = serving(session.path)

    async def look(one: Tab) -> None:
        await asyncio.to_thread(server.__exit__, None, None, None)
        await one.until("document.querySelector('.state').innerText === 'dsfix view has ended'")
        assert "Fix the parser" in await one.run(TEXT)
        one.problems.clear()

    visit(server.__enter__().url, look)
    session.end()


def test_an_empty_session_has_a_page(visit: Visit, tmp_path: Path) -> None:
    """Before its first request."""
    session = Session(tmp_path / "state")
    session.end()

    async def look(one: Tab) -> None:
        assert "No exchange" in await one.run(TEXT)
        await one.press("j")
        await one.press("t")
        await one.press("c")

    visit(written(session, tmp_path), look)
