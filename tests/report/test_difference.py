"""What changed from one request to another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dsfix.record.reader import read
from dsfix.report.difference import Difference, Rows, difference
from tests.record.support import assistant, opened, recorded, request, user


def tool(name: str, about: str = "") -> dict[str, Any]:
    """A tool."""
    return {"name": name, "description": about, "input_schema": {}}


def compared(tmp_path: Path, one: dict[str, Any], two: dict[str, Any]) -> Difference:
    """Two requests with these members, recorded and compared."""
    log = opened(tmp_path)
    for number, members in enumerate((one, two), 1):
        recorded(log, request(members.pop("messages"), **members), None, number)
    log.close(0, 1)
    assert log.path is not None
    record = read(log.path)
    return difference(record, *record.exchanges)


def test_what_only_grew(tmp_path: Path) -> None:
    """Everything before is the same; markers that moved are no difference."""
    marked = user("one", cache_control={"type": "ephemeral"})
    grown = {"messages": [user("one"), assistant("two"), user("three")], "system": "be good"}
    found = compared(tmp_path, {"messages": [marked], "system": "be good"}, grown)
    assert found.params == {} and found.system is None and found.tools is None
    assert found.messages is not None
    assert (found.messages.same, found.messages.before, found.messages.after) == (1, 1, 3)
    assert found.messages.same == found.messages.before and found.messages.was == ""
    assert found.messages.now.startswith('{"role": "assistant"')


def test_the_same(tmp_path: Path) -> None:
    """Nothing is said."""
    found = compared(tmp_path, {"messages": [user("one")]}, {"messages": [user("one")]})
    assert found == Difference({}, None, (), (), (), None, None)


def test_everything_differs(tmp_path: Path) -> None:
    """Each is told, lists by their first difference."""
    text = "x" * 300
    one = {
        "messages": [user("zero"), user(f"{text} one {text}"), user("last")],
        "system": [{"type": "text", "text": "be good"}, {"type": "text", "text": "10:00"}],
        "tools": [tool("Read"), tool("Bash", "run"), tool("Old")],
        "max_tokens": 100,
        "temperature": 0.5,
    }
    two = {
        "messages": [user("zero"), user(f"{text} two {text}")],
        "system": [{"type": "text", "text": "be good"}, {"type": "text", "text": "10:01"}],
        "tools": [tool("Read"), tool("New"), tool("Bash", "do")],
        "max_tokens": 200,
    }
    found = compared(tmp_path, one, two)
    assert found.params == {"max_tokens": (100, 200), "temperature": (0.5, None)}
    assert found.system == Rows(
        1, 2, 2, '{"type": "text", "text": "10:00"}', '{"type": "text", "text": "10:01"}'
    )
    assert (found.tools_added, found.tools_removed) == (("New",), ("Old",))
    assert found.tools_changed == ("Bash",)
    assert found.tools is not None and found.tools.same == 1
    messages = found.messages
    assert messages is not None and messages.same < messages.before
    assert (messages.same, messages.before, messages.after) == (1, 3, 2)
    assert messages.was == f"…{'x' * 59} one {'x' * 56}…"
    assert messages.now == f"…{'x' * 59} two {'x' * 56}…"


def test_responses_calls_its_system_prompt_instructions(tmp_path: Path) -> None:
    """It is told as that of the others."""
    one, two = ({"messages": [user("one")], "instructions": f"be {how}"} for how in ("a", "b"))
    found = compared(tmp_path, one, two)
    assert found.system == Rows(0, 1, 1, '"be a"', '"be b"') and found.params == {}
