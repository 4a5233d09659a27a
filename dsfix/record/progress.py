"""An answer written down while it still comes, so that a killed session leaves what had come.

Only what is new is written, and of that nothing that may be the beginning of a secret: the last
words are held back. Where a text has to be redacted after a part of it was written, `at` says how
much of what was written still stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dsfix.protocol.answer import Answer
from dsfix.record.differing import common
from dsfix.record.events import named
from dsfix.redact import Redactor

# Characters that are held back at least.
HELD = 64


@dataclass(slots=True)
class Progress:
    """How much of each block of one answer was written, as redacted text.

    `due` is when it is to be looked at next, on the monotonic clock.
    """

    answer: Answer
    due: float = 0.0
    written: dict[int, str] = field(default_factory=dict)

    def news(self, redactor: Redactor) -> list[dict[str, object]]:
        """What came since the last time, as redacted text."""
        news: list[dict[str, object]] = []
        for index in sorted(self.answer.blocks):
            block = self.answer.blocks[index]
            before = self.written.get(index)
            text = _safe(redactor.text(block.text), redactor.longest)
            if text == before:
                continue
            at = common(before or "", text)
            event: dict[str, object] = {"index": index, "at": at, "text": text[at:]}
            if before is None:
                event |= named(block, redactor)
            news.append(event)
            self.written[index] = text
        return news


def _safe(text: str, longest: int) -> str:
    """A redacted text without its end, where the beginning of a known secret or a word may be."""
    head = text[: max(0, len(text) - max(longest, HELD))]
    if not head or head[-1].isspace():
        return head
    return head[: -len(head.rsplit(None, 1)[-1])]
