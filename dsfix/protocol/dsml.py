"""DSML, DeepSeek's own notation of tool calls, where it stands in a text.

V4 writes `<｜DSML｜tool_calls>` around `<｜DSML｜invoke name="f">` around `<｜DSML｜parameter
name="x" string="true">text</｜DSML｜parameter>`; with `string="false"` a parameter is JSON
(https://huggingface.co/deepseek-ai/DeepSeek-V4-Pro, encoding/encoding_dsv4.py). V3.2 said
`function_calls`, V4.1 says ` calls`, with a space at the head of every name (sgl-project/sglang,
entrypoints/openai/encoding_dsv41.py, 2026-09). Where it leaks, the bars are also doubled
(SuperJJ007/CSSwitch, dsml_shim.rs, 2026-07-23), `‖` (lsdefine/GenericAgent#804, 2026-09-22) or
plain (cline/cline#13348, 2026-08-19).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dsfix.protocol import spans

_BARS = ("｜", "｜｜", "‖", "|", "||")
_GAPS = ("", " ")
_NAMES = ("tool_calls", "function_calls", "calls")
_OPENINGS = tuple(
    f"<{bar}DSML{bar}{gap}{name}>" for bar in _BARS for gap in _GAPS for name in _NAMES
)
_LONGEST = max(map(len, _OPENINGS))
_BEGINNING = re.compile(r"<(?=[｜‖|]|\Z)")
_OPENING = re.compile(r"<([｜‖|]{1,2}DSML[｜‖|]{1,2} ?)([a-z_]+)>")
_ANY = re.compile(r"</?[｜‖|]{1,2}DSML[｜‖|]{1,2} ?(?:[a-z_]*calls|invoke|parameter)\b")


class Call(NamedTuple):
    """A tool that is called, and what it is given, as a JSON object."""

    name: str
    arguments: str


def stands_in(text: str) -> bool:
    """Whether any of the notation's tags stands in a text."""
    return _ANY.search(text) is not None


def begins_at(text: str) -> int | None:
    """The first place from which a text may be calls to its end, be they complete or not."""
    for found in _BEGINNING.finditer(text):
        if _may_be_calls(text[found.start() :]):
            return found.start()
    return None


def calls(text: str) -> tuple[Call, ...] | None:
    """The calls that a text is, from its first letter to its last; None where it is not."""
    opening = _OPENING.match(text)
    if opening is None or not text.startswith(_OPENINGS):
        return None
    mark, name = map(re.escape, opening.groups())
    invoke = re.compile(rf'\s*<{mark}invoke name="([^"<>]+)">')
    found = []
    at = opening.end()
    while head := invoke.match(text, at):
        given, at = _parameters(text, head.end(), mark)
        end = re.compile(rf"\s*</{mark}invoke>").match(text, at)
        if given is None or end is None:
            return None
        found.append(Call(head[1], spans.build_object(given).decode()))
        at = end.end()
    ended = re.compile(rf"\s*</{mark}{name}>\s*").fullmatch(text, at)
    return tuple(found) if found and ended else None


def _parameters(text: str, at: int, mark: str) -> tuple[dict[str, bytes] | None, int]:
    """The parameters that stand there, as raw JSON, and where they end; None if one is no good."""
    parameter = re.compile(
        rf'\s*<{mark}parameter name="([^"<>]+)" string="(true|false)">(.*?)</{mark}parameter>',
        re.DOTALL,
    )
    given: dict[str, bytes] = {}
    while found := parameter.match(text, at):
        name, is_text, value = found.groups()
        raw = spans.encode(value) if is_text == "true" else value.strip().encode()
        if name in given or len(spans.items(b"[" + raw + b"]") or ()) != 1:
            return None, at
        given[name] = raw
        at = found.end()
    return given, at


def _may_be_calls(text: str) -> bool:
    """Whether a text may be calls, or the beginning of them."""
    if len(text) < _LONGEST and any(opening.startswith(text) for opening in _OPENINGS):
        return True
    opening = _OPENING.match(text)
    if opening is None or not text.startswith(_OPENINGS):
        return False
    mark, name = opening.groups()
    first = f'<{mark}invoke name="'
    inner = text[opening.end() : opening.end() + 64].lstrip()
    if not (inner.startswith(first) or first.startswith(inner)):
        return False
    _, closing, rest = text.partition(f"</{mark}{name}>")
    return not (closing and rest.strip())
