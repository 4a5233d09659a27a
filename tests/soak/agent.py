"""An agent of a soak: it asks until it has a whole answer, and compares each with what was sent."""

from __future__ import annotations

import itertools
import json
import random
import socket
import time
from typing import Any

from tests.faults.rig import Answer, answer_on
from tests.soak.proxies import Proxy
from tests.soak.weather import Sent, Weather
from tests.support.in_process import PATHS
from tests.support.talk import Talk

_NUMBERS = itertools.count(1)
TRIES = 60
HANGS_UP = 0.04  # how often an agent leaves in the middle
PATIENCE = 30.0  # seconds that it waits for a byte
STEPS = ("bash", "write", "read", "parallel", "text")
SYSTEM = "Be helpful. " * 15_000  # 180 KB: a request that is not let go shows
_GONE = Answer(0, b"", True)


class Agent:
    """Posts for a `Talk`; `proxy` may be another one from turn to turn."""

    def __init__(self, weather: Weather, seed: int) -> None:
        self.weather, self.random = weather, random.Random(seed)
        self.proxy: Proxy | None = None

    def talk(self) -> Talk:
        """A new conversation, in any dialect."""
        steps = self.random.choices(STEPS, k=self.random.randint(2, 6))
        said = f"Task {next(_NUMBERS)} [[{' '.join(steps)}]]"
        dialect = self.random.choice(list(PATHS))
        talk = Talk(self, dialect, said, stream=self.random.random() < 0.8)
        talk.system = SYSTEM
        return talk

    def post(self, dialect: str, body: dict[str, Any], **headers: str) -> tuple[int, bytes]:
        """The whole answer to a request that is made again until there is one."""
        del headers
        raw = json.dumps(body).encode()
        for _ in range(TRIES):
            number = f"{next(_NUMBERS)}"
            answer = self._ask(dialect, raw, number)
            if answer is not _GONE:
                _compare(dialect, answer, self.weather.sent(number))
            if answer.status == 200 and not answer.cut:
                return 200, answer.body
        raise AssertionError(f"no whole answer in {TRIES} tries")

    def _ask(self, dialect: str, raw: bytes, number: str) -> Answer:
        assert self.proxy is not None
        proxy = self.proxy
        head = (
            f"POST {proxy.root}{PATHS[dialect]}?soak={number} HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{proxy.port}\r\nAuthorization: Bearer {proxy.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        proxy.count()
        with socket.create_connection(("127.0.0.1", proxy.port), PATIENCE) as connection:
            connection.sendall(head.encode() + raw)
            if self.random.random() < HANGS_UP:
                time.sleep(self.random.random() * 0.02)
                return _GONE
            answer = answer_on(connection)
        proxy.count(answer.status)
        return answer


def _compare(dialect: str, answer: Answer, sent: list[Sent]) -> None:
    """An answer is what was sent last, or as much of it as came, or an error in its shape."""
    last = sent[-1]
    told = f"{dialect}: {sent} became {answer}"
    if answer.status == 200 and last.status == 200:
        assert last.body.startswith(answer.body), told
        assert not last.whole or not answer.cut, told
        assert answer.cut or answer.body == last.body, told
        return
    refused = last.status >= 400
    assert answer.status == (last.status if refused else 502), told
    if refused and dialect != "messages":
        assert answer.body == last.body, told
        return
    document = json.loads(answer.body)
    assert document["error"]["message"], told
    assert (document.get("type") == "error") == (dialect == "messages"), told
