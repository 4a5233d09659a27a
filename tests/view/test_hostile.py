"""A session full of attacks and long words, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Attempt
from dsfix.record.labels import relabel
from dsfix.record.reader import read
from dsfix.repairs.base import Change
from dsfix.report.page.document import NOWHERE, document
from dsfix.report.recall import recalled
from tests.record.support import exchange, finished, user
from tests.view.browser import Tab, Visit
from tests.view.support import Session, block, serving, written

EVIL = (
    "</script><script>window.hacked=1</script><!--<img src=x onerror='window.hacked=1'>"
    '"><svg onload=window.hacked=1>' + "w" * 300
)


def hostile(state: Path) -> Session:
    """A session in which every text is an attack."""
    session = Session(
        state, agent=EVIL, upstream=f"https://{EVIL}", cwd=EVIL, argv=[EVIL], version=EVIL
    )
    relabel(session.path.parent, lambda labels: labels._replace(title=EVIL, tags=(EVIL,)))
    each = exchange(1, conversation=EVIL, kind=EVIL, path=EVIL, asked=EVIL, sent=EVIL)
    each.changes = [Change(EVIL, EVIL, 2), Change(EVIL, EVIL, failed=True)]
    each.attempts = [Attempt(400, EVIL, EVIL)]
    finished(each, served=EVIL, error=EVIL, finish=EVIL, cut=EVIL, usage=Usage(1, 1, 1))
    call = {"type": "tool_use", "id": EVIL, "name": EVIL, "input": {EVIL: EVIL}}
    result = {"type": "tool_result", "tool_use_id": EVIL, "content": EVIL}
    thought = {"type": "thinking", "thinking": EVIL, "signature": EVIL}
    said = [
        user(EVIL),
        {"role": "assistant", "content": [thought, {"type": EVIL}, call]},
        {"role": EVIL, "content": [result]},
    ]
    blocks = [block("text", EVIL), block("thinking", EVIL), block("tool_use", EVIL, EVIL)]
    system = [{"type": "text", "text": EVIL}, EVIL]
    tools = [{"name": EVIL, "description": EVIL}]
    members: dict[str, Any] = {EVIL: EVIL, f"{EVIL}2": EVIL * 9}
    session.said(each, said, *blocks, system=system, tools=tools, **members)
    other = finished(exchange(2, conversation=EVIL, kind=EVIL))
    session.said(other, [user(f"{EVIL} again")], *blocks, system=EVIL)
    session.end()
    return session


def test_nothing_in_a_session_becomes_markup(visit: Visit, tmp_path: Path) -> None:
    """Hostile text in every field is shown as it stands, in every view."""
    session = hostile(tmp_path / "state")

    async def look(one: Tab) -> None:
        for where in ("c0", "timeline", "compare=1,2", "exchange=1"):
            await one.run(f"location.hash = '{where}'")
            await one.press("e")
            await one.run(
                "for (const each of document.querySelectorAll('details')) each.open = true"
            )
            await one.press("/")
            await one.type("</script>")
            await one.until("document.querySelectorAll('.found button').length > 0")
            assert "<img src=x onerror=" in await one.run("document.body.innerText")
            await one.press("Escape")
        assert await one.run("window.hacked") is None
        assert await one.run("document.querySelectorAll('img, svg, script').length") == 2
        assert "window.hacked=1" in await one.run("document.querySelector('h1').innerText")

    visit(written(session, tmp_path), look)
    with serving(session.path) as served:
        visit(served.url, look)


def test_the_policy_holds_if_the_script_does_not(visit: Visit, address: str) -> None:
    """Markup from a string, a script without its hash and a request are refused by the browser."""

    async def look(one: Tab) -> None:
        assert await one.run("try { document.body.innerHTML = '<b>x</b>'; 0 } catch { 1 }") == 1
        await one.run(
            "addEventListener('securitypolicyviolation', e => window.refused = e.effectiveDirective);"
            " fetch('https://127.0.0.1:1/').catch(() => 0); 0"
        )
        await one.until("window.refused === 'connect-src'")
        await one.run(
            "{ const s = document.createElement('script'); s.append('window.hacked = 1');"
            " try { document.body.append(s) } catch {} ; 0 }"
        )
        assert await one.run("window.hacked") is None
        one.problems.clear()

    visit(address, look)


@pytest.mark.parametrize("where", ["c0", "timeline", "compare=1,2"])
def test_it_fits_a_phone(visit: Visit, tmp_path: Path, where: str) -> None:
    """Nothing is wider than the screen, however long a word; the system's theme is followed."""

    async def look(one: Tab) -> None:
        await one.look(390, 844, dark=True)
        await one.run(f"location.hash = '{where}'")
        await one.press("e")
        await one.run("for (const each of document.querySelectorAll('details')) each.open = true")
        await one.press("j")
        assert await one.run("document.documentElement.scrollWidth") == 390
        assert await one.run("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"

    visit(written(hostile(tmp_path / "state"), tmp_path), look)


def test_the_file_needs_nothing_else(visit: Visit, address: str) -> None:
    """It asks for no other resource, and the record in it is private to it."""

    async def look(one: Tab) -> None:
        assert await one.run("performance.getEntriesByType('resource').length") == 0

    visit(address, look)


def test_odd_figures_are_shown_as_such(visit: Visit, tmp_path: Path) -> None:
    """A clock that went back, no usage, an unknown model, no time at all: no number is made up."""
    session = Session(tmp_path / "state")
    back = finished(exchange(1, stream=True), first_byte=-1.0, duration=-3.0)
    unknown = finished(exchange(2, stream=True), served="nobody-knows-me")
    unknown.usage = None
    nothing = finished(exchange(3, stream=True), first_byte=0.0, duration=0.0)
    nothing.usage = Usage(1, 0, 0)
    calls = [block("tool_use", "{}", f"tool_{number}") for number in range(10_000)]
    for each in (back, unknown, nothing):
        session.said(each, [user("x")], *calls[: 10_000 if each is back else 1])
    session.end()

    async def look(one: Tab) -> None:
        await one.press("e")
        assert await one.run("document.querySelectorAll('*').length") < 3000
        await one.press("t")
        lines = "[...document.querySelectorAll('.exchange-line:not(.head)')]"
        await one.until(f"{lines}.length === 3")
        first, second, third = await one.run(f"{lines}.map((each) => each.ariaLabel)")
        assert "first byte ?, took ?, in 1.0k" in first
        assert "nobody-knows-me" in second and second.endswith("took 1.50 s")
        assert "in 1, cached 0%, out 0, cost <$0.00001" in third
        for odd in ("NaN", "undefined", "Infinity", "null"):
            assert odd not in await one.run("document.body.innerText")

    visit(written(session, tmp_path), look)


def test_messages_before_themselves_begin_their_history(tmp_path: Path) -> None:
    """A record that was edited by hand leads nobody round in a circle."""
    session = Session(tmp_path)
    for name, parent in (("a", "b"), ("b", "a"), ("c", "c"), ("d", "b")):
        told = {"id": name, "parent": parent, "hash": name, "content": user(name)}
        session.file.event("message", 1.0, json.dumps(told).encode())
    session.end()
    record = read(session.path)
    nodes = document(record, recalled(record))["nodes"]
    assert nodes == [(NOWHERE, 0), (0, 1), (NOWHERE, 2), (1, 3)]
