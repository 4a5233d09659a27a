"""What the record's tree keeps in RAM, and what it stores all the same."""

from __future__ import annotations

import json

from dsfix.protocol.body import Body, Dialect
from dsfix.record.tree import CONVERSATIONS, Tree
from dsfix.redact import Redactor


def body(number: int, *more: str) -> Body:
    """The request of a conversation with a first message of its own."""
    said = [{"role": "user", "content": word} for word in (f"Task {number}", *more)]
    found = Body.read(Dialect.MESSAGES, json.dumps({"messages": said}).encode())
    assert found is not None
    return found


def test_conversations_of_long_ago_are_forgotten_and_not_told_again() -> None:
    """No more bodies are held than there are conversations to compare; nothing is stored twice."""
    tree = Tree(Redactor({}))
    count = 3 * CONVERSATIONS
    for number in range(count):
        assert len(tree.add(str(number), body(number)).new) == 1
    assert len(tree._last) == CONVERSATIONS
    assert not tree.add("0", body(0)).new
    assert len(tree.add("0", body(0, "more")).new) == 1
