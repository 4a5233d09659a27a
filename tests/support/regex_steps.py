"""Regular expressions run step by step, so that their work can be counted and not timed.

It goes through Python's own parse tree and tries what Python's matcher tries, in the same order; a
step is one character, or one place, that is looked at. What the patterns of a redactor do not use
is not there, and fails as a missing key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_FLAGS = re.DOTALL | re.ASCII
_CATEGORIES = {
    op.CATEGORY_WORD: re.compile(r"\w", _FLAGS),
    op.CATEGORY_DIGIT: re.compile(r"\d", _FLAGS),
    op.CATEGORY_SPACE: re.compile(r"\s", _FLAGS),
}


class Steps:
    """One pattern at work; `count` is how many steps it has taken so far."""

    def __init__(self, pattern: str) -> None:
        self.count = 0
        self._tree = list(parser.parse(pattern, _FLAGS))
        self._text = ""
        self._ways: dict[Any, Callable[[Any, int], Iterator[int]]] = {
            op.SUBPATTERN: lambda value, at: self._all(list(value[3]), at),
            op.BRANCH: lambda value, at: (
                end for each in value[1] for end in self._all(list(each), at)
            ),
            op.MAX_REPEAT: lambda value, at: self._repeated(*value[:2], list(value[2]), at),
            op.MIN_REPEAT: lambda value, at: self._few(*value[:2], list(value[2]), at),
            op.ASSERT: lambda value, at: iter([at] if self._stands(value, at) else []),
            op.ASSERT_NOT: lambda value, at: iter([] if self._stands(value, at) else [at]),
            op.AT: lambda value, at: iter([at] if at == len(self._text) else []),  # \Z
        }

    def found(self, text: str) -> list[tuple[int, int]]:
        """Where it matches, as `re.finditer` does; Python skips to where its first letters are."""
        self._text = text
        letters = [chr(value) for name, value in self._tree if name is op.LITERAL]
        first, at, spans = "".join(letters[:2]), 0, []
        while (at := text.find(first, at)) >= 0:
            end = next(self._all(self._tree, at), None)
            if end is not None:
                spans.append((at, end))
            at = at + 1 if end is None else end
        return spans

    def _all(self, tree: Sequence[Any], at: int) -> Iterator[int]:
        """Where this row of things can end that begins at `at`, in the order of preference."""
        if not tree:
            yield at
            return
        for end in self._one(tree[0], at):
            yield from self._all(tree[1:], end)

    def _one(self, node: Any, at: int) -> Iterator[int]:
        self.count += 1
        name, value = node
        if name in self._ways:
            yield from self._ways[name](value, at)
        elif at < len(self._text) and _fits(name, value, self._text[at]):
            yield at + 1

    def _repeated(self, least: int, most: Any, body: Sequence[Any], at: int) -> Iterator[int]:
        """As often as it can be, then less and less often."""
        if len(body) == 1 and body[0][0] not in self._ways:  # characters: no need to go deep
            end = at
            while (most is op.MAXREPEAT or end - at < most) and any(self._one(body[0], end)):
                end += 1
            yield from range(end, at + least - 1, -1)
            return
        for end in self._all(body, at) if most else ():
            yield from self._repeated(max(least - 1, 0), most - 1, body, end)
        if not least:
            yield at

    def _few(self, least: int, most: Any, body: Sequence[Any], at: int) -> Iterator[int]:
        """As seldom as it can be, then more often; of single characters only."""
        end = at
        while True:
            if end - at >= least:
                yield end
            full = most is not op.MAXREPEAT and end - at >= most
            if full or not any(self._one(body[0], end)):
                return
            end += 1

    def _stands(self, value: Any, at: int) -> bool:
        """Whether that stands after this place, or before it."""
        way, body = value
        begin = at if way > 0 else at - body.getwidth()[0]
        return begin >= 0 and next(self._all(list(body), begin), None) is not None


def _fits(name: Any, value: Any, letter: str) -> bool:
    """Whether a character is the one, or one of those, that a node asks for."""
    if name is op.IN:
        negated = value[0][0] is op.NEGATE
        return negated != any(_fits(*each, letter) for each in value[negated:])
    if name is op.RANGE:
        return bool(value[0] <= ord(letter) <= value[1])
    if name is op.CATEGORY:
        return _CATEGORIES[value].match(letter) is not None
    return name is op.ANY or {op.LITERAL: True, op.NOT_LITERAL: False}[name] == (
        value == ord(letter)
    )
