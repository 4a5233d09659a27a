"""What repairs changed, in the page: at the exchange and at the message where they acted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dsfix.protocol.body import Dialect
from dsfix.record.reader import read
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from tests.record.support import START, exchange, finished, user
from tests.repairs.support import RULES, memory
from tests.view.browser import Tab, Visit
from tests.view.support import Session, block, serving, written

EVIL = "</script><img src=x onerror='window.hacked=1'>"
FOLDS = "[...document.querySelectorAll('main details')]"
MENDED = "[...document.querySelectorAll('.mended')]"


async def unfold(one: Tab) -> None:
    """Open all that is folded, and what is folded in it."""
    unfolded = "each.open && each.children.length > 1"
    await one.until(f"{FOLDS}.filter((each) => !({unfolded}) && (each.open = true)).length === 0")


def asked(session: Session, number: int, said: list[Any], to: Any, **members: Any) -> None:
    """A request as the proxy repairs and records it, and its answer."""
    body = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": said, **members}
    out = prepare(
        Dialect.MESSAGES, json.dumps(body).encode(), REPAIRS, RULES, to, lambda _: Step.NONE
    )
    each = exchange(number, conversation=out.conversation, placeholders=out.placeholders)
    each.changes = list(out.changes)
    session.writer.request(each.started, each, out, len(out.data))
    finished(each)
    session.answered(each, block("thinking", "Where?"), block("text", f"answer {number}"))


def calling(name: str) -> list[dict[str, Any]]:
    """A call as an agent sends it back without its reasoning, and its result."""
    call = {"type": "tool_use", "id": "t1", "name": name, "input": {"path": EVIL}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "def parse"}
    return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]


def mended(state: Path) -> Session:
    """Two requests: the second sends a call back without its reasoning."""
    session, to, said = Session(state), memory(), [user("Fix it")]
    asked(session, 1, said, to, system=EVIL)
    asked(session, 2, [*said, *calling("Read")], to, system=EVIL)
    return session


def test_a_repair_is_shown_where_it_acted(visit: Visit, tmp_path: Path) -> None:
    """Below the message and in its exchange, with before and after; what dsfix wrote is marked."""
    session = mended(tmp_path / "state")
    session.end()

    async def look(one: Tab) -> None:
        await one.look(1280, 4000)
        await one.until(f"{MENDED}[0].innerText")
        text = await one.run(f"{MENDED}.map((each) => each.innerText.replace(/\\s+/g, ' '))")
        place = "messages[1].content[0]"
        assert text == [f"thinking-replay {place} put in placeholder of dsfix in #2"]
        around = f"{MENDED}[0].previousElementSibling.innerText"
        assert "answer sent back" in await one.run(around)
        await unfold(one)
        sides = await one.run(
            "[...document.querySelectorAll('.mended .side')].map(e => e.innerText)"
        )
        assert sides[0] == "before\n\nnothing"
        assert "[reasoning not recorded before calling Read" in sides[1]
        did = await one.run("[...document.querySelectorAll('.did')].map(e => e.innerText)")
        assert len(did) == 2
        assert "before\n\nclaude-sonnet-4-5\n\nafter\n\ndeepseek-v4-pro" in did[0]
        assert "1 placeholder where the text is not known" in did[1]
        assert "1 change made before in this conversation, and made again" in did[1]

    visit(written(session, tmp_path), look)


def test_before_and_after_stand_side_by_side(visit: Visit, tmp_path: Path) -> None:
    """On a desktop; below each other on a phone, and never wider than it."""
    session = mended(tmp_path / "state")
    session.end()
    places = (
        "[...document.querySelectorAll('.mended .side')].map(e => e.getBoundingClientRect().{})"
    )

    async def look(one: Tab) -> None:
        await unfold(one)
        top, left = [await one.run(places.format(name)) for name in ("top", "left")]
        assert top[0] == top[1] and left[0] < left[1]
        await one.look(390, 844)
        top, left = [await one.run(places.format(name)) for name in ("top", "left")]
        assert top[0] < top[1] and left[0] == left[1]
        assert await one.run("document.documentElement.scrollWidth") == 390

    visit(written(session, tmp_path), look)


def test_what_a_repair_changed_is_only_text(visit: Visit, tmp_path: Path) -> None:
    """Hostile text before and after, cut JSON too, is shown as it stands and can be found."""
    session = Session(tmp_path / "state")
    each = finished(exchange(1))
    told = {"exchange": 1, "gen_ai.conversation.id": "c1", "head": "n1", "messages": 1}
    edit = {"repair": EVIL, "where": EVIL, "before": f'"{EVIL} was', "after": json.dumps(EVIL)}
    inside = {**edit, "where": "messages[0].content"}
    message = {"id": "n1", "hash": "h1", "content": user("hello")}
    session.file.event("message", each.started, json.dumps(message).encode())
    request = json.dumps({**told, "edits": [edit, inside]}).encode()
    session.file.event("request", each.started, request)
    answer = json.dumps({"exchange": 1, "status": 200, "answer_edits": [edit]}).encode()
    session.file.event("response", each.started, answer)
    session.end()

    async def look(one: Tab) -> None:
        await one.look(1280, 4000)
        assert await one.run(f"{MENDED}.length") == 2
        await unfold(one)
        await one.until(f"{MENDED}[1].innerText")
        text = await one.run(f"{MENDED}.map((each) => each.innerText).join()")
        assert text.count(EVIL) >= 4
        assert await one.run("document.querySelector('.mended del').textContent") == " was"
        await one.press("/")
        await one.type("onerror='window.hacked=1'> was")
        await one.until("document.querySelectorAll('.found button').length === 2")
        await one.press("Enter")
        found = await one.run("document.querySelector('.at.mended details[open]').innerText")
        assert "was" in found
        assert await one.run("[window.hacked, document.images.length]") == [None, 0]

    visit(written(session, tmp_path), look)


def test_a_later_repair_comes_to_an_old_message(visit: Visit, tmp_path: Path) -> None:
    """Followed live, it appears there; what the reader has opened stays, and nothing else opens."""
    session = Session(tmp_path / "state")
    one_said, call = [user("Fix it")], block("tool_use", "{}", "Read")
    session.said(finished(exchange(1)), one_said, block("thinking", "Where?"), call)
    edit = {"repair": "roles", "where": "messages[0].role", "before": '"x"', "after": '"user"'}

    async def look(one: Tab) -> None:
        await one.run("document.querySelector('.reasoning details').open = true")
        session.asked(exchange(2), one_said)
        head = read(session.path).exchanges[1].head
        told = {"exchange": 2, "gen_ai.conversation.id": "c1", "head": head, "messages": 1}
        session.file.event("request", START, json.dumps({**told, "edits": [edit]}).encode())
        await one.until(f"{MENDED}.length === 1")
        before = await one.run(f"{MENDED}[0].previousElementSibling.textContent")
        assert before == "userFix it"
        opened = "[...document.querySelectorAll('main details[open]')].map((e) => e.textContent)"
        assert await one.run(opened) == ["thinksWhere?Where?"]

    with serving(session.path) as served:
        visit(served.url, look)
    session.end()
