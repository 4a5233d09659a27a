"""A long request is written in pieces, and is the same request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dsfix.proxy.payload import PIECE, gathered

SIZES = st.sampled_from([1, 1000, PIECE // 2, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])


@given(st.lists(SIZES, max_size=8))
def test_no_piece_is_longer_than_may_be_written_at_once(sizes: list[int]) -> None:
    """Whatever it is made of, nothing of it is lost or moved."""
    made = [bytes([65 + place]) * size for place, size in enumerate(sizes)]
    written = [bytes(piece) for piece in gathered(made)]
    assert b"".join(written) == b"".join(made)
    assert all(0 < len(piece) <= PIECE for piece in written)


def test_short_messages_are_written_together() -> None:
    """As many as fit: each write is a call of the system."""
    assert len(list(gathered([b"x" * 1000] * 1000))) == -(-1_000_000 // (PIECE // 1000 * 1000))
