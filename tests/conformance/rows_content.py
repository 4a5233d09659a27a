"""Rows about what stands in a message: blocks, images, and nothing at all."""

from __future__ import annotations

from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance.bodies import OWN, THOUGHT, Items, body, result_block, results, turn, user
from tests.conformance.cases import Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row

BLOCKS = Failure(
    "unknown-block",
    "A part of a message that DeepSeek does not know",
    "One document, search result or quoted thought in a conversation, and nothing of that session is"
    " answered any more until `/clear`. Elsewhere it is dropped, and the model answers as if it had"
    " never been there.",
)
IMAGES = Failure(
    "image",
    "An image for a model that does not see",
    "One screenshot in a conversation, and nothing of that session is answered any more, or it is"
    " answered blindly. What is in the image is lost on such a model in any case: a note says so.",
)
EMPTY = Failure(
    "empty-message",
    "A message without content",
    "A stream broke off and the agent kept what there was of the answer: nothing. From then on every"
    " request is refused.",
)

_SHAPE = "shape: Failed to deserialize the JSON body into the target type: "
_SEEN = {
    BLOCKS.name: {
        MESSAGES: ("https://api-docs.deepseek.com/guides/anthropic_api, 2026-08",),
        CHAT: ("OpenCoworkAI/open-cowork#231, 2026-05-30",),
        RESPONSES: ("https://github.com/deepseek-ai/deepseek-recipe, 2026-09",),
    },
    IMAGES.name: {
        MESSAGES: (
            "deepseek-ai/DeepSeek-V3#1026, 2025-10-28",
            "https://github.com/STRML/cc-ds4, 2026-08-02",
        ),
        CHAT: ("Gitlawb/openclaude#1071, 2026-05-08", "farion1231/cc-switch#3663, 2026-06-03"),
        RESPONSES: ("https://api-docs.deepseek.com/guides/responses_api, 2026-08-27",),
    },
    EMPTY.name: {
        MESSAGES: ("anomalyco/opencode#38654, 2026-07-24",),
        CHAT: ("cline/cline#10501, 2026-05-01",),
        RESPONSES: ("https://github.com/deepseek-ai/deepseek-recipe, 2026-09",),
    },
}


def _row(
    failure: Failure, dialect: Dialect, what: str, said: Items, error: str, *differs: str
) -> Row:
    case = Sent(body(dialect, user(dialect), said, user(dialect, "go on")))
    repair = "empty-content" if failure is EMPTY else "content-blocks"
    sources = _SEEN[failure.name][dialect]
    return Row(failure.name, dialect, what, case, error, (repair,), differs, sources)


def _asked(dialect: Dialect, part: Any) -> Items:
    """A user's message with this part and a text."""
    text = {"type": "input_text" if dialect is RESPONSES else "text", "text": "what is this?"}
    return [{**user(dialect)[0], "content": [part, text]}]


def _worded(place: str, *gone: str) -> tuple[str, ...]:
    """What differs where a part became words."""
    return (f"~{place}.type", *(f"-{place}.{name}" for name in gone), f"+{place}.text")


_PNG = "iVBORw0KGgo="
_DATA = f"data:image/png;base64,{_PNG}"
_FILE = {"type": "text", "media_type": "text/plain", "data": "two lines"}
_DOCUMENT = {"type": "document", "source": _FILE, "title": "notes.txt"}
_PAGE = {
    "type": "search_result",
    "source": "https://example.com/",
    "title": "A page",
    "content": [{"type": "text", "text": "its words"}],
}
_IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _PNG}}
_QUOTED = [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": "there are none"}]
_SHOWN = [
    *turn(MESSAGES, OWN[0], thought=THOUGHT),
    {"role": "user", "content": [{**result_block(OWN[0]), "content": [_IMAGE]}]},
]
_SILENT = turn(CHAT, thought=THOUGHT)[0]
_AT = {MESSAGES: "messages[1].content[0]", CHAT: "messages[1].content[0]"}
_INPUT = "input[1].content[0]"

ROWS = (
    _row(
        *(BLOCKS, MESSAGES, "a document", _asked(MESSAGES, _DOCUMENT)),
        f"{_SHAPE}messages[1]: unknown variant `document`, expected one of `text`",
        *_worded(_AT[MESSAGES], "source", "title"),
    ),
    _row(
        *(BLOCKS, MESSAGES, "a search result", _asked(MESSAGES, _PAGE)),
        f"{_SHAPE}messages[1]: unknown variant `search_result`, expected one of `text`",
        *_worded(_AT[MESSAGES], "source", "title", "content"),
    ),
    _row(
        *(BLOCKS, CHAT, "a thought", [{**_SILENT, "content": _QUOTED}]),
        f"{_SHAPE}messages[1]: unknown variant `thinking`, expected `text`",
        f"-{_AT[CHAT]}",
    ),
    _row(
        *(BLOCKS, RESPONSES, "a sound", _asked(RESPONSES, {"type": "input_audio", "audio": _PNG})),
        "pairing: Unsupported content block",
        *_worded(_INPUT, "audio"),
    ),
    _row(
        *(IMAGES, MESSAGES, "in a prompt", _asked(MESSAGES, _IMAGE)),
        f"{_SHAPE}messages[1]: unknown variant `image`, expected one of `text`",
        *_worded(_AT[MESSAGES], "source"),
    ),
    _row(
        *(IMAGES, MESSAGES, "in a result", _SHOWN),
        f"{_SHAPE}messages[2]: unknown variant `image`, expected one of `text`",
        *_worded("messages[2].content[0].content[0]", "source"),
    ),
    _row(
        *(IMAGES, CHAT, "in a prompt"),
        _asked(CHAT, {"type": "image_url", "image_url": {"url": _DATA}}),
        f"{_SHAPE}messages[1]: unknown variant `image_url`, expected `text`",
        *_worded(_AT[CHAT], "image_url"),
    ),
    _row(
        *(IMAGES, RESPONSES, "in a prompt"),
        _asked(RESPONSES, {"type": "input_image", "image_url": _DATA}),
        "pairing: Unsupported content block",
        *_worded(_INPUT, "image_url"),
    ),
    _row(
        *(EMPTY, MESSAGES, "no blocks", [{"role": "user", "content": []}]),
        "blocks: messages.1: all messages must have non-empty content",
        f"+{_AT[MESSAGES]}",
    ),
    _row(
        *(EMPTY, CHAT, "null", [{**_SILENT, "content": None}]),
        "content: Invalid assistant message: content or tool_calls must be set",
        "~messages[1].content",
    ),
    _row(
        *(EMPTY, CHAT, "no calls", [{**_SILENT, "tool_calls": []}]),
        "content: Invalid 'messages[1].tool_calls': empty array. Expected an array with minimum "
        "length 1, but got an empty array instead.",
        "-messages[1].tool_calls",
    ),
    _row(
        *(EMPTY, CHAT, "a result of null"),
        [
            *turn(CHAT, OWN[0], thought=THOUGHT),
            {**results(CHAT, OWN[0])[0], "content": None},
        ],
        f"{_SHAPE}messages[2]: data did not match any variant of untagged enum ",
        "~messages[2].content",
    ),
    _row(
        *(EMPTY, RESPONSES, "null", [{**user(RESPONSES)[0], "content": None}]),
        f"{_SHAPE}input: data did not match any variant of untagged enum ResponsesMessageContent",
        "~input[1].content",
    ),
)
FAILURES = (BLOCKS, IMAGES, EMPTY)
