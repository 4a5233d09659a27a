"""Blocks that are not read become words; what is read keeps its bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dsfix.protocol.body import Dialect
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from tests.repairs.support import RULES, USER, call, memory, request, result, sent
from tests.repairs.test_empty_content import body, refused

MESSAGES, CHAT, RESPONSES = Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES
PIXEL = "iVBORw0KGgo" + "A" * 2000
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
URL = f"data:image/png;base64,{PIXEL}"
DOCUMENT = {
    "type": "document",
    "title": "Plan",
    "source": {"type": "base64", "media_type": "application/pdf", "data": PIXEL},
}
FLASH = {"model": "deepseek-v4-flash"}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def texts(out: Any, place: int = 0) -> list[str]:
    messages = out.get("messages") or out["input"]
    return [block["text"] for block in messages[place]["content"] if "text" in block["type"]]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (DOCUMENT, ["Plan", "application/pdf", "1 kB", "not sent"]),
        (
            {"type": "document", "source": {"type": "text", "data": "the words"}},
            ["[document: untitled]\nthe words"],
        ),
        (
            {"type": "search_result", "title": "T", "source": "S",
             "content": [{"type": "text", "text": "found"}]},
            ["[search_result]", "T", "S", "found"],
        ),
        (
            {"type": "mcp_tool_use", "id": "m", "name": "look", "input": {"a": 1}},
            ["[mcp_tool_use]", "look", '{"a": 1}'],
        ),
        ({"type": "container_upload", "file_id": "f"}, ["[container_upload]", "f"]),
        (
            {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_1",
             "content": {"type": "code_execution_result", "stdout": "done", "return_code": 1}},
            ["[code_execution_tool_result]", "stdout: done", "return_code: 1"],
        ),
        (
            {"type": "document", "source": {"type": "text", "data": "没有空格" * 100}},
            ["没有空格" * 100],
        ),
        ({"type": "brand_new", "kept": {"in": ["words", "data " * 100]}}, ["words", "data data"]),
        ({"type": "text", "text": 7}, ["7"]),
        ({"type": "tool_reference", "tool_name": "Bash"}, ["[tool_reference]", "Bash"]),
        ({"type": "text", "text": None}, []),
        ({"type": "text"}, []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("inside", [False, True])
def test_words_of_messages(block: Any, words: list[str], inside: bool) -> None:
    """Each block that is refused says what it held, also inside a tool's result."""
    if inside:
        back = {"type": "tool_result", "tool_use_id": "a", "content": [block]}
        given = request(USER, call("a"), user(back))
        given["max_tokens"] = 9000
    else:
        given = body(MESSAGES, user({"type": "text", "text": "see"}, block))
        assert refused(MESSAGES, given)
    out, _ = sent(MESSAGES, given)
    assert not refused(MESSAGES, out)
    said = json.dumps(out, ensure_ascii=False)
    for word in words:
        assert json.dumps(word, ensure_ascii=False)[1:-1] in said
    assert PIXEL not in said


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "input_audio", "input_audio": {"data": PIXEL}}, "[input_audio]"),
        ({"type": "output_text", "text": "said"}, "said"),
        ({"type": "refusal", "refusal": "I will not"}, "I will not"),
        ({"type": "tool_result", "content": "ok"}, "ok"),
        ({"type": "text", "text": None}, ""),
        ({"type": "text"}, ""),
        ("bare", "bare"),
    ],
)
def test_words_of_chat(part: Any, words: str) -> None:
    """Parts of other dialects are put into words."""
    given = body(CHAT, user(part))
    assert refused(CHAT, given)
    out, _ = sent(CHAT, given)
    assert not refused(CHAT, out)
    assert words in texts(out)[0]


def test_reasoning_as_a_part() -> None:
    """An assistant's thinking part becomes its reasoning, unless it has some."""
    part = {"type": "thinking", "thinking": "why"}
    said = {"type": "text", "text": "so"}
    given = {"role": "assistant", "content": [part, said]}
    out, _ = sent(CHAT, body(CHAT, USER, given, USER))
    assert out["messages"][1] == {**given, "content": [said], "reasoning_content": "why"}
    out, _ = sent(CHAT, body(CHAT, USER, {**given, "reasoning_content": "own"}, USER))
    assert out["messages"][1]["reasoning_content"] == "own"


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (user({"type": "text", "text": "plain"}), "plain"),
        (user({"type": "refusal", "refusal": "no"}), "no"),
        (
            {"role": "assistant", "content": [{"type": "input_image", "image_url": URL}]},
            "image/png",
        ),
        (user({"type": "input_text", "text": "seen"}, {"type": "input_text"}), "seen"),
        ({"type": "reasoning", "summary": [], "content": "why"}, "why"),
    ],
)
def test_words_of_responses(item: Any, words: str) -> None:
    """Parts that are not known, and images where none may stand."""
    given = body(RESPONSES, item, USER)
    assert refused(RESPONSES, given)
    out, _ = sent(RESPONSES, given)
    assert not refused(RESPONSES, out)
    assert words in texts(out)[0]


def test_what_the_upstreams_own_tools_answered() -> None:
    """It goes back unchanged, whatever it is; what another vendor's tool answered is told."""
    used = {"type": "server_tool_use", "input": {}}
    found = {"type": "web_fetch_tool_result", "content": {"type": "page", "url": "u"}}
    said = {"type": "text", "text": "x", "citations": [{"url": "u"}]}
    blocks = [
        {**used, "id": "S1", "name": "deepseek_read_url"},
        {**found, "tool_use_id": "S1"},
        {"type": "deepseek_page", "url": "u"},
        {**used, "id": "S2", "name": "web_fetch"},
        {**found, "tool_use_id": "S2"},
        {"type": "mcp_tool_use", "id": "S3", "name": "web_search_exa", "input": {}},
        {"type": "mcp_tool_result", "tool_use_id": "S3", "content": []},
        said,
    ]
    answer, told = (
        {"role": "assistant", "content": blocks},
        {"role": "user", "content": blocks[2:3]},
    )
    out, _ = sent(MESSAGES, body(MESSAGES, USER, answer, told))
    assert out["messages"][2]["content"][0]["type"] == "text"
    after = out["messages"][1]["content"]
    assert after[:4] + after[7:] == blocks[:4] + blocks[7:]
    assert [block["type"] for block in after[4:7]] == ["text"] * 3
    parts = [{"type": "deepseek_web_search_result", "url": "u"}, {"type": "text", "text": "x"}]
    given = body(
        CHAT, USER, {"role": "assistant", "content": parts}, {"role": "user", "content": parts}
    )
    out, _ = sent(CHAT, given)
    assert out["messages"][1]["content"] == parts
    assert out["messages"][2]["content"][0]["type"] == "text"


def test_a_search_that_is_passed_back() -> None:
    """The server wants the queries of its own search again."""
    search = {"type": "web_search_call", "id": "w", "action": {"type": "search", "query": "q"}}
    given = body(RESPONSES, USER, search, {"role": "assistant", "content": "x"}, USER)
    assert refused(RESPONSES, given)
    out, _ = sent(RESPONSES, given)
    assert not refused(RESPONSES, out)
    assert out["input"][1]["action"] == {"type": "search", "query": "q", "queries": ["q"]}


def test_what_is_nested_too_deep_costs_nothing_else() -> None:
    """It is said to be so, where Python 3.11 cannot go through it, and other blocks are mended."""
    deep: Any = {"a": 1}
    for _ in range(600):
        deep = {"a": deep}
    back = {"type": "tool_result", "tool_use_id": "a", "content": [deep, DOCUMENT]}
    out, _ = sent(MESSAGES, {**request(USER, call("a"), user(back)), "max_tokens": 9000})
    read, plan = out["messages"][2]["content"][0]["content"]
    assert read["text"].startswith("[content: nested too deep") or '{"a": {"a": ' in read["text"]
    assert "Plan" in plan["text"]


def images(dialect: Dialect) -> dict[str, Any]:
    """A user's message with an image, on that wire."""
    if dialect is MESSAGES:
        return user(IMAGE)
    if dialect is CHAT:
        return user({"type": "image_url", "image_url": {"url": URL}})
    return user({"type": "input_image", "image_url": URL})


@pytest.mark.parametrize("dialect", list(Dialect))
def test_images_by_what_the_model_sees(dialect: Dialect) -> None:
    """A model that sees gets the image byte for byte, one that does not gets a note, every time."""
    given = body(dialect, images(dialect))
    seen, out = sent(dialect, {**given, **FLASH})
    assert seen == {**given, **FLASH}
    assert not out.changes
    blind, _ = sent(dialect, given)
    assert texts(blind) == ["[image: image/png, 1 kB, not sent: deepseek-v4-pro sees no images]"]


@pytest.mark.parametrize("dialect", list(Dialect))
def test_images_by_the_users_word(dialect: Dialect) -> None:
    """The setting keeps all images, or none."""
    given = body(dialect, images(dialect))
    assert sent(dialect, given, rules=replace(RULES, images="keep"))[0] == given
    out, _ = sent(dialect, {**given, **FLASH}, rules=replace(RULES, images="text"))
    assert "turned off" in texts(out)[0]


def test_files_where_no_media_are_read() -> None:
    """A file goes where an image would, and is named where none is sent."""
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": PIXEL}}
    given = body(CHAT, user(file))
    assert sent(CHAT, {**given, **FLASH})[0] == {**given, **FLASH}
    assert texts(sent(CHAT, given)[0]) == ["[file: a.pdf, 1 kB, not sent]"]


@pytest.mark.parametrize(
    "data",
    ["first line, then more", "data:text/plain;base64,Zmlyc3QgbGluZSwgdGhlbiBtb3Jl",
     "data:text/markdown,first%20line,%20then%20more"],
)  # fmt: skip
def test_a_file_of_words_is_read(data: str) -> None:
    """What a text file says goes to the model, whichever way it was attached."""
    file = {"type": "file", "file": {"filename": "a.txt", "file_data": data}}
    given = body(CHAT, user(file))
    assert texts(sent(CHAT, given)[0]) == ["[file: a.txt]\nfirst line, then more"]


def test_files_on_responses() -> None:
    """The same there, in a message and in what a tool gave."""
    file = {"type": "input_file", "filename": "a.pdf", "file_data": PIXEL}
    output = {"type": "function_call_output", "call_id": "a", "output": [file]}
    given = body(RESPONSES, user(file), call("a", dialect=RESPONSES), output)
    assert sent(RESPONSES, {**given, **FLASH})[0]["input"][0] == user(file)
    out, _ = sent(RESPONSES, given)
    assert texts(out) == [text["text"] for text in out["input"][-1]["output"]]
    assert texts(out) == ["[file: a.pdf, 1 kB, not sent]"]


def test_a_document_that_the_upstream_has() -> None:
    """It goes to the model that reads it, and is named to one that does not."""
    source = {"type": "file", "file_id": "file-api-1"}
    given = body(MESSAGES, user({"type": "document", "title": "Plan", "source": source}))
    assert sent(MESSAGES, {**given, **FLASH})[0] == {**given, **FLASH}
    mixed = body(MESSAGES, user(*given["messages"][0]["content"], DOCUMENT)) | FLASH
    assert sent(MESSAGES, mixed)[0]["messages"][0]["content"][0]["source"] == source
    assert "Plan, file, file-api-1" in texts(sent(MESSAGES, given)[0])[0]


def test_images_in_results() -> None:
    """An image that a tool gave is dealt with like any other."""
    back = {"type": "tool_result", "tool_use_id": "a", "content": [IMAGE], "is_error": False}
    thinking = {"type": "thinking", "thinking": "t", "signature": "s"}
    out, _ = sent(MESSAGES, request(USER, call("a", thinking), user(back)))
    (block,) = out["messages"][2]["content"]
    assert block["is_error"] is False
    assert "sees no images" in block["content"][0]["text"]


def test_a_thought_without_blanks_is_no_data() -> None:
    """Words of a language that puts no blanks between them stay whole, however many they are."""
    part = {"type": "thinking", "thinking": "为什么要调用这个工具" * 50}
    out, _ = sent(CHAT, body(CHAT, USER, {"role": "assistant", "content": [part]}, USER))
    assert out["messages"][1] == {
        "role": "assistant",
        "content": "",
        "reasoning_content": part["thinking"],
    }


def test_bytes_that_are_no_text_stay() -> None:
    """What cannot be read at all is passed on with its neighbours' words, not put into words."""
    odd = b'{"type":"text","text":"\xff\xfe"}'
    data = b'{"model":"deepseek-v4-pro","messages":[{"role":"user","content":[%s,{"type":"x"}]}]}'
    for dialect in (MESSAGES, CHAT):
        out = prepare(dialect, data % odd, REPAIRS, RULES, memory(), lambda _: Step.NONE)
        assert odd in out.data
        assert b'"[x]"' in out.data


@pytest.mark.parametrize("odd", [b'"\xff\xfe words"', b"1e999"])
def test_content_that_cannot_be_read_stays(odd: bytes) -> None:
    """Neither words nor parts can be made of it, least of all the word `null`."""
    said = b'{"role":"user","content":%s}' % odd
    given = b'{"model":"deepseek-v4-pro","%s":[%s]}'
    for dialect, name in ((MESSAGES, b"messages"), (CHAT, b"messages"), (RESPONSES, b"input")):
        out = prepare(dialect, given % (name, said), REPAIRS, RULES, memory(), lambda _: Step.NONE)
        assert said in out.data
    answer = b'{"type":"tool_result","tool_use_id":"a","content":%s}' % odd
    call = b'{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}'
    turns = b'%s,{"role":"user","content":[%s]}' % (call, answer)
    out = prepare(
        MESSAGES, given % (b"messages", turns), REPAIRS, RULES, memory(), lambda _: Step.NONE
    )
    assert answer in out.data


def test_what_a_tool_was_given_is_nobodys_block() -> None:
    """A `type` inside a tool's input or a text is no block, and nothing is changed for it."""
    odd = {"type": "document", "content": {"type": "image"}}
    use = {"type": "tool_use", "id": "a", "name": "f", "input": odd}
    thinking = {"type": "thinking", "thinking": "t", "signature": "s"}
    quoted = user({"type": "text", "text": '{"type":"document"}'})
    given = request(quoted, {"role": "assistant", "content": [thinking, use]}, result("a"))
    _, out = sent(MESSAGES, given)
    assert not out.changes


def test_redacted_thinking_where_no_tools_are() -> None:
    """Without tools no reasoning is wanted back, so what cannot be read just goes."""
    redacted = {"type": "redacted_thinking", "data": "zz"}
    said = {"type": "text", "text": "so"}
    given = body(MESSAGES, USER, {"role": "assistant", "content": [redacted, said]}, USER)
    out, _ = sent(MESSAGES, given)
    assert out["messages"][1]["content"] == [said]


@pytest.mark.parametrize("kind", ["redacted_thinking", "thinking"])
def test_reasoning_that_says_nothing_where_thinking_is_off(kind: str) -> None:
    """No stand-in takes its place then, and the block itself is refused in any mode."""
    given = request(USER, call("a", {"type": kind, "data": "zz"}), result("a"))
    out, _ = sent(MESSAGES, {**given, "thinking": {"type": "disabled"}})
    assert [block["type"] for block in out["messages"][1]["content"]] == ["tool_use"]
