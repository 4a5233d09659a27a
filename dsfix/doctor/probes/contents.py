"""What agents put into requests beside the conversation: ids, roles, images, and counting."""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence
from functools import partial

from dsfix.doctor import wires
from dsfix.doctor.base import Call, Meaning, Probe, Scene, Verdict
from dsfix.doctor.finding import Level
from dsfix.doctor.probes.answers import judge_answer, question
from dsfix.doctor.reply import Reply
from dsfix.protocol.body import Dialect

# The form of Claude Code's id; refused in deepseek-ai/DeepSeek-V3#1277 (2026-05-06).
_USER = '{"device_id":"dsfix-doctor","session_id":"1"}'
# A model says its colour; the simulator counts images where it is told to look.
_LOOK = "Which colour has the image? Answer with one word, and call no tool. [[see]]"
_SEEN = re.compile(r"\bred\b|images seen: [1-9]", re.IGNORECASE)
_COUNT = "count_tokens"
_NOBODY = "dsfix-no-such-model"


def probes(dialect: Dialect) -> tuple[Probe, ...]:
    """The probes of one dialect."""
    plain = partial(question, dialect)
    unknown, user = partial(_unknown, dialect), partial(_with_user, dialect)
    found = [
        _images(dialect),
        plain("unknown-model", "Is there an answer under an unknown model's name?", unknown),
    ]
    if dialect is not Dialect.RESPONSES:
        found.append(plain("user-id", "Is a user id taken as Claude Code writes it?", user))
    if dialect is not Dialect.MESSAGES:
        developer = partial(_told, dialect, "developer", False)
        return (*found, plain("developer-role", "Is there a role `developer`?", developer))
    system = partial(_told, dialect, "system", False)
    system_last = partial(_told, dialect, "system", True)
    return (
        *found,
        plain("system-role", "Is there a role `system`?", system),
        plain("system-last", "May a system message end the request?", system_last),
        plain("document", "May a document be sent?", _document),
        _COUNTING,
    )


def _images(dialect: Dialect) -> Probe:
    return Probe(
        f"{dialect}-image",
        "Does a model see images?",
        _seen,
        frozenset({"seen"}),
        asks=(partial(_image, dialect),),
        needs=(f"{dialect}-json",),
        dialect=dialect,
        otherwise=Level.WARN,
        through=False,
        tokens=500,
        words={
            "seen": Meaning("Images can be shown to it."),
            "unseen": Meaning("Images are taken and not looked at.", "Describe them in words."),
            "refused": Meaning(
                "Images are refused.", "With dsfix run --set images=text a note stands for each."
            ),
        },
    )


def _with_user(dialect: Dialect, scene: Scene) -> Call:
    named = {"user_id": _USER}
    more = {"metadata": named} if dialect is Dialect.MESSAGES else named
    return Call(dialect, wires.plainly(dialect, scene.model, **more))


def _told(dialect: Dialect, role: str, last: bool, scene: Scene) -> Call:
    """A question with a message of that role before it, or behind it."""
    told = {"role": role, "content": "Be brief."}
    said = wires.user(wires.plain(dialect))
    items = (said, told) if last else (told, said)
    return Call(dialect, wires.asked(dialect, scene.model, *items))


def _unknown(dialect: Dialect, scene: Scene) -> Call:
    return Call(dialect, wires.plainly(dialect, _NOBODY))


def _document(scene: Scene) -> Call:
    source = {"type": "text", "media_type": "text/plain", "data": "17 times 3 is 51."}
    blocks = [
        {"type": "document", "source": source},
        {"type": "text", "text": wires.plain(Dialect.MESSAGES)},
    ]
    said = {"role": "user", "content": blocks}
    return Call("messages", wires.asked(Dialect.MESSAGES, scene.model, said))


def _count(scene: Scene) -> Call:
    said = wires.user(wires.plain(Dialect.MESSAGES))
    return Call(_COUNT, {"model": scene.model, "messages": [said]})


def _image(dialect: Dialect, scene: Scene) -> Call:
    data = b64encode(_red()).decode()
    url = f"data:image/png;base64,{data}"
    if dialect is Dialect.MESSAGES:
        source = {"type": "base64", "media_type": "image/png", "data": data}
        parts = [{"type": "image", "source": source}, {"type": "text", "text": _LOOK}]
    elif dialect is Dialect.CHAT:
        parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": _LOOK}]
    else:
        parts = [{"type": "input_image", "image_url": url}, {"type": "input_text", "text": _LOOK}]
    said = {"role": "user", "content": parts}
    tools = [wires.tool(dialect)]
    return Call(dialect, wires.asked(dialect, scene.vision, said, tools=tools))


def _red() -> bytes:
    """A red square as PNG: 32 by 32 pixels."""
    rows = (b"\0" + b"\xff\0\0" * 32) * 32
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _seen(replies: Sequence[Reply]) -> Verdict:
    judged = judge_answer(replies)
    if judged.word != "answered":
        return judged
    text = replies[-1].text
    return Verdict("seen" if _SEEN.search(text) else "unseen", text[:80])


def _counted(replies: Sequence[Reply]) -> Verdict:
    count = replies[-1].document["input_tokens"]
    return Verdict("counted" if count > 0 else "malformed", f"{count} tokens")


_COUNTING = Probe(
    "messages-count-tokens",
    "Are tokens counted beforehand?",
    _counted,
    frozenset({"counted"}),
    asks=(_count,),
    needs=("messages-json",),
    dialect=Dialect.MESSAGES,
    otherwise=Level.WARN,
    words={
        "counted": Meaning("Agents learn how long a prompt is before they send it."),
        "missing": Meaning("Prompts are not counted."),
        "refused": Meaning("Prompts are not counted."),
    },
)
