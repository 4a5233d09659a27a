"""What a judge says of a request that is not as it has to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def parting(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Where they differ; the end of the shorter one where they do not."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


class Fault(Exception):
    """`kind` names what does not hold."""

    def __init__(self, kind: str, told: str) -> None:
        super().__init__(f"{kind}: {told}")
        self.kind = kind
