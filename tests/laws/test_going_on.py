"""What is known of a message, or of the last request, is what would be found out anew."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.memory import OriginMemory, Store
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import WIRES, History
from dsfix.repairs.content import chat, messages, responses
from dsfix.repairs.pairing.groups import doubtful, grouped, usual
from dsfix.repairs.pairing.mending import Mending
from dsfix.repairs.pairing.shape import Piece, Unit, pieces_of, units
from dsfix.repairs.recall import Decision
from dsfix.repairs.tool_pairing import WIRES as PAIRING
from tests.laws.agents import conversations
from tests.laws.broken import broken
from tests.laws.examples import examples
from tests.laws.habits import habits
from tests.laws.passing import Passage

DIALECTS = pytest.mark.parametrize("dialect", list(Dialect))


class Forgetful(OriginMemory):
    """A memory that keeps nothing of the last request."""

    def seen(self, conversation: str, messages: tuple[bytes, ...]) -> dict[str, Any]:
        """Nothing."""
        return {}


class Undecided(Forgetful):
    """One that does not keep what was decided for a turn either: all turns are looked at at once."""

    def decided(self, conversation: str) -> dict[tuple[int, tuple[bytes, ...]], Decision]:
        """Nothing."""
        return {}


@DIALECTS
@pytest.mark.parametrize("kind", [Forgetful, Undecided])
@given(data=st.data())
@examples(40)
def test_going_on_is_beginning_anew(
    dialect: Dialect, kind: type[Forgetful], data: st.DataObject
) -> None:
    """Each request comes out the same, and is told the same, whatever is kept of the last one."""
    forgetful = kind(Store(None), "https://upstream.example")
    habit = data.draw(habits("developer"))
    passages = Passage(dialect, habit), Passage(dialect, habit, known=forgetful)
    conversation = data.draw(conversations(rich=True))
    for one, other in zip(*(each.play(conversation) for each in passages), strict=True):
        assert one.out.data == other.out.data
        assert one.out.changes == other.out.changes
        assert one.out.carried == other.out.carried


@DIALECTS
@given(data=st.data())
@examples(25)
def test_a_history_goes_on_from_any_other(dialect: Dialect, data: st.DataObject) -> None:
    """Its turns and all keys of its places are its own, wherever it parts from the one before."""
    last: History | None = None
    cases = [data.draw(broken(dialect)) for _ in range(2)]
    for case in cases:
        for cut in (2, len(case.sent.data)):
            body = Body.read(dialect, case.sent.data)
            if body is None:
                continue
            body = body.saying(body.messages[:cut])
            anew, last = History.of(body), History.of(body, last)
            assert last == anew
            assert last.turn(0) == anew.turn(0) if anew.assistants else True
            end = len(body.messages)
            assert last.chain(end) == anew.chain(end)
            assert last.previous(end) == anew.previous(end)


@DIALECTS
@given(data=st.data())
@examples(60)
def test_a_plain_message_is_what_it_seems(dialect: Dialect, data: st.DataObject) -> None:
    """Of a plain message one look tells what a closer one does, and nothing in it needs repair."""
    body = Body.read(dialect, data.draw(broken(dialect)).sent.data)
    for look in History.of(body).looks if body else ():
        if not look.plain:
            continue
        raw, wire = look.raw, PAIRING[dialect]
        assistant, said = look.role == "assistant", json.loads(raw)
        turn = WIRES[dialect].turn((raw,)) if assistant else None
        calls = turn.calls if turn else ()
        assert wire.piece(Unit(look.role, (raw,))) == Piece((raw,), assistant, calls, look.results)
        if dialect is Dialect.RESPONSES:  # where a turn may be several items
            assert responses.mended(raw, "no image") is raw
            assert said["type"] == ("function_call" if assistant else "function_call_output")
            continue
        assert look.turn == turn
        if dialect is Dialect.MESSAGES:
            assert messages.mended(raw, "no image", replayed=False) is raw
            assert said["content"] is not None and said["content"] != []
            assert all(block.get("text") != "" for block in said["content"] if block != str(block))
        else:
            assert chat.mended(raw, "no image") is raw
            assert said.get("content") is not None or said.get("tool_calls")


@DIALECTS
@given(data=st.data())
@examples(60)
def test_what_is_usual_is_well(dialect: Dialect, data: st.DataObject) -> None:
    """Rounds that look as usual end where others do; if all look so, nothing is put in order.

    Where they stop, what stands there may belong to the last two.
    """
    body = Body.read(dialect, data.draw(broken(dialect)).sent.data)
    wire = PAIRING[dialect]
    pieces = [wire.piece(unit) for unit in _units(History.of(body))] if body else []
    mending = Mending(wire)
    mending.go_on(grouped(pieces, wire, {}), body.messages if body else ())
    ill = mending.mended[0].end if mending.mended else len(pieces) + 1
    ends = [end for end in mending.ends if end < ill]
    for answers in (None, {}):
        found = usual(pieces, wire, frozenset(), answers)
        if body and found[-1:] == [len(pieces)]:
            assert found == ends == mending.ends
            assert not mending.mended
        assert found[:-2] == ends[: max(0, len(found) - 2)]


@DIALECTS
@given(data=st.data())
@examples(100)
def test_a_look_tells_the_pieces(dialect: Dialect, data: st.DataObject) -> None:
    """A piece of which looks tell is the one that is read from its messages."""
    body = Body.read(dialect, data.draw(broken(dialect)).sent.data)
    wire = PAIRING[dialect]
    history = History.of(body) if body else None
    read = [wire.piece(unit) for unit in _units(history)] if history else []
    told = pieces_of(history, wire) if history else []
    assert [msgspec.structs.replace(piece, turn=None) for piece in told] == read


@pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.CHAT])
@given(data=st.data())
@examples(60)
def test_a_look_doubts_what_a_closer_one_does(dialect: Dialect, data: st.DataObject) -> None:
    """Memory is asked about the same calls, whether their messages were looked at or read."""
    body = Body.read(dialect, data.draw(broken(dialect)).sent.data)
    wire = PAIRING[dialect]
    read = [wire.piece(unit) for unit in _units(History.of(body))] if body else []
    told = [
        Piece(piece.items, True, piece.calls, turn=look.turn) if look.plain and look.turn else piece
        for piece, look in zip(read, History.of(body).looks if body else (), strict=True)
    ]
    assert set(doubtful(read, wire)) <= set(doubtful(told, wire))


def test_calls_without_a_result_are_not_usual() -> None:
    """A round ends when all of its calls are answered, also where nothing comes after it."""
    call = "call_00_0123456789abcdefghijklmn"
    asked, answered = Piece((b"{}",), True, (call,)), Piece((b"{}",), results=(call,))
    assert usual([asked, answered], PAIRING[Dialect.CHAT]) == [2]
    assert usual([asked], PAIRING[Dialect.CHAT]) == []


def _units(history: History) -> list[Unit]:
    return [
        Unit(history.roles[start], history.messages[start:stop]) for start, stop in units(history)
    ]
