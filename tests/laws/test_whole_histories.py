"""What the repairs owe to a conversation in which nothing is broken."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol.body import Dialect
from dsfix.simulator.rules import STRICTEST
from tests.laws.agents import conversations
from tests.laws.examples import examples
from tests.laws.habits import habits
from tests.laws.passing import Passage
from tests.repairs.support import RULES

DIALECTS = pytest.mark.parametrize("dialect", list(Dialect))
LIST = {Dialect.MESSAGES: "messages", Dialect.CHAT: "messages", Dialect.RESPONSES: "input"}


@DIALECTS
@given(data=st.data())
@examples(60)
def test_what_needs_no_repair_stays_byte_for_byte(dialect: Dialect, data: st.DataObject) -> None:
    """Each request of an agent that does everything right goes out as the bytes that came in."""
    passage = Passage(dialect, replace(data.draw(habits()), billing=False))
    for sent in passage.play(data.draw(conversations(clean=True))):
        assert sent.out.data == sent.data
        assert sent.out.changes == ()


@DIALECTS
@given(data=st.data())
@examples(60)
def test_every_request_is_accepted(dialect: Dialect, data: st.DataObject) -> None:
    """An agent that loses reasoning, is interrupted, compacts and switches is never refused.

    Of turns that passed, the upstream demands the very text that it sent.
    """
    passage = Passage(dialect, data.draw(habits("developer")))
    for sent in passage.play(data.draw(conversations(rich=True))):
        assert passage.refusal(sent, verify=True) == ""


@DIALECTS
@given(data=st.data())
@examples(60)
def test_images_reach_a_model_that_sees(dialect: Dialect, data: st.DataObject) -> None:
    """Where the upstream takes images, each one goes to the model that sees it, and to no other."""
    policy = replace(STRICTEST, images="support")
    passage = Passage(dialect, data.draw(habits()), given=RULES, policy=policy)
    for sent in passage.play(data.draw(conversations(rich=True))):
        assert passage.refusal(sent) == ""
        sees = b"flash" in sent.out.data[:100]
        assert images(sent.out.data) == (images(sent.data) if sees else 0)


@DIALECTS
@given(data=st.data())
@examples(60)
def test_a_message_is_changed_or_its_bytes_stay(dialect: Dialect, data: st.DataObject) -> None:
    """No repair writes a message anew that it does not change, nor any other member."""
    passage = Passage(dialect, data.draw(habits("developer")))
    for sent in passage.play(data.draw(conversations(rich=True))):
        before, after = parts(dialect, sent.data), parts(dialect, sent.out.data)
        known = Counter(before)
        for raw in after:
            same = [each for each in before if exact(each) == exact(raw)]
            assert not same or raw in known


def images(data: bytes) -> int:
    """How many images a body has."""
    return sum(
        data.count(b'"type":%s"%s"' % (gap, kind)) for gap in (b"", b" ") for kind in _IMAGES
    )


_IMAGES = (b"image", b"image_url", b"input_image")


def parts(dialect: Dialect, data: bytes) -> list[bytes]:
    """The raw members of a body, and its messages one by one."""
    members = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    messages = msgspec.json.decode(members.pop(LIST[dialect]), type=list[msgspec.Raw])
    return [bytes(raw) for raw in (*members.values(), *messages)]


def exact(raw: bytes) -> Any:
    """A value with its numbers as they are written."""
    return json.loads(raw, parse_int=str, parse_float=str)
