"""Regular expressions that every engine reads, and as the same.

Upstreams compile each `pattern` of a schema with an engine of their own: to DeepSeek a bracket
within a class begins another (anthropics/claude-code#92964, 2026-09-09; Dokploy/mcp#43,
2026-05-21), GLM knows no `\\p{...}` (anthropics/claude-code#93029), and others no lookahead.
"""

from __future__ import annotations

import re

_MOST = 1000  # letters of a pattern that is looked at
_SIGN = r"\\[!-/:;=?@\[-`{-~]"  # an escaped sign; of `<` and `>` some make more
# Of a class: no bracket, and no sign twice that joins two or takes one from the other.
_IN_CLASS = rf"(?:[^\0\\\[\]&~|-]|\\[dDwWsSnrtfv]|{_SIGN}|&(?!&)|~(?!~)|\|(?!\|)|-(?!-))"
_ATOM = rf"(?:[^\0\\\[\]()*+?{{}}|]|\\[dDwWsSbBnrtfv]|{_SIGN}|\[\^?+{_IN_CLASS}++\])"
_TIMES = r"(?:[*+?]\??|\{\d{1,3}(?:,\d{0,3})?\}\??)"
_PLAIN = re.compile(rf"(?:(?:{_ATOM}|\)){_TIMES}?|\((?:\?:)?|\|)*+")


def is_plain(pattern: str) -> bool:
    """Whether that is such an expression."""
    if len(pattern) > _MOST or _PLAIN.fullmatch(pattern) is None:
        return False
    try:
        re.compile(pattern)
    except (re.error, RecursionError):
        return False
    return True
