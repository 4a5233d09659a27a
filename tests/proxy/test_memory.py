"""Real reasoning comes back whatever the agent loses: the plugin's weak points, one by one."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from dsfix.memory.recent import CONVERSATIONS
from tests.proxy.conftest import Start
from tests.support.in_process import InProcess, Talk
from tests.support.pty_session import wait_until
from tests.support.strict_endpoint import Cut, StrictEndpoint

DIALECTS = ["messages", "chat", "responses"]
both = pytest.mark.parametrize("dialect", DIALECTS)


def all_real(endpoint: StrictEndpoint) -> int:
    """Turns of the newest request, every one of which carries its own reasoning."""
    assert not endpoint.refusals
    last = endpoint.main[-1]
    assert endpoint.replayed(last) == len(endpoint.history(last))
    return len(endpoint.history(last))


@both
@pytest.mark.parametrize("stream", [True, False])
def test_lost_by_the_agent(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, stream: bool
) -> None:
    """An agent that keeps no reasoning has each turn's own sent upstream, streamed or whole."""
    talk = Talk(proxy, dialect, "begin #do bash parallel#", stream=stream)
    talk.work()
    talk.say("and on #do bash#")
    talk.work()
    assert all_real(endpoint) == 4
    assert not endpoint.broken_prefixes()


@both
def test_crlf(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A stream with CRLF line ends and comments in it is read like any other."""
    endpoint.switches.crlf = endpoint.switches.comments = True
    Talk(proxy, dialect, "begin #do bash bash#").work()
    assert all_real(endpoint) == 2


@both
def test_one_byte_at_a_time(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A stream that comes byte by byte is read like any other."""
    endpoint.switches.bytewise = endpoint.switches.crlf = True
    Talk(proxy, dialect, "begin #do bash#").work()
    assert all_real(endpoint) == 1


@both
def test_restart(start: Start, endpoint: StrictEndpoint, dialect: str) -> None:
    """A new session on the same memory knows the reasoning of the old one's turns."""
    with start() as first:
        talk = Talk(first, dialect, "begin #do bash parallel#")
        talk.work()
    with start() as second:
        talk.proxy = second
        talk.model = "deepseek-v4-flash"
        talk.say("and on #do bash#")
        talk.work()
    assert all_real(endpoint) == 4


@both
def test_the_next_day(start: Start, endpoint: StrictEndpoint, dialect: str) -> None:
    """Turns of yesterday, and of 80 days ago, are as good as new."""
    with start(clock=lambda: time.time() - 80 * 86_400) as first:
        talk = Talk(first, dialect, "begin #do bash#")
        talk.work()
    with start() as second:
        talk.proxy = second
        talk.say("and on #do bash#")
        talk.work()
    assert all_real(endpoint) == 3


@both
def test_many_turns(start: Start, endpoint: StrictEndpoint, dialect: str) -> None:
    """Of 520 turns none is forgotten."""
    with start() as first:
        talk = Talk(first, dialect, "begin #do#", stream=False)
        for nth in range(519):
            talk.messages[1:] = []  # each request is short, so that the test is
            talk.messages[0]["content"] = f"part {nth} #do bash#"
            talk.turn()
    given = [request.given for request in endpoint.main]
    history = [message for each in given if each for message in _as_turn(dialect, each.calls[0])]
    with start() as second:
        talk.proxy = second
        talk.messages = [{"role": "user", "content": "begin"}, *history]
        talk.say("and on #do bash#")
        talk.work()
    assert all_real(endpoint) == 520


def _as_turn(dialect: str, call: str) -> list[dict[str, object]]:
    if dialect == "responses":
        return [
            {"type": "function_call", "call_id": call, "name": "bash", "arguments": "{}"},
            {"type": "function_call_output", "call_id": call, "output": "done"},
        ]
    if dialect == "chat":
        function = {"name": "bash", "arguments": "{}"}
        made = [{"id": call, "type": "function", "function": function}]
        result = {"role": "tool", "tool_call_id": call, "content": "done"}
        return [{"role": "assistant", "content": "", "tool_calls": made}, result]
    use = {"type": "tool_use", "id": call, "name": "Bash", "input": {}}
    back = {"type": "tool_result", "tool_use_id": call, "content": "done"}
    return [{"role": "assistant", "content": [use]}, {"role": "user", "content": [back]}]


@both
def test_two_sub_agents_with_one_prompt(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """Two conversations with the same first message keep their reasoning apart."""
    talks = [Talk(proxy, dialect, "look around #do bash bash#") for _ in range(2)]
    for _ in range(3):
        for talk in talks:
            talk.turn()
    for talk in talks:
        talk.say("and on #do bash#")
        talk.work()
        assert all_real(endpoint) == 4


def told(dialect: str, endpoint: StrictEndpoint) -> list[str | None]:
    """The reasoning of each turn in the newest request."""
    return [reasoning for _, reasoning in endpoint.history(endpoint.main[-1])]


@both
def test_twins_that_say_the_same(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """Two conversations with the same first message and the same answers keep them apart."""
    endpoint.policy.exact, endpoint.switches.text = False, "Done."
    talks = [Talk(proxy, dialect, "look around #do bash#") for _ in range(2)]
    for talk in talks:
        talk.work()
    given = [request.given.reasoning for request in endpoint.main if request.given]
    for talk, own in zip(talks, (given[:2], given[2:]), strict=True):
        talk.say("and on #do#")
        talk.turn()
        assert told(dialect, endpoint) == own


@both
@pytest.mark.parametrize("silent", [1, 2])
def test_one_text_with_and_without_reasoning(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, silent: int
) -> None:
    """Of two turns with one text, the one that had reasoning keeps it, the other stands in."""
    endpoint.policy.exact, endpoint.switches.text = False, "Done."
    talk = Talk(proxy, dialect, "first #do#")
    for nth in (1, 2):
        endpoint.switches.silent_every = int(nth == silent)
        talk.turn()
        talk.say(f"part {nth} #do#")
    endpoint.switches.silent_every = 0
    talk.turn()
    given = [request.given.reasoning for request in endpoint.main[:2] if request.given]
    found = told(dialect, endpoint)
    assert found[2 - silent] == given[2 - silent]
    assert given[silent - 1] is None
    assert found[silent - 1] not in (None, "", found[2 - silent])


@both
@pytest.mark.parametrize("ids", ["call_{nth}", "same", ""])
def test_repeated_call_ids(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, ids: str
) -> None:
    """Where an upstream repeats its call ids, each turn still has its own reasoning.

    So it has where they are sent under others, because no id may come again, or none is there.
    """
    endpoint.policy.exact = endpoint.policy.split = False  # it cannot tell the answers apart
    endpoint.ids = ids
    talk = Talk(proxy, dialect, "begin #do bash#")
    talk.work()
    talk.say("and on #do parallel#")
    talk.work()
    given = [request.given.reasoning for request in endpoint.main if request.given]
    assert told(dialect, endpoint) == given[:-1]


@both
def test_edited_before(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """An edit of an earlier message costs no later turn its reasoning."""
    talk = Talk(proxy, dialect, "begin #do bash parallel bash#")
    talk.work()
    talk.messages[0]["content"] = "[summary of what was asked] #do#"
    talk.system = "Be brief."
    talk.say("and on #do bash#")
    talk.work()
    assert all_real(endpoint) == 5


@both
def test_rewritten_arguments(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A call whose arguments the agent rewrote is the same turn."""
    talk = Talk(proxy, dialect, "begin #do bash#")
    talk.turn()
    made = talk.messages[1]
    if dialect == "responses":
        talk.messages[-2]["arguments"] = '{"command": "rewritten"}'
    elif dialect == "chat":
        made["tool_calls"][0]["function"]["arguments"] = '{"command": "rewritten"}'
    else:
        made["content"][0]["input"] = {"replace_all": False, "command": "rewritten"}
    talk.work()
    assert all_real(endpoint) == 1


@both
def test_cut_after_the_call(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A turn whose stream was cut after its call was whole is remembered."""
    whole = Talk(proxy, dialect, "begin #do bash#")
    whole.turn()
    # the last events close the message; without them the call is whole on Messages only
    count = len(endpoint.main[-1].sent)
    endpoint.switches.cut = Cut(after=count - (2 if dialect == "messages" else 1))
    talk = Talk(proxy, dialect, "again #do bash#")
    with pytest.raises(Exception, match=r"IncompleteRead|reset"):
        talk.turn()
    given = endpoint.main[-1].given
    assert given is not None
    talk.messages += _as_turn(dialect, given.calls[0])
    talk.work()
    assert all_real(endpoint) == 1


@both
def test_compacted(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A text turn that an agent keeps behind a summary still has its own reasoning."""
    talk = Talk(proxy, dialect, "begin #do bash#")
    talk.session = "ses_1"
    talk.work()
    talk.messages[:-1] = [{"role": "user", "content": "This session is being continued: ..."}]
    talk.say("and on #do bash#")
    talk.work()
    assert all_real(endpoint) == 2


@both
@pytest.mark.parametrize("locked_by", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
def test_locked_memory(
    start: Start, endpoint: StrictEndpoint, memory: Path, dialect: str, locked_by: str
) -> None:
    """While another process holds the memory file, the session goes on and says so."""
    with start():
        pass
    other = sqlite3.connect(memory, isolation_level=None)
    try:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute(locked_by)
        began = time.monotonic()
        with start() as proxy:
            Talk(proxy, dialect, "begin #do bash parallel#").work()
            assert time.monotonic() - began < 2
        assert proxy.store.trouble  # what was not kept is told
    finally:
        other.close()
    assert all_real(endpoint) == 2


def test_conversations_that_are_over_are_let_go(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """Of many, what the most recent few go on from is kept."""
    for number in range(CONVERSATIONS + 4):
        Talk(proxy, "messages", f"number {number}").turn()
    wait_until(lambda: len(proxy.store.recent) == CONVERSATIONS)


@both
def test_a_large_history(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A history of 4 MB is repaired as any other; how fast is for the benchmarks to say."""
    talk = Talk(proxy, dialect, "begin #do bash#")
    talk.work()
    talk.messages[0]["content"] += " padding" * (1 << 19)
    talk.say("and on #do#")
    talk.work()
    assert all_real(endpoint) == 2
