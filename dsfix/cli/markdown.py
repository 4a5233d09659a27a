"""What the generated pages of `docs/` are made of."""

from __future__ import annotations

from collections.abc import Sequence

MADE = "<!-- Made by `make docs` from the code; do not edit. -->\n"


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table, one line for each row."""
    lines = [" | ".join(row) for row in (heads, tuple("---" for _ in heads), *rows)]
    return "".join(f"| {line} |\n" for line in lines)
