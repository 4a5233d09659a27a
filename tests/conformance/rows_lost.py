"""Rows about reasoning that does not come back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance.bodies import (
    FOREIGN,
    OWN,
    answer,
    asking,
    body,
    results,
    turn,
    user,
)
from tests.conformance.cases import Passed, Recorded, Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row
from tests.conformance.upstream import strict

LOST = Failure(
    "lost-reasoning",
    "Reasoning that the agent lost",
    "The first request works, the one after the first tool call does not, and neither does any"
    " other in that session. `/compact`, `/resume` and a retry fail in the same way.",
)
UNKNOWN = Failure(
    "unknown-reasoning",
    "A session that began elsewhere",
    "New sessions work, resumed ones do not: the history was made by another model, another"
    " account, or before dsfix was used, so nobody has its reasoning.",
)
PLAIN = Failure(
    "plain-turn",
    "An answer without a tool call, and without its reasoning",
    "A session fails though every tool call carries its reasoning: once tools are in play, turns"
    " that only say something are held to the same rule.",
)
SILENT = Failure(
    "silent-call",
    "A call that came without reasoning",
    "Now and then the model calls a tool without a word of reasoning. The agent has none to send back,"
    " so the next request is refused; some agents will not even run the tool.",
)
INSIDE = Failure(
    "answer-inside-thinking",
    "An answer that is thought and not said",
    "The agent shows nothing, or stops: after a history whose reasoning is blank, or the same words"
    " on every turn, V4 puts its answer inside the thinking, or gives none. `/compact` gets no"
    " summary.",
)

TEXTS = {
    MESSAGES: "The `content[].thinking` in the thinking mode must be passed back to the API.",
    CHAT: "The `reasoning_content` in the thinking mode must be passed back to the API.",
    RESPONSES: "The `reasoning_text` in the thinking mode must be passed back to the API.",
}
# Where reasoning appears when a turn of one message (on Responses, of one call) gets its own.
PLACED = {
    MESSAGES: "+messages[1].content[0]",
    CHAT: "+messages[1].reasoning_content",
    RESPONSES: "+input[1]",
}
SEEN = {
    MESSAGES: (
        "farion1231/cc-switch#3222, 2026-05-27",
        "esengine/DeepSeek-Reasonix#8902, 2026-08-14",
        "decolua/9router#2397, 2026-07-05",
    ),
    CHAT: ("Gitlawb/openclaude#878, 2026-04-24", "anomalyco/opencode#28945, 2026-05-23"),
    RESPONSES: ("lidge-jun/opencodex#1534, 2026-08-12", "maximhq/bifrost#7320, 2026-09-18"),
}
REPLAY = ("thinking-replay",)


def row(failure: Failure, dialect: Dialect, what: str, case: Sent, **more: Any) -> Row:
    """A row of `thinking-replay`; `more` replaces what most of them have in common."""
    given = {"differs": (PLACED[dialect],), "sources": SEEN[dialect], **more}
    error = given.pop("error", f"pass-back: {TEXTS[dialect]}")
    return Row(failure.name, dialect, what, case, error, REPLAY, **given)


def _lost(dialect: Dialect) -> Row:
    """The upstream's own turn comes back without its reasoning, which memory has."""
    first = asking(dialect)
    passed = Passed(first, answer(dialect, OWN[0]))
    later = body(dialect, user(dialect), turn(dialect, OWN[0]), results(dialect, OWN[0]))
    return row(LOST, dialect, "tool turn", Sent(later, passed=(passed,)))


def _each_turn(dialect: Dialect) -> Row:
    """All of several turns are stripped, and each gets its own back."""
    first = asking(dialect)
    one = (*turn(dialect, OWN[0]), *results(dialect, OWN[0]))
    second = body(dialect, user(dialect), list(one))
    passed = (
        Passed(first, answer(dialect, OWN[0])),
        Passed(second, answer(dialect, OWN[1], thought="now call f once more")),
    )
    two = [*turn(dialect, OWN[1]), *results(dialect, OWN[1])]
    case = Sent(body(dialect, user(dialect), list(one), two), passed=passed)
    places = {
        MESSAGES: (PLACED[MESSAGES], "+messages[3].content[0]"),
        CHAT: (PLACED[CHAT], "+messages[3].reasoning_content"),
        RESPONSES: (PLACED[RESPONSES], "+input[4]"),
    }
    return row(LOST, dialect, "every turn", case, differs=places[dialect])


def _compact(dialect: Dialect) -> Row:
    """The request for a summary carries the whole history."""
    first = asking(dialect)
    history = (turn(dialect, OWN[0]), results(dialect, OWN[0]))
    more = (turn(dialect, text="there are none"), user(dialect, "summarise this"))
    passed = (
        Passed(first, answer(dialect, OWN[0])),
        Passed(body(dialect, user(dialect), *history), answer(dialect, text="there are none")),
    )
    case = Sent(body(dialect, user(dialect), *history, *more), passed=passed)
    places = {
        MESSAGES: (PLACED[MESSAGES], "+messages[3].content[0]"),
        CHAT: (PLACED[CHAT], "+messages[3].reasoning_content"),
        RESPONSES: (PLACED[RESPONSES], "+input[4]"),
    }
    sources = ("NanmiCoder/cc-haha#174, 2026-04-25", "openclaw/openclaw#71455, 2026-04-25")
    return row(LOST, dialect, "compact", case, differs=places[dialect], sources=sources)


def _old(dialect: Dialect) -> Row:
    """The same as a lost turn, in the words of the server before V4."""
    history = (turn(dialect, FOREIGN[0]), results(dialect, FOREIGN[0]))
    words = {
        MESSAGES: "Missing thinking block in the assistant message at message index 1.",
        CHAT: "Missing `reasoning_content` field in the assistant message at message index 1.",
    }
    case = Sent(body(dialect, user(dialect), *history), strict(wording="v3.2"))
    sources = ("decolua/9router#355, 2026-03-19", "anomalyco/opencode#5027, 2025-12-03")
    error = f"pass-back: {words[dialect]}"
    return row(LOST, dialect, "tool turn, before V4", case, error=error, sources=sources)


def _unknown(dialect: Dialect) -> Row:
    """Calls of another model, under its ids."""
    history = (turn(dialect, FOREIGN[0]), results(dialect, FOREIGN[0]))
    sources = ("farion1231/cc-switch#2277, 2026-04-24", "farion1231/cc-switch#2282, 2026-04-24")
    case = Sent(body(dialect, user(dialect), *history))
    return row(UNKNOWN, dialect, "foreign ids", case, sources=sources)


def _silent(dialect: Dialect) -> tuple[Row, Row]:
    """The turn needs a stand-in, and who reads the record has to know why."""
    sources = ("damianvtran/local-operator#1037, 2026-09-12", "maximhq/bifrost#7213, 2026-09-16")
    passed = Passed(asking(dialect), answer(dialect, OWN[0], thought=None))
    later = body(dialect, user(dialect), turn(dialect, OWN[0]), results(dialect, OWN[0]))
    refused = row(
        SILENT, dialect, "the next request", Sent(later, passed=(passed,)), sources=sources
    )
    note = "call without reasoning, remembered as such"
    told = Row(
        SILENT.name,
        dialect,
        "the record",
        Recorded(*passed, note),
        f"the record does not say: {note}",
        ("missing-thinking",),
        sources=sources,
    )
    return refused, told


def _plain(dialect: Dialect) -> Row:
    """Words between two prompts, while tools are offered."""
    history = (turn(dialect, text="there are none"), user(dialect, "look again"))
    sources = (
        "https://api-docs.deepseek.com/guides/thinking_mode, 2026-08",
        "rikkahub/rikkahub#1587, 2026-07-26",
    )
    case = Sent(body(dialect, user(dialect), *history))
    return row(PLAIN, dialect, "text only", case, sources=sources)


def _inside(dialect: Dialect, what: str, text: str, **options: Any) -> Row:
    """Two turns whose reasoning another program made up, the same or blank."""
    turns = [
        item for id in FOREIGN for item in (*turn(dialect, id, thought=text), *results(dialect, id))
    ]
    differs = {
        MESSAGES: "~messages[{}].content[0].thinking ~messages[{}].content[0].signature",
        CHAT: "~messages[{}].reasoning_content",
        RESPONSES: "~input[{}].content[0].text",
    }[dialect]
    places = (1, 4) if dialect is RESPONSES else (1, 3)
    case = Sent(body(dialect, user(dialect), turns), replace(strict(blank="accept"), **options))
    return row(
        INSIDE,
        dialect,
        what,
        case,
        error="200, and nothing but reasoning in the answer",
        differs=tuple(part for at in places for part in differs.replace("{}", str(at)).split()),
        sources=("Lingtai-AI/lingtai-kernel#9, 2026-05-06", "lobehub/lobehub#16294, 2026-06-25"),
    )


ROWS = (
    *map(_lost, Dialect),
    *map(_each_turn, Dialect),
    *map(_compact, Dialect),
    *map(_old, (MESSAGES, CHAT)),
    *map(_unknown, Dialect),
    *map(_plain, Dialect),
    *(made for dialect in Dialect for made in _silent(dialect)),
    *(_inside(dialect, "blank", " ", placeholders="think") for dialect in Dialect),
    *(
        _inside(dialect, "the same words", "(thinking omitted)", placeholders="empty")
        for dialect in Dialect
    ),
)
FAILURES = (LOST, UNKNOWN, PLAIN, SILENT, INSIDE)
