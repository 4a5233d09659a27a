"""Refusals on Responses: items that do not belong together, or have no place.

Texts: deepseek-ai/deepseek-recipe (protocol/openai/responses, 2026-09). Seen in use:
deepseek-ai/DeepSeek-V3#1588 and #1611, deepseek-ai/awesome-deepseek-integration#740.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.items import CALLS, OUTPUTS, items
from dsfix.simulator.rules.refusals import meaning
from dsfix.simulator.rules.values import FLASH, served_model

_TEXTS = ("input_text", "output_text")


def check_input(request: Request) -> Refusal | None:
    """There is something to answer."""
    given = request.body.get("input")
    if given == []:
        return meaning("Input items array must not be empty")
    if given is None and not request.body.get("instructions"):
        return meaning("Either input or instructions must be provided")
    return None


def check_items(request: Request) -> Refusal | None:
    """Calls are answered before anything else is said, each once, under an id of its own."""
    pending: list[str] = []
    resolved: set[str] = set()
    for index, kind, item in items(request.body):
        if kind in CALLS + OUTPUTS:
            fault = _paired(index, kind in CALLS, item["call_id"], pending, resolved)
            if fault:
                return meaning(fault)
        elif pending:
            return _unanswered(pending[0])
        known = ("input_image", "input_file") if request.policy.images != "refuse" else ()
        fault = next(_misplaced(f"input[{index}]", kind, item, known), "")
        if fault:
            return meaning(fault)
    return _unanswered(pending[0]) if pending else None


def check_split(request: Request) -> Refusal | None:
    """Calls of one answer stay one group, else its reasoning is not found, thinking or not.

    lidge-jun/opencodex#1534, 2026-08-12: on flash; pro accepted the same history.
    """
    setting = request.policy.split_calls
    flash = served_model(str(request.body["model"]), "responses", request.policy) == FLASH
    if setting == "accept" or (setting == "flash" and not flash):
        return None
    place: dict[str, int] = {}
    for turn in request.history:
        for minted in request.ledger.of_calls(turn.ids):
            if place.setdefault(minted.id, turn.index) != turn.index:
                return meaning(
                    "The `reasoning_text` in the thinking mode must be passed back to the API."
                )
    return None


def _paired(index: int, call: bool, id: str, pending: list[str], resolved: set[str]) -> str:
    if not id:
        return (
            f"Invalid 'input[{index}].call_id': empty string. Expected a string with minimum "
            "length 1, but got an empty string instead."
        )
    if call:
        if id in pending or id in resolved:
            return f"Duplicate 'call_id': {id}."
        pending.append(id)
    elif id in resolved:
        return f"Duplicate tool output for call_id: {id}."
    elif id not in pending:
        return f"No tool call found for tool output with call_id {id}."
    else:
        pending.remove(id)
        resolved.add(id)
    return ""


def _unanswered(id: str) -> Refusal:
    return meaning(f"No tool output found for tool call {id}.")


def _misplaced(
    path: str, kind: str, item: Mapping[str, Any], files: tuple[str, ...]
) -> Iterator[str]:
    """Parts that are not known, and images where none may stand."""
    content = item.get("output" if kind in OUTPUTS else "content")
    if kind in ("reasoning", *CALLS) or not isinstance(content, list):
        return
    where = f"{path}.output" if kind in OUTPUTS else f"{path}.content"
    for index, part in enumerate(content):
        texts = _TEXTS[:1] if kind in OUTPUTS else _TEXTS
        if part["type"] not in (*texts, *files):
            yield "Unsupported content block"
        elif part["type"] == "input_image":
            yield from _image(f"{where}[{index}]", part)
            if item.get("role") in ("system", "assistant"):
                yield f"Image in {item['role']} message is unsupported"


def _image(path: str, part: Mapping[str, Any]) -> Iterator[str]:
    url, file = bool(part.get("image_url")), part.get("file_id") is not None
    if url and file:
        yield f"{path}: input_image cannot have both image_url and file_id"
    if not url and not file:
        yield f"{path}: input_image must have image_url or file_id"
