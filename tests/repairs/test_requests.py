"""What each repair does to a request, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Rules, Step
from dsfix.repairs.chain import prepare
from dsfix.repairs.placeholder import is_placeholder
from dsfix.repairs.recall import Place
from tests.repairs.support import RULES, USER, At, call, memory, request, result, sent

MESSAGES, CHAT, RESPONSES = Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES
HI = {"role": "assistant", "content": "hi"}
CALL = call("a", dialect=CHAT)
LONG = "E" + "r" * 300


def thinking(text: str, signature: str = "s") -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": signature}


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (MESSAGES, request(USER)),
        (MESSAGES, request(USER, call("a", thinking("t")), result("a"))),
        (MESSAGES, request(USER, thinking={"type": "adaptive"}, output_config={"effort": "high"})),
        (MESSAGES, request(USER, tool_choice={"type": "auto"}, metadata={"user_id": "user-1"})),
        (MESSAGES, {"model": "deepseek-v4-pro", "messages": [USER, HI, USER]}),
        (CHAT, request(USER, {**CALL, "reasoning_content": "t"}, result("a", CHAT), dialect=CHAT)),
        (CHAT, {"model": "deepseek-v4-flash", "messages": [USER], "reasoning_effort": "low"}),
    ],
)  # fmt: skip
def test_what_is_right_is_left_alone(dialect: Dialect, body: Any) -> None:
    """A valid request goes out as the very bytes that came in."""
    _, out = sent(dialect, body)
    assert not out.changes
    assert out.body is not None
    assert out.data is out.body.source


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"input":7}',
        b'{"messages":1}',
        b'{"messages":[],"messages":[]}',
        b'{"messages":[' * 20_000,
        b'{"messages":[1,null,"x",{"role":7}]}',
        b"\xff\xfe{}",
    ],
)
def test_what_cannot_be_read_passes_through(data: bytes) -> None:
    """Any bytes at all go on as they are when they are no request."""
    for dialect in Dialect:
        assert prepare(dialect, data, REPAIRS, RULES, memory(), lambda _: Step.NONE).data == data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (rb'"a\ud83d"', rb'"a\ufffd"'),
        (rb'"\udc00\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\\ud83d \\\ud83d"', rb'"\\ud83d \\\ufffd"'),
        (rb'"\uD83D\n"', rb'"\ufffd\n"'),
    ],
)
def test_lone_surrogates_are_replaced(data: bytes, expected: bytes) -> None:
    """Half a pair becomes U+FFFD; pairs and escaped backslashes stay."""
    body = b'{"model":"deepseek-v4-pro","messages":[{"role":"user","content":%s}]}'
    _, out = sent(CHAT, body % data)
    assert out.data == body % expected
    assert [change.repair for change in out.changes] == ["encoding"]


def test_the_billing_header_is_taken_out() -> None:
    """The volatile first system block goes; the cached ones after it stay byte for byte."""
    block = {"type": "text", "text": "x-anthropic-billing-header: cc_version=1;"}
    rest = {"type": "text", "text": "You help.", "cache_control": {"type": "ephemeral"}}
    body, _ = sent(MESSAGES, request(USER, system=[block, rest]))
    assert body["system"] == [rest]
    body, _ = sent(MESSAGES, request(USER, system=[rest, block]))
    assert body["system"] == [rest, block]
    body, _ = sent(MESSAGES, request(USER, system=[block]))
    assert "system" not in body


def test_what_codex_says_of_itself_stays_here() -> None:
    """Neither the installation's id nor the session's goes upstream beside the request."""
    own = {"x-codex-installation-id": "f2116244", "session_id": "01a2", "turn_id": "01a3"}
    body, outgoing = sent(RESPONSES, request(USER, dialect=RESPONSES, client_metadata=own))
    assert body == request(USER, dialect=RESPONSES)
    assert [change.repair for change in outgoing.changes] == ["client-metadata"]


def test_what_claude_code_says_of_the_machine_stays_here() -> None:
    """In auto mode its directories, rules and remotes stand beside the request, for Anthropic."""
    own = [{"type": "dangerous_tool_use", "classifier_context": {"home_dir": "/home/me"}}]
    body, outgoing = sent(MESSAGES, request(USER, safeguards=own))
    assert body == request(USER)
    assert [change.repair for change in outgoing.changes] == ["client-metadata"]


def test_the_user_id_is_stable_across_sessions() -> None:
    """Two sessions of one device share a pseudonym within the charset, two devices do not."""
    ids = []
    for device, session in (("d1", "s1"), ("d1", "s2"), ("d2", "s1")):
        given = f'{{"device_id":"{device}","account_uuid":"","session_id":"{session}"}}'
        body, _ = sent(MESSAGES, request(USER, metadata={"user_id": given, "k": 1}))
        assert body["metadata"]["k"] == 1
        ids.append(body["metadata"]["user_id"])
    assert ids[0] == ids[1] != ids[2]
    assert all(each.replace("-", "").isalnum() and "d1" not in each for each in ids)
    body, _ = sent(CHAT, request(USER, dialect=CHAT, user_id="a b@c"))
    assert body["user_id"].startswith("dsfix-")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("claude-opus-4-8", "deepseek-v4-pro"),
        ("claude-haiku-4-5", "deepseek-v4-flash"),
        ("deepseek-v4-flash[1m]", "deepseek-v4-flash"),
        ("deepseek-v4-pro[1M]", "deepseek-v4-pro"),
        ("gpt-4.1-mini", "deepseek-v4-flash"),
        ("something", "deepseek-v4-pro"),
    ],
)
def test_unknown_models_become_known_ones(asked: str, expected: str) -> None:
    """A name that the upstream would refuse is replaced by the main or the small model."""
    body, out = sent(MESSAGES, request(USER, model=asked))
    assert body["model"] == out.sent == expected
    assert out.asked == asked


def test_a_system_message_becomes_the_last_text_of_the_user_before_it() -> None:
    """It is never hoisted, and stands where it stood whatever comes after."""
    system = {"role": "system", "content": "be brief"}
    body, _ = sent(MESSAGES, request(USER, system))
    assert body["messages"] == [
        {
            "role": "user",
            "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "be brief"}],
        }
    ]
    longer, _ = sent(MESSAGES, request(USER, system, call("a", thinking("t")), result("a"), system))
    assert longer["messages"][0] == body["messages"][0]
    assert longer["messages"][-1]["content"][-1] == {"type": "text", "text": "be brief"}
    assert [each["role"] for each in longer["messages"]] == ["user", "assistant", "user"]


def test_a_system_message_after_the_assistant_is_a_user_message_of_its_own() -> None:
    """Between a call and its result it waits, because the result must follow at once."""
    system = {"role": "system", "content": [{"type": "text", "text": "note"}]}
    answer = {"role": "assistant", "content": [thinking("t"), {"type": "text", "text": "hi"}]}
    body, _ = sent(MESSAGES, request(USER, answer, system, USER))
    assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user", "user"]
    assert body["messages"][2]["content"] == system["content"]
    body, _ = sent(MESSAGES, request(USER, call("a", thinking("t")), system, result("a")))
    assert [block["type"] for block in body["messages"][2]["content"]] == ["tool_result", "text"]


def test_the_developer_role_becomes_system_on_chat() -> None:
    """DeepSeek's Chat does not know `developer`."""
    body, _ = sent(CHAT, request({"role": "developer", "content": "d"}, USER, dialect=CHAT))
    assert body["messages"][0] == {"role": "system", "content": "d"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "auto"}, {"type": "enabled"}),
        ({"type": "auto", "budget_tokens": 5}, {"type": "enabled", "budget_tokens": 5}),
        (False, {"type": "disabled"}),
        (True, {"type": "enabled"}),
        ("disabled", {"type": "disabled"}),
        ({"type": "adaptive", "display": "omitted"}, {"type": "adaptive", "display": "omitted"}),
        (None, "absent"),
    ],
)
def test_thinking_is_one_that_the_upstream_knows(given: Any, expected: Any) -> None:
    """Invalid variants become valid ones, valid ones and absence stay."""
    body, _ = sent(CHAT, request(USER, dialect=CHAT, thinking=given))
    assert body.get("thinking", "absent") == expected


def test_the_users_switch_is_sent_on_every_request() -> None:
    """Off means `disabled` is said, because silence means thinking; on overrides a disabled one."""
    off = Rules(RULES.main, RULES.small, RULES.limits, thinking="off", strict=True)
    body, _ = sent(MESSAGES, request(USER, output_config={"effort": "high"}), rules=off)
    assert body["thinking"] == {"type": "disabled"}
    assert "output_config" not in body
    on = Rules(RULES.main, RULES.small, RULES.limits, thinking="on", strict=True)
    body, _ = sent(MESSAGES, request(USER, thinking={"type": "disabled"}), rules=on)
    assert body["thinking"] == {"type": "enabled"}
    assert "thinking" not in sent(MESSAGES, request(USER), rules=on)[0]


@pytest.mark.parametrize(
    ("dialect", "choice", "forced"),
    [
        (MESSAGES, {"type": "tool", "name": "f"}, True),
        (MESSAGES, {"type": "any"}, True),
        (MESSAGES, {"type": "auto"}, False),
        (CHAT, "required", True),
        (CHAT, {"type": "function", "function": {"name": "f"}}, True),
        (CHAT, "auto", False),
        (CHAT, "none", False),
    ],
)
def test_a_forced_tool_turns_thinking_off(dialect: Dialect, choice: Any, forced: bool) -> None:
    """The forcing is kept, thinking and effort go, for that request alone."""
    body, _ = sent(
        dialect, request(USER, dialect=dialect, tool_choice=choice, reasoning_effort="low")
    )
    assert body["tool_choice"] == choice
    assert (body.get("thinking") == {"type": "disabled"}) is forced
    assert ("reasoning_effort" not in body) is forced


def test_effort_goes_where_thinking_is_disabled() -> None:
    """Other members of `output_config` stay."""
    config = {"effort": "max", "format": {"type": "json"}}
    body, _ = sent(MESSAGES, request(USER, thinking={"type": "disabled"}, output_config=config))
    assert body["output_config"] == {"format": {"type": "json"}}


LOST = [
    pytest.param(MESSAGES, [], id="absent"),
    pytest.param(MESSAGES, [thinking("")], id="empty"),
    pytest.param(MESSAGES, [thinking(" \n")], id="blank"),
    pytest.param(MESSAGES, [{"type": "thinking"}], id="no text key"),
    pytest.param(MESSAGES, [{"type": "redacted_thinking", "data": "z"}], id="redacted"),
    pytest.param(MESSAGES, [thinking("(thinking omitted)")], id="another program's placeholder"),
    pytest.param(CHAT, None, id="chat absent"),
    pytest.param(CHAT, "", id="chat empty"),
    pytest.param(CHAT, " ", id="chat blank"),
]


def lost(dialect: Dialect, how: Any) -> Any:
    turn = call("call_00_0123456789abcdef", *(how or []), dialect=dialect)
    if dialect is CHAT and how is not None:
        turn["reasoning_content"] = how
    return request(USER, turn, result("call_00_0123456789abcdef", dialect), dialect=dialect)


def reasoning_of(message: dict[str, Any]) -> str:
    if "reasoning_content" in message:
        return str(message["reasoning_content"])
    first, *rest = message["content"]
    assert first["type"] == "thinking" and first["signature"]
    assert all(block["type"] not in ("thinking", "redacted_thinking") for block in rest)
    return str(first["thinking"])


@pytest.mark.parametrize(("dialect", "how"), LOST)
def test_lost_reasoning_comes_back_from_memory(dialect: Dialect, how: Any) -> None:
    """However it was lost, the turn gets exactly its own text back."""
    known = memory()
    known.remember(
        Turn(("call_00_0123456789abcdef",), ("f",), (), Reasoning((("why I call f", "sig"),))), At()
    )
    body, out = sent(dialect, lost(dialect, how), to=known)
    assert reasoning_of(body["messages"][1]) == "why I call f"
    assert (out.replayed, out.placeholders) == (1, 0)


@pytest.mark.parametrize(("dialect", "how"), LOST)
def test_unknown_reasoning_becomes_a_placeholder(dialect: Dialect, how: Any) -> None:
    """It is not blank, the same each time, and recognisable as ours."""
    body, out = sent(dialect, lost(dialect, how))
    text = reasoning_of(body["messages"][1])
    assert text.strip() and is_placeholder(text)
    assert reasoning_of(sent(dialect, lost(dialect, how))[0]["messages"][1]) == text
    assert (out.replayed, out.placeholders) == (0, 1)


def test_placeholders_differ_from_turn_to_turn() -> None:
    """One identical text on all turns makes the model answer empty, so even repeated ids differ."""
    turns = [each for _ in range(3) for each in (call("call_0"), result("call_0"))]
    more = [{"role": "assistant", "content": text} for text in ("yes", "no", "yes")]
    history = [*turns, *[each for turn in more for each in (turn, USER)]]
    body, _ = sent(MESSAGES, request(USER, *history))
    texts = [reasoning_of(each) for each in body["messages"] if each["role"] == "assistant"]
    assert len(texts) == len(set(texts)) == 6


def test_a_placeholder_once_sent_stays() -> None:
    """What was sent for a turn is sent again, even when memory learns better later."""
    known = memory()
    first, _ = sent(
        MESSAGES,
        request(USER, call("call_00_0123456789abcdef"), result("call_00_0123456789abcdef")),
        to=known,
    )
    known.remember(
        Turn(("call_00_0123456789abcdef",), ("f",), (), Reasoning((("late", "s"),))), At()
    )
    second, _ = sent(
        MESSAGES,
        request(USER, call("call_00_0123456789abcdef"), result("call_00_0123456789abcdef"), USER),
        to=known,
    )
    assert second["messages"][1] == first["messages"][1]


def test_unsigned_reasoning_is_signed() -> None:
    """What an agent kept of a stream without signatures is sent with one, the text as it was."""
    body = request(USER, call("t1", thinking("mine", "")), result("t1"))
    first = sent(MESSAGES, body)[0]["messages"][1]["content"][0]
    assert first["thinking"] == "mine" and first["signature"].startswith("dsfix-")


def test_foreign_signatures_are_replaced() -> None:
    """Another vendor's text stays, its signature does not."""
    body, _ = sent(MESSAGES, request(USER, call("a", thinking("mine", LONG)), result("a")))
    block = body["messages"][1]["content"][0]
    assert block["thinking"] == "mine"
    assert block["signature"].startswith("dsfix-")
    body, _ = sent(
        MESSAGES, request(USER, call("a", thinking("mine", LONG)), result("a")), step=Step.NATIVE
    )
    assert is_placeholder(body["messages"][1]["content"][0]["thinking"])


def test_thinking_comes_first() -> None:
    """A thinking block behind other blocks is moved to the front."""
    text = {"type": "text", "text": "hm"}
    body, _ = sent(MESSAGES, request(USER, call("a", text, thinking("t")), result("a")))
    assert [block["type"] for block in body["messages"][1]["content"]] == [
        "thinking",
        "text",
        "tool_use",
    ]


def test_every_turn_gets_reasoning_once_tools_are_in_play() -> None:
    """Text turns before the first call too, so that nothing depends on what comes after."""
    answer = {"role": "assistant", "content": "hello"}
    body, _ = sent(MESSAGES, request(USER, answer, USER))
    assert is_placeholder(reasoning_of(body["messages"][1]))
    plain = {"model": "deepseek-v4-pro", "messages": [USER, answer, USER]}
    assert not sent(MESSAGES, plain)[1].changes


def test_nothing_is_invented_where_the_agent_turned_thinking_off() -> None:
    """Without thinking the upstream asks for nothing; what is known is replayed all the same."""
    known = memory()
    known.remember(
        Turn(("call_00_0123456789abcdef",), ("f",), (), Reasoning((("real", "s"),))), At()
    )
    history = (
        USER,
        call("call_00_0123456789abcdef"),
        result("call_00_0123456789abcdef"),
        call("b"),
        result("b"),
    )
    body, out = sent(MESSAGES, request(*history, thinking={"type": "disabled"}), to=known)
    assert reasoning_of(body["messages"][1]) == "real"
    assert body["messages"][3] == call("b")
    assert (out.replayed, out.placeholders) == (1, 0)


@pytest.mark.parametrize(
    ("dialect", "off"),
    [
        (MESSAGES, {"thinking": {"type": "disabled"}}),
        (CHAT, {"thinking": {"type": "disabled"}}),
        (Dialect.RESPONSES, {"reasoning": {"effort": "none"}}),
    ],
)
def test_each_dialect_has_its_own_way_to_turn_thinking_off(
    dialect: Dialect, off: dict[str, Any]
) -> None:
    """Only then is nothing invented for a turn that lacks its reasoning."""
    history = [USER, call("a", dialect=dialect), result("a", dialect)]
    for said, invented in (({}, 1), (off, 0)):
        out = sent(dialect, request(*history, dialect=dialect, **said))[1]
        assert (out.placeholders, out.thinks) == (invented, bool(invented))


@pytest.mark.parametrize(
    ("dialect", "message", "expected"),
    [
        (CHAT, {"role": "assistant", "content": "because of xthe answer", "reasoning_content": ""},
         {"role": "assistant", "content": "the answer", "reasoning_content": "because of x"}),
        (MESSAGES, {"role": "assistant", "content": [{"type": "text", "text": "because of x"},
                                                     {"type": "text", "text": "the answer"}]},
          {"role": "assistant", "content": [thinking("because of x"),
                                           {"type": "text", "text": "the answer"}]}),
    ],
)  # fmt: skip
def test_leaked_reasoning_goes_back_where_it_belongs(
    dialect: Dialect, message: Any, expected: Any
) -> None:
    """Reasoning that an agent shows as text is taken out of it, where memory knows it exactly."""
    known = memory()
    _, out = sent(dialect, request(USER, dialect=dialect), to=known)
    assert out.history is not None
    turn = Turn((), (), ("the answer",), Reasoning((("because of x", "s"),)))
    known.remember(turn, Place(out.history, 1))
    body, _ = sent(dialect, request(USER, message, USER, dialect=dialect), to=known)
    assert body["messages"][1] == expected


def test_recovery_steps_go_as_far_as_they_must() -> None:
    """Placeholders for every turn, then no thinking at all."""
    history = request(USER, call("a", thinking("t")), result("a"), output_config={"effort": "low"})
    body, _ = sent(MESSAGES, history, step=Step.PLACEHOLDERS)
    assert is_placeholder(reasoning_of(body["messages"][1]))
    body, _ = sent(MESSAGES, history, step=Step.OFF)
    assert body["thinking"] == {"type": "disabled"}
    assert "output_config" not in body


def test_neighbours_of_a_repaired_message_keep_their_bytes() -> None:
    """Spaces, escapes, order and integers of thirty digits of all other messages stay."""
    odd = (
        b'{ "role" : "user",  "content" : "caf\\u00e9 \\/ x", "n": 123456789012345678901234567890 }'
    )
    turn = (
        b'{"role":"assistant","content":[{"type":"tool_use","id":"q","name":"f",'
        b'"input":{"n":-0.0e1, "z":123456789012345678901234567890}}]}'
    )
    data = b'{"model":"deepseek-v4-pro","messages":[' + odd + b"," + turn + b"," + odd + b"]}"
    _, out = sent(MESSAGES, data)
    assert out.data.count(odd) == 2
    assert b'"input":{"n":-0.0e1, "z":123456789012345678901234567890}' in out.data


def test_what_the_agent_sent_itself_is_learnt(tmp_path: object) -> None:
    """Reasoning that the agent carried once is carried on by dsfix when the agent drops it."""
    history = [USER, call("a", thinking("mine")), result("a")]
    _, out = sent(MESSAGES, request(*history))
    assert [(index, turn.calls) for index, turn in out.carried] == [(1, ("a",))]
    _, out = sent(MESSAGES, request(USER, call("a"), result("a")))
    assert not out.carried


@pytest.mark.parametrize("step", list(Step))
def test_a_first_request_is_made_for_its_step(step: Step) -> None:
    """It may be refused as well: an endpoint may see turns where nobody else does."""
    body, out = sent(MESSAGES, {"messages": [{"role": "user", "content": "hi"}]}, step=step)
    assert out.step is step
    assert (body.get("thinking") == {"type": "disabled"}) is (step is Step.OFF)
