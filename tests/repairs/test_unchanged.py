"""What was found out about a message is found out once, and never taken for something else."""

from __future__ import annotations

import json

from dsfix.memory import OriginMemory
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Look
from dsfix.repairs.base import Context
from dsfix.repairs.recall import history_of
from dsfix.repairs.unchanged import each
from tests.repairs.support import RULES, memory


def found(
    to: OriginMemory,
    words: str,
    dialect: Dialect = Dialect.CHAT,
    under: str = "",
    name: str = "history",
) -> tuple[str, str]:
    """What a repair finds out of messages of one letter each, and of which it had to."""
    said = [{"role": "user", "content": word} for word in words]
    body = Body.read(dialect, json.dumps({"messages": said, "input": []}).encode())
    assert body is not None
    made: list[str] = []

    def make(look: Look) -> str:
        word: str = json.loads(look.raw)["content"]
        made.append(word)
        return word.upper()

    seen = to.seen("conversation", body.messages)
    history = history_of(body, seen, name)
    context = Context(RULES, to, history, "conversation", seen=seen)
    return "".join(each(context, "name", history, make, under)), "".join(made)


def test_only_what_is_new_is_looked_at() -> None:
    """What stayed at the beginning is known; from the first difference on all is looked at."""
    known = memory()
    assert found(known, "abcdefgh") == ("ABCDEFGH", "abcdefgh")
    assert found(known, "abcdefghij") == ("ABCDEFGHIJ", "ij")
    assert found(known, "abcdefghiX") == ("ABCDEFGHIX", "X")
    assert found(known, "aXcdefghiX") == ("AXCDEFGHIX", "XcdefghiX")
    assert found(known, "aXcdefg") == ("AXCDEFG", "")
    assert found(known, "abc") == ("ABC", "abc")  # a sub-agent with the same first words
    assert found(known, "aXcdefgh") == ("AXCDEFGH", "h")


def test_what_was_known_under_other_terms_is_not() -> None:
    """Another wire or another rule makes it all new, though the bytes are the same."""
    known = memory()
    found(known, "ab")
    assert found(known, "ab", Dialect.MESSAGES) == ("AB", "ab")
    assert found(known, "ab", Dialect.MESSAGES, "rule") == ("AB", "ab")
    assert found(known, "ab", Dialect.MESSAGES, "rule") == ("AB", "")


def test_a_history_of_another_stage_is_compared_by_itself() -> None:
    """What the agent sent and what a repair made of it agree as far as their bytes do."""
    known = memory()
    found(known, "abcd")
    assert found(known, "abXd", name="changed") == ("ABXD", "Xd")
    assert found(known, "abcde") == ("ABCDE", "cde")


def test_what_a_repair_left_alone_is_not_looked_at_again() -> None:
    """The history that it made has the looks at all other messages from the one before."""
    said = [{"role": "user", "content": word} for word in "abc"]
    body = Body.read(Dialect.CHAT, json.dumps({"messages": said}).encode())
    assert body is not None
    before = History.of(body)
    changed = body.saying((body.messages[0], b'{"role":"user","content":"B"}', body.messages[2]))
    after = History.of(changed, None, before)
    same = [old is new for old, new in zip(before.looks, after.looks, strict=True)]
    assert same == [True, False, True]
    assert [look.raw for look in after.looks] == list(changed.messages)
