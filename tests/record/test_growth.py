"""How a record grows: with what is new, never with what is repeated."""

from __future__ import annotations

import json
import random
import string
import time
from pathlib import Path

from dsfix.protocol.answer import Block
from dsfix.record.reader import read
from tests.record.support import (
    assistant,
    exchange,
    finished,
    opened,
    recorded,
    reply,
    request,
    user,
)

WORDS = ["".join(random.Random(n).choices(string.ascii_lowercase, k=n % 9 + 2)) for n in range(500)]


def text(seed: int, size: int) -> str:
    """About `size` characters that say nothing."""
    chosen = random.Random(seed).choices(WORDS, k=size // 7)
    return " ".join(chosen)


def raw(message: object) -> bytes:
    """As an agent sends it."""
    return json.dumps(message).encode()


def test_a_session_takes_at_most_twice_its_history(tmp_path: Path) -> None:
    """300 requests that grow to 4 MB, with markers that move and a block that changes."""
    log = opened(tmp_path)
    tools = [{"name": f"t{n}", "description": text(n, 900), "input_schema": {}} for n in range(40)]
    history = [b""]
    question, answers = "begin", 0
    for number in range(1, 301):
        said = text(number, 1000)
        answers += len(said)
        system = [
            {"type": "text", "text": f"billing {number}"},
            {"type": "text", "text": text(0, 15_000)},
        ]
        marked = user(question, cache_control={"type": "ephemeral"})
        outgoing = request([*history[:-1], marked], system=system, tools=tools)
        answer = reply(Block("text", parts=[said], complete=True))
        recorded(log, outgoing, answer, number)
        history[-1:] = [raw(user(question)), raw(assistant(said)), b""]
        question = text(-number, 12_400)
    log.close(0, 1, timeout=60)
    assert log.path is not None and not log.trouble
    final = sum(map(len, history)) + len(raw(tools)) + 15_000
    assert final > 4_000_000
    assert log.path.stat().st_size <= 2 * final + answers


def test_the_proxys_loop_hardly_notices(tmp_path: Path) -> None:
    """Handing over a request of 4 MB takes no longer than one of 1 KB: nothing is looked at."""
    log = opened(tmp_path)
    large = request([user(text(n, 40_000)) for n in range(100)])
    each = exchange()
    log.began(each, large)  # starts the thread
    log.ended(finished(each), None)
    time.sleep(1.0)
    fastest = 1.0
    for number in range(20):
        each = exchange(number)
        before = time.perf_counter()
        log.began(each, large)
        log.ended(finished(each), None)
        fastest = min(fastest, time.perf_counter() - before)
    log.close(0, 1, timeout=60)
    assert fastest < 0.001


def test_conversations_side_by_side_are_each_stored_once(tmp_path: Path) -> None:
    """More histories than are kept for comparison cost time, not space."""
    log = opened(tmp_path)
    histories = {f"c{n}": [user(text(n, 5000))] for n in range(20)}
    for turn in range(5):
        for name, history in histories.items():
            recorded(log, request(history, name), None, turn)
            history += [assistant(f"{name} {turn}"), user(text(turn, 500))]
    log.close(0, 1, timeout=60)
    assert log.path is not None
    once = len(json.dumps(list(histories.values())))
    assert log.path.stat().st_size < 2 * once + 100 * 900
    for each in read(log.path).exchanges:
        assert each.head
