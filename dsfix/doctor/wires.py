"""The probes' requests in each dialect: one plain question, and what can be changed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dsfix.doctor.base import Unasked
from dsfix.doctor.reply import Reply
from dsfix.protocol.body import Dialect

Body = Mapping[str, Any]
# Reasoning counts; an answer to a plain question has some hundred. Many relays allow no more.
MOST = 4096
_BUDGET = 2048
TOOL = "bash"
_LESS = {Dialect.CHAT: 50, Dialect.MESSAGES: 49, Dialect.RESPONSES: 48}
_SCHEMA = {
    "type": "object",
    "properties": {"command": {"type": "string"}},
    "required": ["command"],
}
_OUTPUT = "dsfix"


def asked(dialect: Dialect, model: str, *items: Body, **more: Any) -> Body:
    """A request with these messages (items on Responses)."""
    if dialect is Dialect.RESPONSES:
        return {"model": model, "max_output_tokens": MOST, "input": list(items), **more}
    return {"model": model, "max_tokens": MOST, "messages": list(items), **more}


def user(text: str) -> Body:
    """A user's message."""
    return {"role": "user", "content": text}


def plain(dialect: Dialect) -> str:
    """A question with a short answer.

    Each dialect has its own, so that recovery in one does not carry over to another.
    """
    return f"Which is larger, 17 times 3 or {_LESS[dialect]}? Answer with one number."


def plainly(dialect: Dialect, model: str, **more: Any) -> Body:
    """A request with nothing but that question."""
    return asked(dialect, model, user(plain(dialect)), **more)


def to_call(dialect: Dialect) -> Body:
    """A message that makes the model call the tool: the simulator acts on the mark.

    Each dialect has its own here as well.
    """
    do = f"Call the tool {TOOL} once, with the command `echo {dialect}`, and say nothing."
    return user(f"{do} [[bash]]")


def streamed(dialect: Dialect) -> Body:
    """What asks for events, with a count of tokens at their end."""
    if dialect is Dialect.CHAT:
        return {"stream": True, "stream_options": {"include_usage": True}}
    return {"stream": True}


def thinking(dialect: Dialect, mode: str) -> Body:
    """What switches thinking `enabled`, `disabled` or `adaptive`; Responses has an effort only."""
    if dialect is Dialect.RESPONSES:
        return {"reasoning": {"effort": "none" if mode == "disabled" else "high"}}
    budget = dialect is Dialect.MESSAGES and mode == "enabled"
    return {"thinking": {"type": mode, **({"budget_tokens": _BUDGET} if budget else {})}}


def effort(dialect: Dialect) -> Body:
    """How hard to think, on the dialects where that stands apart from the switch."""
    if dialect is Dialect.CHAT:
        return {"reasoning_effort": "high"}
    return {"output_config": {"effort": "high"}}


def tool(dialect: Dialect, name: str = TOOL) -> Body:
    """A shell, offered under a name."""
    about = "Runs a shell command."
    if dialect is Dialect.MESSAGES:
        return {"name": name, "description": about, "input_schema": _SCHEMA}
    function = {"name": name, "description": about, "parameters": _SCHEMA}
    if dialect is Dialect.CHAT:
        return {"type": "function", "function": function}
    return {"type": "function", **function}


def forced(dialect: Dialect) -> Body:
    """What makes the model call that tool."""
    if dialect is Dialect.MESSAGES:
        return {"tool_choice": {"type": "tool", "name": TOOL}}
    if dialect is Dialect.CHAT:
        return {"tool_choice": {"type": "function", "function": {"name": TOOL}}}
    return {"tool_choice": {"type": "function", "name": TOOL}}


def turn(reply: Reply) -> list[dict[str, Any]]:
    """The assistant's turn of a JSON answer, as it goes back: one message, or items."""
    document = reply.document
    if reply.dialect is Dialect.CHAT:
        return [dict(document["choices"][0]["message"])]
    if reply.dialect is Dialect.MESSAGES:
        return [{"role": "assistant", "content": document["content"]}]
    return [dict(item) for item in document["output"]]


def results(reply: Reply) -> list[Body]:
    """An output for each call of an answer. Raises Unasked when it called nothing."""
    calls = reply.answer.turn().calls
    if not calls:
        raise Unasked("the model called no tool")
    if reply.dialect is Dialect.MESSAGES:
        blocks = [{"type": "tool_result", "tool_use_id": id, "content": _OUTPUT} for id in calls]
        return [{"role": "user", "content": blocks}]
    if reply.dialect is Dialect.CHAT:
        return [{"role": "tool", "tool_call_id": id, "content": _OUTPUT} for id in calls]
    return [{"type": "function_call_output", "call_id": id, "output": _OUTPUT} for id in calls]


def reasoning_of(reply: Reply) -> str | None:
    """The reasoning of a JSON answer; None when there is no place for any."""
    if reply.dialect is Dialect.CHAT:
        said = reply.document["choices"][0]["message"]
        texts = [said.get(name) for name in ("reasoning_content", "reasoning")]
    elif reply.dialect is Dialect.MESSAGES:
        texts = [
            block.get("thinking", block.get("data"))
            for block in reply.document["content"]
            if block["type"] in ("thinking", "redacted_thinking")
        ]
    else:
        thoughts = [item for item in reply.document["output"] if item["type"] == "reasoning"]
        texts = ["".join(p.get("text") or "" for p in t.get("content") or ()) for t in thoughts]
    found = [text for text in texts if text is not None]
    return "".join(found) if found else None


def thinking_as(
    dialect: Dialect, said: Sequence[dict[str, Any]], text: str | None
) -> list[dict[str, Any]]:
    """The turn with other reasoning in place of its own; None takes it out."""
    if dialect is Dialect.CHAT:
        kept = {k: v for k, v in said[0].items() if k not in ("reasoning_content", "reasoning")}
        return [kept if text is None else {**kept, "reasoning_content": text}]
    if dialect is Dialect.MESSAGES:
        rest = [block for block in said[0]["content"] if "thinking" not in block["type"]]
        signed = {"type": "thinking", "thinking": text, "signature": "dsfix-doctor"}
        return [{**said[0], "content": rest if text is None else [signed, *rest]}]
    items = [item for item in said if item["type"] != "reasoning"]
    content = [{"type": "reasoning_text", "text": text}]
    thought = {"type": "reasoning", "id": "rs_dsfix", "summary": [], "content": content}
    return items if text is None else [thought, *items]
