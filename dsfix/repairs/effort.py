"""An effort that the upstream knows, and none where thinking is disabled.

"thinking options type cannot be disabled when reasoning_effort is set": Claude Code's
sub-agents since 2.1.166 send both (anthropics/claude-code#65863, deepseek-ai/DeepSeek-V3#1397),
on Chat lobehub/lobehub#14173. A word that is no effort is refused by name
(https://github.com/STRML/cc-ds4, 2026-08-02); it is taken out, and the model's default holds.
Which words an upstream knows, and what it calls those of others, is in its data file; where that
says nothing, all pass. Moonshot refuses an effort beside `thinking` on Chat, whatever that says
(HKUDS/nanobot#3939, 2026-05-20): the effort says more, so `thinking` is taken out.
"""

from __future__ import annotations

from collections.abc import Mapping

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.thinking_mode import is_disabled

# Where each dialect has its effort: a member, or a member of one.
_PLACES: Mapping[Dialect, tuple[tuple[str, str], ...]] = {
    Dialect.MESSAGES: (("output_config", "effort"), ("reasoning_effort", "")),
    Dialect.CHAT: (("reasoning_effort", ""),),
    Dialect.RESPONSES: (("reasoning", "effort"),),
}


def with_known_effort(body: Body, context: Context) -> Body:
    """The body with its efforts as the upstream reads them."""
    off = is_disabled(body) and body.dialect is not Dialect.RESPONSES
    result = body
    for member, inner in _PLACES[body.dialect]:
        result = _put_right(result, member, inner, off, context.rules.efforts)
    rules = context.rules
    if rules.effort_alone and not off and {"thinking", "reasoning_effort"} <= result.members.keys():
        result = result.without("thinking")
    if result is not body:
        said = (
            "effort taken out, thinking is disabled" if off else "effort as the upstream knows it"
        )
        context.note(EFFORT.name, said)
    return result


def _put_right(body: Body, member: str, inner: str, off: bool, words: Mapping[str, str]) -> Body:
    if member not in body.members:
        return body
    if not inner:
        raw = _raw(body.members[member], off, words)
        if raw == body.members[member]:
            return body
        return body.without(member) if raw is None else body.having(member, raw)
    config = spans.members(body.members[member])
    if not config or inner not in config:
        return body
    raw = _raw(config[inner], off, words)
    if raw == config[inner]:
        return body
    rest = {key: value for key, value in config.items() if key != inner}
    if raw is not None:
        rest = {**config, inner: raw}
    return body.having(member, spans.build_object(rest)) if rest else body.without(member)


def _raw(given: bytes, off: bool, words: Mapping[str, str]) -> bytes | None:
    """The effort to send in place of this one; None for no effort at all."""
    effort = spans.value(given)
    if off:
        return None
    if effort is None or not words or words.get(str(effort)) == effort:
        return given
    meant = words.get(str(effort).lower())
    return spans.encode(meant) if meant else None


EFFORT = Repair(
    "effort",
    "Sends efforts that the upstream knows, and none where thinking is disabled",
    ALL,
    request=with_known_effort,
)
