"""The text that stands in for reasoning nobody knows any more.

It is short, not blank (V4-pro refused `""`: NousResearch/hermes-agent#17341), the same whenever
the same turn is sent, and **different from turn to turn**: one identical text on all turns made
V4 answer empty in 40 to 47 percent of calls at 200K context (Lingtai-AI/lingtai-kernel#9).
The model can read it, so it says what it is.
"""

from __future__ import annotations

from dsfix.protocol.messages import OWN_SIGNATURE
from dsfix.protocol.turns import Reasoning, Turn

_MARK = "[reasoning not recorded"

# What other programs put in the place of reasoning they lost. Identical on every turn, so they
# count as missing.
FOREIGN = frozenset(
    {
        ".",
        "(thinking omitted)",  # opencode-deepseek-thinking-fix 0.2.5, npm
        "(elided)",  # STRML/cc-ds4
        "tool call",  # farion1231/cc-switch, src-tauri/src/proxy/providers/claude.rs
        "[redacted thinking]",  # the same
        "[thinking not recorded]",  # damianvtran/local-operator#1037
        "Compatibility bridge placeholder reasoning for prior assistant history.",
    }
)


def placeholder(turn: Turn, key: str, count: int, own: str = "") -> Reasoning:
    """The stand-in for a turn of this key; `count` of them are before it in this body.

    Some vendors repeat ids (`call_0`): the second turn of one key says that it is the second.
    `own` are the user's words instead of ours; what tells the turns apart is added to them.
    """
    apart, names = numbered(key[:8], count), turn.names
    if own:
        text = f"{own} [{apart}]"
    elif len(names) == 1:  # as most are
        text = f"{_MARK} before calling {names[0]}: {apart}]"
    else:
        what = f"before calling {', '.join(dict.fromkeys(names))}" if turn.calls else "here"
        text = f"{_MARK} {what}: {apart}]"
    return Reasoning(((text, OWN_SIGNATURE + key),))


def numbered(name: str, count: int) -> str:
    """A name, and which it is where there were so many before."""
    return f"{name} #{count + 1}" if count else name


def is_ours(text: str) -> bool:
    """Whether a reasoning text is a stand-in made here (by a dsfix around this one)."""
    return text.startswith(_MARK)


def is_placeholder(text: str) -> bool:
    """Whether a reasoning text is a stand-in, ours or another program's."""
    return is_ours(text) or text.strip() in FOREIGN
