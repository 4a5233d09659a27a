"""Refusals about thinking: that it must come back, and what it excludes."""

from __future__ import annotations

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.ledger import Minted
from dsfix.simulator.rules.refusals import meaning
from dsfix.simulator.rules.values import VISION
from dsfix.simulator.rules.wire import Turn, context

PASS_BACK = {
    "chat": "The `reasoning_content` in the thinking mode must be passed back to the API.",
    "messages": "The `content[].thinking` in the thinking mode must be passed back to the API.",
    "responses": "The `reasoning_text` in the thinking mode must be passed back to the API.",
}

# anomalyco/opencode#5027 (2025-12-03) and decolua/9router#355: before V4 the place was named.
_MORE = (
    " in the assistant message at message index {place}. For more information, please refer to "
    "https://api-docs.deepseek.com/guides/thinking_mode#tool-calls"
)
V3_2 = {
    "chat": "Missing `reasoning_content` field" + _MORE,
    "messages": "Missing thinking block" + _MORE,
}


def check_effort(request: Request) -> Refusal | None:
    """Thinking that is switched off by its own member has no effort."""
    setting = request.body.get("thinking")
    off = isinstance(setting, dict) and setting.get("type") == "disabled"
    if not off or request.effort is None:
        return None
    return meaning("thinking options type cannot be disabled when reasoning_effort is set")


def check_pass_back(request: Request) -> Refusal | None:
    """Each assistant turn in scope carries its reasoning."""
    if not request.thinking or request.policy.pass_back == "lenient":
        return None
    for turn in _in_scope(request):
        if not _given(turn, request) and not _restored(turn, request):
            return missing(request, turn.index)
    return None


def _in_scope(request: Request) -> list[Turn]:
    """The turns that the mode looks at."""
    history, mode = request.history, request.policy.pass_back
    spoken = [turn for turn in history if turn.role == "assistant"]
    if mode == "open-loop":
        open_ = bool(history) and bool(history[-1].results)
        return spoken[-1:] if open_ and request.body.get("model") != VISION else []
    tools = bool(request.body.get("tools")) or any(turn.calls for turn in history)
    every = mode == "strict-all" and tools
    return [turn for turn in spoken if turn.calls or every]


def check_verify(request: Request) -> Refusal | None:
    """Reasoning of a turn that was produced here is the text that was sent.

    Not a rule of DeepSeek: it proves that a proxy replays the real text at the right place.
    """
    if not request.policy.verify or not request.thinking:
        return None
    history = request.history
    for turn in history:
        sent = [] if turn.role != "assistant" else _sent(turn, history, request)
        known = {minted.reasoning for minted in sent}
        same = any(_same(turn.reasoning, text, request) for text in known)
        if known and not same and not _restored(turn, request):
            id = turn.ids[0] if turn.ids else sent[0].id
            return missing(request, turn.index, f" [simulator: reasoning of {id} differs]")
    return None


def check_flaky(request: Request) -> Refusal | None:
    """A refusal that passes when the same bytes are sent again."""
    if not request.policy.flaky or request.ledger.refused_once or not request.thinking:
        return None
    called = next((turn.index for turn in request.history if turn.calls), None)
    return None if called is None else missing(request, called)


def missing(request: Request, place: int, detail: str = "") -> Refusal:
    """The refusal about the reasoning of a turn, in the words in force."""
    assert request.dialect is not None
    if request.policy.wording == "v3.2" and request.dialect != "responses":
        return meaning(V3_2[request.dialect].format(place=place) + detail)
    return meaning(PASS_BACK[request.dialect] + detail)


def _given(turn: Turn, request: Request) -> bool:
    if turn.reasoning is None or request.policy.blank == "accept":
        return turn.reasoning is not None
    return bool(
        turn.reasoning if request.policy.blank == "refuse-empty" else turn.reasoning.strip()
    )


def _restored(turn: Turn, request: Request) -> bool:
    """Whether the server finds the omitted reasoning itself, by the ids of the calls.

    https://api-docs.deepseek.com/zh-cn/api/create-message, 2026-08.
    """
    if not request.policy.restore or (turn.reasoning or "").strip():
        return False
    return request.ledger.minted_together(turn.ids, request.key)


def _same(given: str | None, sent: str, request: Request) -> bool:
    """Codex also replays the reasoning of an answer that broke off, before that of the next.

    Codex 0.169.0, driven against this simulator; items beside each other are one message.
    """
    if given == sent:
        return True
    before = (given or "").removesuffix(f"\n{sent}")
    return request.dialect == "responses" and before != given and request.ledger.thought(before)


def _sent(turn: Turn, history: tuple[Turn, ...], request: Request) -> list[Minted]:
    if turn.calls:
        found = request.ledger.of_calls(turn.ids)
    else:
        found = request.ledger.of_text(turn.text, context(history[: turn.index]))
    return [minted for minted in found if minted.reasoning]
