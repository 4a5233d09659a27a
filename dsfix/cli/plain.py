"""Other people's words on a terminal: what would drive it, or forge a line, is taken out."""

from __future__ import annotations

# C0 but for tab and line feed, DEL and C1; line separators; what turns the direction of a line
# and does not end with the word that it stands in (Unicode, UAX 9).
_CONTROLS: dict[int, str | None] = dict.fromkeys(
    [
        *range(0x00, 0x09),
        *range(0x0B, 0x20),
        *range(0x7F, 0xA0),
        *range(0x2028, 0x202F),
        *range(0x2066, 0x206A),
    ]
)
_BREAKS: dict[int, str | None] = {**_CONTROLS, 0x09: " ", 0x0A: " "}
_ESCAPED = {code: f"\\u{code:04x}" for code in _CONTROLS if code >= 0x7F}


def plain(text: str) -> str:
    """The text without control characters: an upstream's words must not drive the terminal."""
    return text.translate(_CONTROLS)


def one_line(text: str) -> str:
    """Likewise of what stands in a line with other words: no break in it makes another."""
    return text.translate(_BREAKS)


def escaped(document: str) -> str:
    """JSON, also within a page, with the same characters as escapes; below DEL they are already."""
    return document.translate(_ESCAPED)
