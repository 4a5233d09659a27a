"""Whether all of a request but the reasoning goes upstream as it was."""

from __future__ import annotations

import json
from typing import Any

from tests.sessions.agent import Request
from tests.sessions.fault import Fault
from tests.sessions.habits import Habits, Scene
from tests.sessions.writing import said_in

_THOUGHTS = ("thinking", "redacted_thinking")
_OURS = ("max_tokens", "reasoning", "thinking")  # members that are set for the model


def check_rest(habits: Habits, scene: Scene, asked: Request) -> None:
    """Raise Fault for what was changed besides reasoning, where nothing else has to be mended."""
    thread = asked.thread
    whole = all(each.certain and not each.form for each in thread.replies)
    renamed = scene.ids in ("none", "one") or (scene.counted and thread.dialect == "responses")
    if not whole or not thread.is_orderly or habits.notes or renamed or scene.refusals:
        return
    before, after = json.loads(asked.body), asked.came[0].body
    if not thread.thinking:
        if list(before) != list(after):
            raise Fault("members", f"{list(before)} became {list(after)}")
        for name in before.keys() - {said_in(thread.dialect), *_OURS}:
            if before[name] != after[name]:
                raise Fault("member", f"{name}: {before[name]!r} became {after[name]!r}")
    said, sent = (_said(thread.dialect, body) for body in (before, after))
    for nth, (was, now) in enumerate(zip(said, sent, strict=False)):
        if was != now:
            raise Fault("rest", f"{nth}: {json.dumps(was)[:300]} became {json.dumps(now)[:300]}")
    if len(said) != len(sent):
        raise Fault("rest", f"{len(said)} messages became {len(sent)}")


def _said(dialect: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The conversation without its reasoning."""
    return [_plain(each) for each in body[said_in(dialect)] if each.get("type") != "reasoning"]


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    if message.get("role") != "assistant":
        return message
    plain = {key: value for key, value in message.items() if not key.startswith("reasoning")}
    content = plain.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}] if content else []
    plain["content"] = [each for each in content or () if each.get("type") not in _THOUGHTS]
    return plain
