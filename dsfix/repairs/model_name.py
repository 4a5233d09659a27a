"""A model name that the upstream does not know becomes one that it does.

`[1m]` is Claude Code's local mark for a window of a million tokens. Only `claude-*` is mapped
by DeepSeek itself, and any other unknown name is refused ("The supported API model names are",
https://github.com/STRML/cc-ds4, 2026-08-02), which breaks sub-agents and title calls that ask
for another vendor's model.
"""

from __future__ import annotations

import re

from dsfix.protocol import spans
from dsfix.protocol.body import Body
from dsfix.repairs.base import ALL, Context, Repair

_SUFFIX = re.compile(r"\[1m\]$", re.IGNORECASE)
_SMALL = re.compile(r"haiku|mini|nano|small|flash|lite", re.IGNORECASE)


def with_known_model(body: Body, context: Context) -> Body:
    """The body with a model name that the upstream serves."""
    asked = body.get("model")
    if not isinstance(asked, str):
        return body
    name = _SUFFIX.sub("", asked)
    if context.rules.limits(name) is None:
        name = context.rules.small if _SMALL.search(name) else context.rules.main
    if name == asked:
        return body
    context.note(MODEL_NAME.name, f"{asked} -> {name}")
    return body.having("model", spans.encode(name))


MODEL_NAME = Repair(
    "model-name",
    "Replaces model names that the upstream does not know",
    ALL,
    request=with_known_model,
)
