"""The page as it is read: what is folded, by keyboard, aloud, and on paper."""

from __future__ import annotations

from pathlib import Path

from tests.record.support import exchange, finished, user
from tests.view.browser import Tab, Visit
from tests.view.support import Session, block, large, serving, small, written

FOCUS = "document.activeElement"


def test_what_programs_add_is_folded(visit: Visit, tmp_path: Path) -> None:
    """Long system texts and reminders: a first line and the size; what the user wrote is open."""
    session = Session(tmp_path / "state")
    system = {"role": "system", "content": f"You are brief.\n{'rule ' * 200}"}
    reminder = user(f"<system-reminder>\n{'note ' * 200}</system-reminder>")
    own = user(f"My own words {'are long ' * 200}")
    session.said(finished(exchange(1)), [system, reminder, own], block("text", "ok"))
    session.end()

    async def look(one: Tab) -> None:
        lines = "[...document.querySelectorAll('.added summary')].map((e) => e.innerText)"
        await one.until(f"{lines}[0]")  # it is made, but not yet painted
        first, second = await one.run(lines)
        assert first.startswith("system\nYou are brief. rule") and "1,015 characters" in first
        assert second.startswith("user\n<system-reminder> note") and "characters" in second
        assert await one.run("document.querySelectorAll('.added pre').length") == 0
        assert await one.run("document.querySelector('.by-user .body').innerText.length") > 1800
        await one.run("document.querySelector('.added summary').click()")
        await one.until("document.querySelector('.added pre')?.innerText.length > 1000")

    visit(written(session, tmp_path), look)


def test_parts_of_a_request_are_folded(visit: Visit, tmp_path: Path) -> None:
    """System prompt and tools by what they are and their size, each tool in one line."""
    session = Session(tmp_path / "state")
    tools = [
        {"name": f"tool_{n}", "description": f"Does {n}.\n{'more ' * 100}"} for n in range(200)
    ]
    system = [{"type": "text", "text": f"piece {n} " * 100} for n in range(2)]
    session.said(finished(exchange(1)), [user("x")], block("text", "y"), system=system, tools=tools)
    session.end()

    async def look(one: Tab) -> None:
        await one.run("document.querySelector('.exchange summary').click()")
        parts = "[...document.querySelectorAll('.exchange .part > summary')].map(e => e.innerText)"
        await one.until(f"{parts}.length === 2")
        system, tools = await one.run(parts)
        assert system.startswith("system\n2 pieces: piece 0") and "1,600 characters" in system
        assert tools.startswith("tools\n200: tool_0, tool_1,") and "characters" in tools
        await one.run("document.querySelectorAll('.exchange .part > summary')[1].click()")
        await one.until(f"{parts}.length === 202")
        assert (await one.run(parts))[-1].startswith("tool_199\nDoes 199. more")

    visit(written(session, tmp_path), look)


def test_errors_and_repairs_can_be_found(visit: Visit, address: str) -> None:
    """Not only what was said."""

    async def look(one: Tab) -> None:
        for words in ("rate limit", "model-name"):
            await one.press("/")
            await one.type(words)
            await one.until("document.querySelectorAll('.found button').length === 1")
            assert "exchange" in await one.run("document.querySelector('.found small').innerText")
            await one.press("Enter")
            assert words in await one.run(
                "document.querySelector('.at mark').innerText.toLowerCase()"
            )
            await one.press("Escape")

    visit(address, look)


def test_control_characters_are_seen(visit: Visit, tmp_path: Path) -> None:
    """What would colour a terminal or turn a name round stands there to be read."""
    session = Session(tmp_path / "state")
    session.said(
        finished(exchange(1)), [user("\x1b[31mred\x7f\n\ttab \u202egnp.exe")], block("text", "ok")
    )
    session.end()

    async def look(one: Tab) -> None:
        assert await one.run("document.querySelector('.by-user .body').textContent") == (
            "\u241b[31mred\u2421\n\ttab [U+202E]gnp.exe"
        )

    visit(written(session, tmp_path), look)


def test_the_focus_goes_with_the_rows(visit: Visit, address: str) -> None:
    """So that a screen reader reads them and Tab goes on from there; the search keeps its own."""

    async def look(one: Tab) -> None:
        await one.press("j")
        await one.press("j")
        assert await one.run(f"{FOCUS}.classList.contains('at')")
        width = f"getComputedStyle({FOCUS}).outlineWidth"
        assert await one.run(width) == "2px"
        await one.press("t")
        await one.until("location.hash === '#timeline'")
        await one.press("j")
        assert await one.run(f"{FOCUS}.matches('a.exchange-line')")
        label = await one.run(f"{FOCUS}.getAttribute('aria-label')")
        for part in ("#1", "title", "first byte 0.25 s", "took 1.50 s", "out 50"):
            assert part in label, part
        await one.press("/")
        await one.type("parse")
        await one.until("document.querySelectorAll('.found button').length > 0")
        await one.press("Enter")
        assert await one.run(f"{FOCUS}.type") == "search"

    visit(address, look)


def test_landmarks_and_names(visit: Visit, address: str) -> None:
    """Where one is, is said; all that can be pressed has a name; headings go down by one."""

    async def look(one: Tab) -> None:
        for tag in ("header", "nav", "main"):
            assert await one.run(f"document.querySelectorAll('body {tag}').length") == 1
        current = "[...document.querySelectorAll('[aria-current=page]')].map((e) => e.hash)"
        assert await one.run(current) == ["#c1"]
        await one.press("t")
        await one.until(f"{current}[0] === '#timeline'")
        await one.press("c")
        await one.until("document.querySelector('.exchange summary') !== null")
        await one.run("document.querySelector('.exchange summary').click()")
        await one.until("document.querySelector('h3') !== null")
        heads = "[...document.querySelectorAll('h1, h2, h3')].map((e) => e.tagName).join(' ')"
        assert (await one.run(heads)).startswith("H1 H2 H3")
        nameless = (
            "[...document.querySelectorAll('button, input, a, dialog, summary')].filter((e) =>"
            " !(e.getAttribute('aria-label') || e.textContent.trim())).length"
        )
        assert await one.run(nameless) == 0

    visit(address, look)


def test_everything_is_on_paper(visit: Visit, tmp_path: Path) -> None:
    """Before it is printed the whole conversation is made, not only what was near the screen."""

    async def look(one: Tab) -> None:
        rows = "document.querySelectorAll('[data-row]').length"
        assert await one.run(rows) < 300
        await one.call("Page.printToPDF")
        assert await one.run(rows) == 900

    visit(written(large(tmp_path / "state", 300), tmp_path), look)


def test_following_leaves_the_reader_in_peace(visit: Visit, tmp_path: Path) -> None:
    """What is new is added: what was there is not made again, and the focus stays."""
    session = small(tmp_path / "state")

    async def look(one: Tab) -> None:
        same = "document.querySelector('[data-row=\"0\"]'), document.querySelectorAll('nav a')[2]"
        await one.run(f"window.before = [{same}]; 0")
        await one.run("document.querySelector('nav summary').focus()")
        session.said(finished(exchange(6)), [user("One more")], block("text", "Yes."))
        await one.until("document.querySelector('main').innerText.includes('One more')")
        assert await one.run(f"[{same}].map((each, at) => each === before[at])") == [True, True]
        assert await one.run("document.querySelector('nav dl').innerText.includes('6')")
        assert await one.run(f"{FOCUS} === document.querySelector('nav summary')")

    with serving(session.path) as served:
        visit(served.url, look)
    session.end()


def test_a_refusal_fits_a_phone(visit: Visit, tmp_path: Path) -> None:
    """It says what to do, in letters that can be read."""
    session = small(tmp_path / "state")
    session.end()

    async def look(one: Tab) -> None:
        await one.look(390, 844)
        assert "run dsfix view again" in await one.run("document.body.innerText")
        assert await one.run("document.documentElement.scrollWidth") == 390
        one.problems.clear()  # the status itself

    with serving(session.path) as served:
        served.enter()
        visit(served.url, look)
