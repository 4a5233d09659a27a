"""What can be wrong with a history on the Messages dialect."""

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
    replaced,
)

_PAIRING = "tool-pairing"
_UNKNOWN: tuple[Message, ...] = (
    {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}},
    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}},
    {"type": "search_result", "source": "https://a.example", "title": "t", "content": []},
    {"type": "tool_reference", "tool_name": "Bash"},
    {"type": "container_upload", "file_id": "f1"},
    {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": {"stdout": "o"}},
    {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "m", "server_name": "s", "input": {}},
    {"type": "mcp_tool_result", "tool_use_id": "mcptoolu_1", "content": [{"type": "text", "text": "m"}]},
    {"type": "brand_new", "text": "words", "nested": {"a": [1, None]}},
)  # fmt: skip


def _places(messages: History, *kinds: str) -> list[tuple[int, int]]:
    """Where blocks of these kinds stand, any kind if none is named."""
    return [
        (at, place)
        for at, message in enumerate(messages)
        if isinstance(message.get("content"), list)
        for place, block in enumerate(message["content"])
        if not kinds or block.get("type") in kinds
    ]


def _having(messages: History, at: int, blocks: list[Any]) -> History:
    return replaced(messages, at, {**messages[at], "content": blocks})


def _less(pick: Pick, messages: History, at: int, place: int) -> History:
    """One block less; a message that is left with none goes, or stays empty."""
    blocks = [block for index, block in enumerate(messages[at]["content"]) if index != place]
    if not blocks and pick.flag():
        return messages[:at] + messages[at + 1 :]
    return _having(messages, at, blocks)


def _roles(messages: History, *roles: str) -> list[int]:
    return [at for at, message in enumerate(messages) if message.get("role") in roles]


def _lost(kind: str) -> Break:
    def broken(pick: Pick, messages: History) -> History:
        return _less(pick, messages, *pick.of(_places(messages, kind)))

    return broken


def _doubled(kind: str) -> Break:
    def broken(pick: Pick, messages: History) -> History:
        at, place = pick.of(_places(messages, kind))
        blocks = messages[at]["content"]
        if pick.flag():
            return _having(messages, at, [*blocks[:place], blocks[place], *blocks[place:]])
        later = pick.of(range(at + 1, len(messages) + 1))
        role = messages[at]["role"]
        return inserted(messages, later, {"role": role, "content": [blocks[place]]})

    return broken


def _shuffled(pick: Pick, messages: History) -> History:
    at = pick.of([at for at, _ in _places(messages, "tool_result", "tool_use")])
    return _having(messages, at, pick.order(messages[at]["content"]))


def _text_between(pick: Pick, messages: History) -> History:
    at, _ = pick.of(_places(messages, "tool_result"))
    text = {"type": "text", "text": "a word before the results"}
    if pick.flag():
        return _having(messages, at, [text, *messages[at]["content"]])
    role = pick.of(["user", "assistant", "system"])
    return inserted(messages, at, {"role": role, "content": [text]})


def _text_after_calls(pick: Pick, messages: History) -> History:
    at, _ = pick.of(_places(messages, "tool_use"))
    text = {"type": "text", "text": "a word after the calls"}
    return _having(messages, at, [*messages[at]["content"], text])


def _results_apart(pick: Pick, messages: History) -> History:
    """Each result in a message of its own, in any order."""
    at, _ = pick.of(_places(messages, "tool_result"))
    blocks = pick.order(messages[at]["content"])
    return replaced(messages, at, *({"role": "user", "content": [each]} for each in blocks))


def _result_late(pick: Pick, messages: History) -> History:
    at, place = pick.of(_places(messages, "tool_result"))
    block = messages[at]["content"][place]
    rest = _less(pick, messages, at, place)
    later = pick.of(range(at, len(rest) + 1))
    return inserted(rest, later, {"role": "user", "content": [block]})


def _calls_apart(pick: Pick, messages: History) -> History:
    """Parallel calls in messages of their own, each with its result behind it or not."""
    calls = [at for at, _ in _places(messages, "tool_use")]
    at = pick.of([at for at in calls if calls.count(at) > 1 and at + 1 < len(messages)])
    blocks, results = messages[at]["content"], messages[at + 1]["content"]
    head = [block for block in blocks if block.get("type") != "tool_use"]
    made = [block for block in blocks if block.get("type") == "tool_use"]
    parts = [{"role": "assistant", "content": [*head, made[0]]}]
    parts += [{"role": "assistant", "content": [each]} for each in made[1:]]
    if not pick.flag() or not isinstance(results, list):
        return replaced(messages, at, *parts)
    out: History = []
    for part, call in zip(parts, made, strict=True):
        own = [block for block in results if block.get("tool_use_id") == call["id"]]
        out += [part, {"role": "user", "content": own}] if own else [part]
    rest = [block for block in results if block.get("type") != "tool_result"]
    out += [{"role": "user", "content": rest}] if rest else []
    return [*messages[:at], *out, *messages[at + 2 :]]


def _merged(pick: Pick, messages: History) -> History:
    """Two messages of one role as one, wherever they stand."""
    at = pick.of(_roles(messages, "user", "assistant"))
    same = [n for n in _roles(messages, messages[at]["role"]) if n > at]
    other = pick.of(same)
    both = [*_blocks(messages[at]), *_blocks(messages[other])]
    return [*_having(messages, at, both)[:other], *messages[other + 1 :]]


def _blocks(message: Message) -> list[Any]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content or [])


def _of_other_role(pick: Pick, messages: History) -> History:
    """A block that only the other side may send."""
    at, place = pick.of(_places(messages, "tool_use", "tool_result", "thinking"))
    other = {"user": "assistant", "assistant": "user"}[messages[at]["role"]]
    block = messages[at]["content"][place]
    rest = _less(pick, messages, at, place)
    to = pick.of(_roles(rest, other))
    return _having(rest, to, [*_blocks(rest[to]), block])


def _identified(*values: Any) -> Break:
    """A call, a result, or both, under an id that is none; `...` takes it away."""

    def broken(pick: Pick, messages: History) -> History:
        name = {"tool_use": "id", "tool_result": "tool_use_id"}
        at, place = pick.of(_places(messages, *name))
        old = messages[at]["content"][place]
        wanted, both, new = old.get(name[old["type"]]), pick.flag(), pick.of(values)
        out = messages
        for i, j in _places(messages, *name):
            block = messages[i]["content"][j]
            key = name[block["type"]]
            if (i, j) == (at, place) or (both and block.get(key) == wanted):
                blocks = list(out[i]["content"])
                blocks[j] = changed(block, key, new)
                out = _having(out, i, blocks)
        return out

    return broken


def _content(*values: Any) -> Break:
    """The content of a message or of a result is one of these; `...` takes it away."""

    def broken(pick: Pick, messages: History) -> History:
        results = _places(messages, "tool_result")
        new = pick.of(values)
        if results and pick.flag():
            at, place = pick.of(results)
            blocks = list(messages[at]["content"])
            blocks[place] = changed(blocks[place], "content", new)
            return _having(messages, at, blocks)
        at = pick.of(range(len(messages)))
        return replaced(messages, at, changed(messages[at], "content", new))

    return broken


def _block(*blocks: Any) -> Break:
    """One of these blocks stands in a message or in a result."""

    def broken(pick: Pick, messages: History) -> History:
        results = _places(messages, "tool_result")
        new = pick.of(blocks)
        if results and pick.flag():
            at, place = pick.of(results)
            old = messages[at]["content"]
            inner = [*_blocks(old[place]), new]
            holder = {**old[place], "content": inner}
            return _having(messages, at, [*old[:place], holder, *old[place + 1 :]])
        at = pick.of(_roles(messages, "user", "assistant"))
        old = _blocks(messages[at])
        place = pick.of(range(len(old) + 1))
        return _having(messages, at, [*old[:place], new, *old[place:]])

    return broken


def _noted(*roles: str) -> Break:
    def broken(pick: Pick, messages: History) -> History:
        at = pick.of(range(len(messages) + 1))
        text = [{"type": "text", "text": "a note"}]
        note = {"role": pick.of(roles), "content": text if pick.flag() else "a note"}
        return inserted(messages, at, note)

    return broken


def _argued(pick: Pick, messages: History) -> History:
    """Arguments that are no object."""
    at, place = pick.of(_places(messages, "tool_use"))
    blocks = list(messages[at]["content"])
    new = pick.of([None, "", "{}", [], 1, ...])
    blocks[place] = changed(blocks[place], "input", new)
    return _having(messages, at, blocks)


def _search(pick: Pick, messages: History) -> History:
    """A search of Anthropic's server, with its result or without."""
    at = pick.of(_roles(messages, "assistant"))
    use = {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "web_search",
        "input": {"query": "q"},
    }
    found = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    blocks = _blocks(messages[at])
    extra = pick.of([[use], [use, found], [found]])
    place = len(blocks) and pick.of([0, len(blocks)])
    return _having(messages, at, [*blocks[:place], *extra, *blocks[place:]])


def _wide(pick: Pick, messages: History) -> History:
    """A user's message follows a user's, an assistant's an assistant's."""
    at = pick.of(range(len(messages)))
    role = messages[at].get("role")
    if role == "system":
        raise Nowhere
    text = {"role": role, "content": [{"type": "text", "text": "and more"}]}
    return inserted(messages, at + pick.of([0, 1]), text)


FAULTS: tuple[Fault, ...] = (
    *COMMON,
    fault("result lost", _lost("tool_result"), _PAIRING, "empty-content"),
    fault("call lost", _lost("tool_use"), _PAIRING, "empty-content"),
    fault("result twice", _doubled("tool_result"), _PAIRING),
    fault("call twice", _doubled("tool_use"), _PAIRING),
    fault("results shuffled", _shuffled, _PAIRING),
    fault("text before results", _text_between, _PAIRING),
    fault("text after calls", _text_after_calls, _PAIRING),
    fault("results apart", _results_apart, _PAIRING),
    fault("result late", _result_late, _PAIRING, "empty-content"),
    fault("calls apart", _calls_apart, _PAIRING),
    fault("messages merged", _merged, _PAIRING),
    fault("of the other role", _of_other_role, _PAIRING, "content-blocks"),
    fault("no id", _identified("", None, ..., 7), _PAIRING),
    fault("same id", _identified("call_0"), _PAIRING),
    fault("no content", _content(None, "", [], ...), _PAIRING, "empty-content"),
    fault("empty text", _block({"type": "text", "text": ""}, {"type": "text"}, {"type": "text", "text": None}), _PAIRING, "empty-content"),
    fault("unknown block", _block(*_UNKNOWN), _PAIRING, "content-blocks"),
    fault("server's search", _search, _PAIRING, "content-blocks"),
    fault("system message", _noted("system"), _PAIRING),
    fault("arguments", _argued, _PAIRING),
    fault("same role", _wide, _PAIRING),
)  # fmt: skip
