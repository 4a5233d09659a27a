"""How a record grows: with what is new, never with what is repeated."""

from __future__ import annotations

import json
import random
import string
import time
from pathlib import Path

from dsfix.protocol.answer import Block
from dsfix.protocol.body import Dialect
from dsfix.protocol.growing import Growing
from dsfix.record.log import WAITING
from dsfix.record.reader import read
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from dsfix.repairs.recall import Place
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
from tests.repairs.support import RULES, call, memory

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


def test_reasoning_that_is_put_back_every_time_is_told_once(tmp_path: Path) -> None:
    """300 requests of an agent that drops all reasoning, through the repairs, up to 4 MB."""
    log, keeping, reading = opened(tmp_path), memory(), Growing().read
    history = [raw(user("begin"))]
    answers = 0

    def step(conversation: str) -> Step:
        return Step.NONE

    for number in range(1, 301):
        data = b'{"model":"m","max_tokens":9000000,"messages":[' + b",".join(history) + b"]}"
        outgoing = prepare(Dialect.MESSAGES, data, REPAIRS, RULES, keeping, step, read=reading)
        assert outgoing.history is not None and outgoing.replayed == number - 1
        thought, ident = text(number, 1500), f"t{number}"
        answers += len(thought)
        answer = reply(
            Block("thinking", parts=[thought], complete=True),
            Block("tool_use", ident, "f", parts=["{}"], complete=True),
        )
        keeping.remember(answer.answer.turn(), Place(outgoing.history, len(history), ""))
        recorded(log, outgoing, answer, number)
        while log._queued - log._done > WAITING // 2:  # no agent is so far ahead of the disk
            time.sleep(0.01)
        result = {"type": "tool_result", "tool_use_id": ident, "content": text(-number, 13_500)}
        history += [raw(call(ident)), raw({"role": "user", "content": [result]})]
    log.close(0, 1, timeout=60)
    assert log.path is not None and not log.trouble
    final = sum(map(len, history))
    assert final > 4_000_000
    assert log.path.stat().st_size <= 2 * final + answers
    told = [each.edited for each in read(log.path).exchanges]
    put_back = [len([e for e in each.request if e.repair == "thinking-replay"]) for each in told]
    assert put_back == [0] + [1] * 299
    assert told[-1].repeated >= 298 and not told[-1].left_out


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
