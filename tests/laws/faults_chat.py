"""What can be wrong with a history on the Chat Completions dialect."""

from __future__ import annotations

from typing import Any

from tests.laws.faults import (
    COMMON,
    Break,
    Fault,
    History,
    Message,
    Nowhere,
    Pick,
    changed,
    fault,
    inserted,
    noted,
    replaced,
)

_PAIRING = "tool-pairing"
_UNKNOWN: tuple[Message, ...] = (
    {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
    {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
    {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
    {"type": "thinking", "thinking": "t"},
    {"type": "refusal", "refusal": "no"},
    {"type": "input_text", "text": "words"},
    {"type": "tool_use", "id": "t1", "name": "Bash", "input": {}},
    {"type": "brand_new", "nested": {"a": [1, None]}},
)  # fmt: skip


def _of(messages: History, *roles: str) -> list[int]:
    return [at for at, message in enumerate(messages) if message.get("role") in roles]


def _callers(messages: History) -> list[int]:
    return [at for at in _of(messages, "assistant") if messages[at].get("tool_calls")]


def _calling(messages: History, at: int, calls: list[Any]) -> History:
    return replaced(messages, at, {**messages[at], "tool_calls": calls})


def _result_lost(pick: Pick, messages: History) -> History:
    at = pick.of(_of(messages, "tool"))
    return messages[:at] + messages[at + 1 :]


def _result_twice(pick: Pick, messages: History) -> History:
    at = pick.of(_of(messages, "tool"))
    return inserted(messages, pick.of(range(at + 1, len(messages) + 1)), messages[at])


def _result_late(pick: Pick, messages: History) -> History:
    at = pick.of(_of(messages, "tool"))
    rest = messages[:at] + messages[at + 1 :]
    return inserted(rest, pick.of(range(len(rest) + 1)), messages[at])


def _shuffled(pick: Pick, messages: History) -> History:
    """The results of one turn in any order."""
    at = pick.of(_callers(messages))
    end = at + 1
    while end < len(messages) and messages[end].get("role") == "tool":
        end += 1
    return [*messages[: at + 1], *pick.order(messages[at + 1 : end]), *messages[end:]]


def _between(pick: Pick, messages: History) -> History:
    """A message between calls and results, or between two results."""
    role = pick.of(["user", "assistant", "system"])
    return inserted(messages, pick.of(_of(messages, "tool")), {"role": role, "content": "a word"})


def _calls_apart(pick: Pick, messages: History) -> History:
    """Parallel calls in messages of their own, each with its result behind it or not."""
    at = pick.of([at for at in _callers(messages) if len(messages[at]["tool_calls"]) > 1])
    first, *rest = messages[at]["tool_calls"]
    parts: History = [{**messages[at], "tool_calls": [first]}]
    parts += [{"role": "assistant", "content": "", "tool_calls": [each]} for each in rest]
    if not pick.flag():
        return replaced(messages, at, *parts)
    out, left = list[Message](), messages[at + 1 :]
    for part in parts:
        wanted = part["tool_calls"][0].get("id")
        own = [each for each in left[: len(parts)] if each.get("tool_call_id") == wanted][:1]
        left = [each for each in left if not any(each is one for one in own)]
        out += [part, *own]
    return [*messages[:at], *out, *left]


def _call_lost(pick: Pick, messages: History) -> History:
    """A call less; where none is left, the list is empty, null or not there."""
    at = pick.of(_callers(messages))
    calls = list(messages[at]["tool_calls"])
    del calls[pick.of(range(len(calls)))]
    return _calling(messages, at, calls) if calls else _empty_calls(pick, messages, at)


def _empty_calls(pick: Pick, messages: History, at: int) -> History:
    return replaced(messages, at, changed(messages[at], "tool_calls", pick.of([[], None, ...])))


def _no_calls(pick: Pick, messages: History) -> History:
    at = pick.of([at for at in _of(messages, "assistant") if at not in _callers(messages)])
    return _empty_calls(pick, messages, at)


def _call_twice(pick: Pick, messages: History) -> History:
    at = pick.of(_callers(messages))
    calls = messages[at]["tool_calls"]
    return _calling(messages, at, [*calls, pick.of(calls)])


def _identified(*values: Any) -> Break:
    """A call, a result, or both, under an id that is none; `...` takes it away."""

    def broken(pick: Pick, messages: History) -> History:
        at = pick.of(_callers(messages))
        call = pick.of(messages[at]["tool_calls"])
        old, new = call.get("id"), pick.of(values)
        which = pick.of(["call", "result", "both"])
        out: History = []
        for message in messages:
            calls = message.get("tool_calls") or []
            if which != "result" and any(each.get("id") == old for each in calls):
                fixed = [changed(c, "id", new) if c.get("id") == old else c for c in calls]
                message = {**message, "tool_calls": fixed}
            if which != "call" and old is not None and message.get("tool_call_id") == old:
                message = changed(message, "tool_call_id", new)
            out.append(message)
        return out

    return broken


def _function(name: str, *values: Any) -> Break:
    """A member of a call's function is one of these."""

    def broken(pick: Pick, messages: History) -> History:
        at = pick.of(_callers(messages))
        calls = list(messages[at]["tool_calls"])
        place = pick.of(range(len(calls)))
        function = changed(calls[place].get("function") or {}, name, pick.of(values))
        calls[place] = {**calls[place], "function": function}
        return _calling(messages, at, calls)

    return broken


def _content(*values: Any) -> Break:
    def broken(pick: Pick, messages: History) -> History:
        at = pick.of(range(len(messages)))
        return replaced(messages, at, changed(messages[at], "content", pick.of(values)))

    return broken


def _part(*parts: Any) -> Break:
    def broken(pick: Pick, messages: History) -> History:
        at = pick.of(range(len(messages)))
        content = messages[at].get("content")
        old = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        place = pick.of(range(len(old) + 1))
        new = [*old[:place], pick.of(parts), *old[place:]]
        return replaced(messages, at, {**messages[at], "content": new})

    return broken


def _reasoned(*values: Any) -> Break:
    """The reasoning of a turn in another form, or under another name."""

    def broken(pick: Pick, messages: History) -> History:
        at = pick.of(_of(messages, "assistant"))
        text, new = messages[at].get("reasoning_content"), pick.of(values)
        rest = changed(messages[at], "reasoning_content", ...)
        if isinstance(new, str):
            return replaced(messages, at, {**rest, new: text})
        return replaced(messages, at, {**rest, "reasoning_content": new})

    return broken


def _wide(pick: Pick, messages: History) -> History:
    """A message of the same role beside one."""
    at = pick.of(range(len(messages)))
    role = messages[at].get("role")
    if role == "tool":
        raise Nowhere
    return inserted(messages, at + pick.of([0, 1]), {"role": role, "content": "and more"})


FAULTS: tuple[Fault, ...] = (
    *COMMON,
    fault("result lost", _result_lost, _PAIRING),
    fault("result twice", _result_twice, _PAIRING),
    fault("result late", _result_late, _PAIRING),
    fault("results shuffled", _shuffled),
    fault("word between", _between, _PAIRING),
    fault("calls apart", _calls_apart, _PAIRING),
    fault("call lost", _call_lost, _PAIRING, "empty-content"),
    fault("no calls", _no_calls, _PAIRING, "empty-content"),
    fault("call twice", _call_twice, _PAIRING),
    fault("no id", _identified("", None, ..., 7), _PAIRING),
    fault("same id", _identified("call_0"), _PAIRING),
    fault("arguments", _function("arguments", None, {}, "", "{", "[]", ..., 7), _PAIRING),
    fault("no name", _function("name", None, "", ...), _PAIRING, "tool-names"),
    fault("no content", _content(None, "", [], ...), _PAIRING, "empty-content"),
    fault("empty text", _part({"type": "text", "text": ""}, {"type": "text"}, {"type": "text", "text": None}), _PAIRING, "empty-content"),
    fault("unknown part", _part(*_UNKNOWN), _PAIRING, "content-blocks"),
    fault("system message", noted("system"), _PAIRING),
    fault("developer message", noted("developer"), _PAIRING),
    fault("reasoning renamed", _reasoned("reasoning", "reasoning_details")),
    fault("reasoning no text", _reasoned(None)),
    fault("same role", _wide, _PAIRING),
)  # fmt: skip
