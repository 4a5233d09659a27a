"""The scripted model calls the agent's own tools, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from dsfix.simulator.model import directive, move
from dsfix.simulator.rules.wire import Dialect
from tests.simulator.histories import THOUGHT, assistant, calls, result, tool, use
from tests.simulator.support import AGENT_TOOLS, CHAT_AGENT_TOOLS, USER, body

SYSTEM = "You are an agent.\n - Primary working directory: /home/u/my project\n - more"


def ask(text: str, *history: Any, dialect: Dialect = "messages", **members: Any) -> Any:
    """The model's move after a prompt and what followed it."""
    tools = AGENT_TOOLS if dialect == "messages" else CHAT_AGENT_TOOLS
    messages = [{"role": "user", "content": text}, *history]
    return move(body(messages=messages, tools=tools, system=SYSTEM) | members, dialect, 7)


def test_directive() -> None:
    """The last list of known steps counts; anything else in brackets does not."""
    assert directive("a [[bash]] b [[write edit]] c [[not known]]") == ("write", "edit")
    assert directive("[[ wiki link ]] and $[[ x ]]") == ()


def test_steps_follow_the_assistant_turns() -> None:
    """Each assistant turn since the prompt is one step further, then the model is done."""
    done = [assistant(THOUGHT, *use("A")), result("A")]
    assert ask("[[bash text]]").calls[0][0] == "Bash"
    assert ask("[[bash text]]", *done).text == "Turn 7: a word."
    assert ask("[[bash]]", *done).text == "done"
    assert ask("no directive").text == "done"


def test_steps_on_chat() -> None:
    """On Chat the tools have other names and the results other messages."""
    first = ask("[[bash write]]", dialect="chat")
    assert first.calls[0][0] == "bash"
    later = ask("[[bash write]]", calls("A"), tool("A"), dialect="chat")
    assert later.calls[0][0] == "write"


def test_new_prompt_starts_again() -> None:
    """A later prompt has its own steps; text beside results is no prompt."""
    done = [assistant(THOUGHT, *use("A")), result("A")]
    reminder = {"role": "user", "content": [*result("A")["content"], {"type": "text", "text": "r"}]}
    again = {"role": "user", "content": "now [[write]]"}
    assert ask("[[bash]]", *done, assistant(THOUGHT), again).calls[0][0] == "Write"
    assert ask("[[bash bash bash]]", done[0], reminder).calls[0][0] == "Bash"


def test_prompt_over_several_messages() -> None:
    """A prompt that an agent or a proxy spreads over several messages is one prompt."""
    more = {"role": "user", "content": "<system-reminder>x</system-reminder>"}
    note = {"role": "system", "content": "note"}
    assert ask("[[bash]]", note, more).calls[0][0] == "Bash"


@pytest.mark.parametrize(
    ("step", "name", "arguments"),
    [
        ("bash", "Bash", {"command": "echo turn 7"}),
        ("cd", "Bash", {"command": "cd '/home/u/my project' && echo hi"}),
        (
            "agent",
            "Agent",
            {
                "prompt": "Do this: [[bash]]",
                "description": "simulated agent",
                "subagent_type": "general-purpose",
            },
        ),
        (
            "edit",
            "Edit",
            {
                "file_path": "/home/u/my project/dsfix-sim-0-7.txt",
                "old_string": "beta",
                "new_string": "delta  ",
                "mode": "once",
            },
        ),
    ],
)
def test_arguments(step: str, name: str, arguments: dict[str, Any]) -> None:
    """Arguments follow the tool's schema, required ones without a meaning are filled."""
    assert ask(f"[[{step}]]").calls == ((name, arguments),)


def test_edit_what_was_written() -> None:
    """The file to edit is the one the history says was written."""
    write = {"type": "tool_use", "id": "W", "name": "Write", "input": {"file_path": "/x/a.txt"}}
    edit = ask("[[write edit]]", assistant(THOUGHT, write), result("W"))
    assert edit.calls[0][1]["file_path"] == "/x/a.txt"


def test_written_text_has_blanks_to_trim() -> None:
    """The content ends in blanks and empty lines, which agents are known to trim."""
    content = ask("[[write]]").calls[0][1]["content"]
    assert "  \n" in content
    assert content.endswith("\n\n")


def test_parallel() -> None:
    """Three calls in one turn differ from each other."""
    commands = {given["command"] for _, given in ask("[[parallel]]").calls}
    assert len(commands) == 3


def test_bare_and_redacted() -> None:
    """One step has no reasoning, another an opaque one."""
    assert ask("[[bare]]").reasoning == ""
    assert ask("[[redacted]]").redacted


def test_missing_tool() -> None:
    """A step without a tool for it says so instead of being skipped."""
    only = AGENT_TOOLS[1:2]
    assert ask("[[bash]]", tools=only).text == "no tool for step bash"


def test_title() -> None:
    """A request without tools gets a short text, as JSON where a schema asks for it."""
    assert move(body(messages=[USER]), "chat", 1).text == "Simulated task"
    schema = {"output_config": {"format": {"type": "json_schema"}}}
    assert move(body(messages=[USER], **schema), "messages", 1).text.startswith("{")


def test_forced_choice() -> None:
    """A forced call is made."""
    forced = ask("x", thinking={"type": "disabled"}, tool_choice={"type": "tool", "name": "Write"})
    assert forced.calls[0][0] == "Write"


def test_reasoning_is_unique_and_repeatable() -> None:
    """Turns and seeds have different reasoning; the same turn has the same."""
    request = body()
    thoughts = {
        move(request, "chat", number, seed).reasoning for number in (1, 2) for seed in (0, 1)
    }
    assert len(thoughts) == 4
    assert move(request, "chat", 1).reasoning == move(request, "chat", 1).reasoning
