"""What was found out about a message is found out once, and never taken for something else."""

from __future__ import annotations

from dsfix.memory import OriginMemory
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.repairs.base import Context
from dsfix.repairs.unchanged import each
from tests.repairs.support import RULES, memory


def found(
    to: OriginMemory, keys: str, dialect: Dialect = Dialect.CHAT, under: str = ""
) -> tuple[str, str]:
    """What a repair finds out of these keys in one conversation, and of which it had to."""
    body = Body.read(dialect, b'{"messages":[],"input":[]}')
    assert body is not None
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    context = Context(RULES, to, History.of(body), "conversation")
    return "".join(each(context, "name", keys, make, under)), "".join(made)


def test_only_what_is_new_is_looked_at() -> None:
    """What stayed at the beginning is known; from the first difference on all is looked at."""
    known = memory()
    assert found(known, "abcdefgh") == ("ABCDEFGH", "abcdefgh")
    assert found(known, "abcdefghij") == ("ABCDEFGHIJ", "ij")
    assert found(known, "abcdefghiX") == ("ABCDEFGHIX", "X")
    assert found(known, "aXcdefghiX") == ("AXCDEFGHIX", "XcdefghiX")
    assert found(known, "a") == ("A", "")


def test_what_was_known_under_other_terms_is_not() -> None:
    """Another wire or another rule makes it all new, though the bytes are the same."""
    known = memory()
    found(known, "ab")
    assert found(known, "ab", Dialect.MESSAGES) == ("AB", "ab")
    assert found(known, "ab", Dialect.MESSAGES, "rule") == ("AB", "ab")
    assert found(known, "ab", Dialect.MESSAGES, "rule") == ("AB", "")
