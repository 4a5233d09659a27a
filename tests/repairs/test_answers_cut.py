"""Answers that end early, or whose pieces are cut where nobody expects it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from dsfix.protocol import sse
from dsfix.protocol.body import Dialect
from tests.repairs.test_answers import CHAT, MESSAGES, passed, reply_to


@pytest.mark.parametrize(
    ("arguments", "calls"), [('{"n": {}}', ("a",)), ('{"n": {}', ()), ("", ()), ("7", ())]
)
def test_a_call_on_chat_is_whole_once_its_arguments_are(
    arguments: str, calls: tuple[str, ...]
) -> None:
    """Agents run it then, and nothing else closes it before the answer's end."""
    function = {"name": "f", "arguments": arguments}
    delta = {"tool_calls": [{"index": 0, "id": "a", "function": function}]}
    reply = reply_to(CHAT)
    passed(reply, sse.encode(json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode()))
    assert reply.answer.turn().calls == calls


@pytest.mark.parametrize(
    ("dialect", "begins", "piece"),
    [
        (
            MESSAGES,
            b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
            b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}',
        ),
        (CHAT, b"{}", b'{"choices":[{"index":0,"delta":{"content":"%s"}}]}'),
        (
            Dialect.RESPONSES,
            b'{"type":"response.output_item.added","output_index":0,"item":{"type":"message"}}',
            b'{"type":"response.output_text.delta","output_index":0,"delta":"%s"}',
        ),
    ],
)
@pytest.mark.parametrize(
    ("halves", "said"),
    [((rb"a\ud83d", rb"\uDE00b"), "a😀b"), ((rb"a\ud83d", b"b", rb"\ude00"), "a\ufffdb\ufffd")],
)
def test_a_letter_in_two_halves_is_read_as_one(
    dialect: Dialect, begins: bytes, piece: bytes, halves: Sequence[bytes], said: str
) -> None:
    """A relay in JavaScript cuts texts anywhere: an agent puts the letter together, so does memory."""
    stream = b"".join(map(sse.encode, [begins, *[piece % half for half in halves]]))
    for sizes in ([], [len(stream)], [40] * len(stream)):
        reply = reply_to(dialect)
        assert passed(reply, stream, sizes) == stream
        assert reply.answer.turn().text == said
        assert not reply.answer.unread
