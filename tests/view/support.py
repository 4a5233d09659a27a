"""Sessions written event by event, and their page served as the command does it."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dsfix.protocol.answer import Block
from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Attempt, Exchange
from dsfix.record.file import EventFile
from dsfix.record.ids import EVENTS
from dsfix.record.reader import read
from dsfix.record.writer import Writer
from dsfix.redact import Redactor
from dsfix.repairs.base import Change
from dsfix.report.page import page
from dsfix.report.recall import recalled
from dsfix.view.server import serve
from tests.record.support import META, START, assistant, exchange, finished, reply, request, user

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aa"}}


class Session:
    """A session that is being written; what is written can be read at once."""

    def __init__(self, state: Path, *, bodies: bool = True, **start: Any) -> None:
        self.path = state / "sessions" / "2026" / "11" / "20261121-031522-k3f9" / EVENTS
        self.file = EventFile(self.path)
        self.writer = Writer(self.file, Redactor({}), bodies=bodies)
        self.file.event("session.start", START, json.dumps({**META, **start}).encode())

    def asked(self, each: Exchange, messages: Sequence[Any], **members: Any) -> None:
        """A request that is under way."""
        outgoing = request(messages, each.conversation, each.changes, **members)
        self.writer.request(each.started, each, outgoing, len(outgoing.data))

    def said(self, each: Exchange, messages: Sequence[Any], *blocks: Block, **members: Any) -> None:
        """A whole exchange."""
        self.asked(each, messages, **members)
        self.answered(each, *blocks)

    def answered(self, each: Exchange, *blocks: Block) -> None:
        """The answer to a request."""
        self.writer.response(
            each.started + 2, each, (reply(*blocks).answer, {}) if blocks else None
        )

    def end(self) -> None:
        """The agent is gone."""
        self.writer.end(START + 100, 0, 100.0)
        self.file.close()


def block(kind: str, text: str, name: str = "") -> Block:
    """A whole block of an answer."""
    return Block(kind, "t1", name, parts=[text], complete=True)


def small(state: Path) -> Session:
    """Three conversations: a title, a main thread of three requests, a sub-agent. Not ended."""
    session = Session(state, argv=["claude"], cwd="/home/me/project")
    session.said(
        finished(exchange(1, kind="title", conversation="t")),
        [user("Name this chat")],
        block("text", "Parser tests"),
    )
    said: list[Any] = [user("Fix the parser")]
    first = finished(
        exchange(2, stream=True), usage=Usage(1000, 900, 50, searches=1), finish="tool_use"
    )
    first.changes = [Change("model-name", "deepseek-v4-pro for claude-sonnet-4-5", 3)]
    system = [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Day one"}]
    tools = [{"name": "Read", "input_schema": {}}]
    session.said(
        first,
        said,
        block("thinking", "Where is the parser?"),
        block("tool_use", '{"path": "parser.py"}', "Read"),
        system=system,
        tools=tools,
    )
    lost = assistant("", "[reasoning not recorded before calling Read: 1234abcd]")
    call = {"type": "tool_use", "id": "t1", "name": "Read", "input": {"path": "parser.py"}}
    lost["content"] = [lost["content"][0], call]
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "def parse(): pass"}
    said = [*said, lost, {"role": "user", "content": [result, IMAGE]}]
    failed = finished(exchange(3), error="Rate limit reached", placeholders=1)
    failed.status, failed.finish, failed.usage = 429, "", None
    failed.attempts = [Attempt(400, "must be passed back", "resend")]
    system = [system[0], {"type": "text", "text": "Day two"}]
    session.said(failed, said, system=system, tools=[*tools, {"name": "Bash"}])
    session.said(finished(exchange(4)), said, block("text", "It is fixed."), system=system)
    sub = finished(exchange(5, kind="sub-agent", conversation="s"))
    session.said(sub, [user("Count the files")], block("text", "Seven files."))
    return session


def large(state: Path, exchanges: int) -> Session:
    """One conversation of that many exchanges, each with a question and an answer."""
    session, parent = Session(state), ""
    for number in range(1, exchanges + 1):
        node = f"n{number}"
        message = {"id": node, "parent": parent, "hash": f"h{number}"}
        message["content"] = user(f"question {number}")  # type: ignore[assignment]
        asked = {"exchange": number, "gen_ai.conversation.id": "c", "kind": "main", "head": node}
        asked |= {"messages": number}
        answer = [{"type": "text", "text": f"answer {number} " + "words " * 50}]
        told = {"exchange": number, "status": 200, "answer": answer, "duration": 1.0}
        for kind, fields in (("message", message), ("request", asked), ("response", told)):
            session.file.event(kind, START + number, json.dumps(fields).encode())
        parent = node
    session.end()
    return session


def written(session: Session, tmp_path: Path) -> str:
    """The page of a session as a file: its address."""
    path, record = tmp_path / "page.html", read(session.path)
    path.write_text("".join(page(record, recalled(record))), encoding="utf-8")
    return path.as_uri()


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


class Served(NamedTuple):
    """A page on its port, and the URL that was printed."""

    url: str

    @property
    def token(self) -> str:
        """The path of the URL."""
        return urlsplit(self.url).path

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """One request, its headers as given; `_` stands for `-`."""
        where = urlsplit(self.url)
        connection = http.client.HTTPConnection("127.0.0.1", where.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)
        finally:
            connection.close()

    def enter(self) -> tuple[str, str]:
        """Use the URL up: where the page is, and the cookie that shows it."""
        answer = self.ask(self.token)
        assert answer.status == 303, answer
        return answer.headers["location"], answer.headers["set-cookie"].partition(";")[0]


@contextmanager
def serving(path: Path) -> Iterator[Served]:
    """The page of the session in that file, served from a thread."""
    loop = asyncio.new_event_loop()
    stop, ready = asyncio.Event(), threading.Event()
    urls: list[str] = []

    def known(url: str) -> None:
        urls.append(url)
        ready.set()

    def run() -> None:
        loop.run_until_complete(serve(path, known, stop.wait))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield Served(urls[0])
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
