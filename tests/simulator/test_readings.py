"""Where the evidence contradicts itself: each value of a switch is one reading."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from dsfix.simulator.engine import Engine
from dsfix.simulator.options import Options
from dsfix.simulator.rules import RULES, STRICTEST, Policy
from tests.simulator.cases_chat import IMAGE as CHAT_IMAGE
from tests.simulator.cases_messages import (
    IMAGE,
    OFF,
    REDACTED,
    F,
    asking,
    offering,
    turn,
)
from tests.simulator.cases_responses import PAIR, responses
from tests.simulator.histories import THOUGHT, calls, chat, messages, named
from tests.simulator.histories import tool as answered
from tests.simulator.support import USER, answer_of, body, engine, post
from tests.simulator.test_rules import CASES

SAID = {"role": "assistant", "content": "a"}
EMPTY = {"type": "thinking", "thinking": "", "signature": "x"}
BLANK = {"type": "thinking", "thinking": " \n", "signature": "x"}
SCHEMED = body(response_format={"type": "json_schema"})
ANY = offering(F, tool_choice={"type": "any"})
NAMED = offering(F, tool_choice={"type": "tool", "name": "f"})
PICTURED = {"role": "user", "content": [CHAT_IMAGE]}


READINGS: list[tuple[str, Any, str, Any, int]] = [
    ("blank", "accept", "messages", turn(EMPTY), 200),
    ("blank", "refuse-empty", "messages", turn(EMPTY), 400),
    ("blank", "refuse-empty", "messages", turn(BLANK), 200),
    ("blank", "refuse", "messages", turn(BLANK), 400),
    ("pass_back", "lenient", "messages", turn(), 200),
    ("pass_back", "open-loop", "messages", turn(), 400),
    ("auto_thinking", True, "messages", body(thinking={"type": "auto"}), 200),
    ("auto_thinking", True, "chat", body(thinking={"type": "auto"}), 400),
    ("forced_choice", "refuse", "messages", ANY, 400),
    ("forced_choice", "any-auto", "messages", ANY, 200),
    ("forced_choice", "any-auto", "messages", NAMED, 400),
    ("forced_choice", "any-auto", "chat", chat(tool_choice="required"), 400),
    ("forced_choice", "accept", "messages", NAMED, 200),
    ("forced_choice", "accept", "chat", chat(tool_choice="required"), 200),
    ("redacted", "drop", "messages", turn(REDACTED, THOUGHT), 200),
    ("redacted", "refuse", "messages", turn(REDACTED, THOUGHT), 400),
    ("redacted", "unsupported", "messages", turn(REDACTED, THOUGHT), 400),
    ("unknown_blocks", "drop", "messages", asking({"type": "document"}), 200),
    ("unknown_blocks", "refuse", "messages", asking({"type": "document"}), 400),
    ("unknown_blocks", "unsupported", "messages", asking({"type": "document"}), 200),
    ("images", "support", "messages", asking(IMAGE), 200),
    ("images", "drop", "messages", asking(IMAGE), 200),
    ("images", "refuse", "messages", asking(IMAGE), 400),
    ("images", "deny", "messages", asking(IMAGE), 400),
    ("images", "deny", "chat", body(messages=[PICTURED]), 400),
    ("typed_tools", "ignore", "messages", offering(F | {"type": "bash_20250124"}), 200),
    ("json_schema", "ignore", "chat", SCHEMED, 200),
    ("names", "current", "chat", body(model="deepseek-chat"), 400),
    ("names", "retired", "chat", body(model="deepseek-chat"), 200),
    ("names", "retired", "messages", body(model="gpt-4.1"), 400),
    ("names", "any", "messages", body(model="gpt-4.1"), 200),
    ("names", "any", "chat", body(model="gpt-4.1"), 400),
    ("long_names", True, "messages", named("messages", "f" * 128), 200),
    ("check_user_id", False, "chat", body(user_id="a b"), 200),
    ("system_role", True, "messages", messages({"role": "system", "content": "s"}), 200),
    ("unsigned", "accept", "messages", turn({"type": "thinking", "thinking": "t"}), 200),
    ("unsigned", "refuse-foreign", "messages", turn(THOUGHT), 400),
    ("unsigned", "refuse-foreign", "messages", turn(THOUGHT, **OFF), 200),
]


@pytest.mark.parametrize(("name", "value", "dialect", "request_", "status"), READINGS)
def test_reading(name: str, value: Any, dialect: str, request_: Any, status: int) -> None:
    """The same body is accepted under one reading and refused under another."""
    assert post(engine(**{name: value}), dialect, request_).status == status


def test_own_signatures() -> None:
    """What this server has signed passes where only its own signatures do."""
    server = engine(unsigned="refuse-foreign")
    said = answer_of(post(server, "messages", body()))["content"]
    history = body(messages=[USER, {"role": "assistant", "content": said}, USER])
    assert post(server, "messages", history).status == 200


def test_the_vision_model_needs_nothing_back() -> None:
    """Where only the open loop counts, the vision model was exempt."""
    history = chat(calls("A"), answered("A"), model="deepseek-v4-flash-vision-exp")
    assert post(engine(pass_back="open-loop"), "chat", history).status == 200
    assert post(engine(pass_back="strict"), "chat", history).status == 400


@pytest.mark.parametrize(
    ("name", "thinks"), [("deepseek-chat", False), ("deepseek-reasoner", True)]
)
def test_retired_names(name: str, thinks: bool) -> None:
    """The retired names are flash with and without thinking."""
    reply = answer_of(post(engine(names="retired"), "chat", body(model=name)))
    assert reply["model"] == "deepseek-flash"
    assert ("reasoning_content" in reply["choices"][0]["message"]) is thinks


def test_pro_served_by_flash() -> None:
    """Asked for pro, the server may answer as flash, whatever name the request has."""
    server = engine(pro_as_flash=True)
    for name in ("deepseek-v4-pro", "claude-opus-4-8"):
        assert answer_of(post(server, "messages", body(model=name)))["model"] == "deepseek-flash"


def test_any_taken_for_auto_calls_nothing() -> None:
    """A choice that is taken for auto forces no call."""
    server = engine(forced_choice="any-auto")
    assert answer_of(post(server, "messages", ANY))["stop_reason"] == "end_turn"
    off = answer_of(post(engine(), "messages", ANY | OFF))
    assert off["stop_reason"] == "tool_use"


def test_effort_none_is_thinking_off_on_chat() -> None:
    """Effort `none` switches thinking off unless `thinking` is on in so many words."""
    history = chat(calls("A"), answered("A"), reasoning_effort="none")
    assert post(engine(), "chat", history).status == 200
    assert post(engine(), "chat", history | {"thinking": {"type": "enabled"}}).status == 400


@pytest.mark.parametrize(
    "request_",
    [
        turn(BLANK),
        turn({"type": "thinking", "thinking": "t"}),
        ANY,
        messages({"role": "system", "content": "s"}),
        turn(REDACTED, THOUGHT),
        asking({"type": "document"}),
        asking(IMAGE),
        offering(F | {"type": "custom"}),
        body(model="deepseek-chat"),
        body(metadata={"user_id": "a b"}),
        turn(THOUGHT) | {"messages": [*turn(THOUGHT)["messages"], SAID, USER]},
    ],
)
def test_strictest(request_: Any) -> None:
    """The strictest policy refuses what any reading that was shown refuses."""
    assert post(Engine(Options(STRICTEST)), "messages", request_).status == 400


def test_strictest_can_be_met() -> None:
    """A request that is right in every reading passes, on each dialect."""
    server = Engine(Options(STRICTEST))
    assert post(server, "messages", turn(THOUGHT)).status == 200
    assert (
        post(server, "chat", chat(calls("A", reasoning_content="t"), answered("A"))).status == 200
    )
    assert post(server, "responses", responses(*PAIR)).status == 200


def test_strictest_is_a_policy_of_rules_alone() -> None:
    """Faults, claims and what is only ours are left out of it."""
    assert (STRICTEST.verify, STRICTEST.flaky, STRICTEST.restore) == (False, False, False)
    assert STRICTEST.plain_reasoning == "ignore"


def test_every_switch_of_the_rules_is_tried() -> None:
    """No switch is without a body that it accepts or refuses."""
    tried = {reading[0] for reading in READINGS} | {"pro_as_flash"}
    tried |= {name for case in CASES for name in case.policy}
    elsewhere = {"keys", "restore", "verify", "flaky", "balance", "count_tokens", "split_calls"}
    assert {member.name for member in fields(Policy)} == tried | elsewhere


def test_rules_do_not_share_a_name_within_a_dialect() -> None:
    """Each refusal can be told from the others by its name."""
    named_ = [(rule.name, dialect) for rule in RULES for dialect in rule.dialects]
    assert len(named_) == len(set(named_))
