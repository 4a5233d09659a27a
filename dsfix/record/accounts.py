"""The exchanges of a session, kept for its summary in little room.

Those that are over are encoded and compressed by the dozen, to 80 bytes each instead of 700
(measured 2026-11-21): an agent that works for days has tens of thousands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsfix.record.exchange import Exchange

KEPT = 20_000  # what comes after is only counted, and in the record
_TOGETHER = 32  # exchanges; that takes 0.2 ms


class Accounts:
    """All exchanges but the `beyond` for which there is no room. One thread fills it, any reads."""

    def __init__(self, room: int = KEPT) -> None:
        self.beyond = 0
        self._room = room
        self._under_way: dict[int, Exchange] = {}
        self._over: list[Exchange] = []
        self._packed: list[bytes | list[Exchange]] = []

    def began(self, exchange: Exchange) -> None:
        """One more; it is looked at as it is then, until it has ended."""
        if self._room:
            self._room -= 1
            self._under_way[exchange.id] = exchange
        else:
            self.beyond += 1

    def ended(self, exchange: Exchange) -> None:
        """It is over and changes no more."""
        if exchange.id not in self._under_way:
            return
        self._over.append(exchange)
        del self._under_way[exchange.id]
        if len(self._over) == _TOGETHER:
            self._packed.append(_packed(self._over))
            self._over = []

    def all(self) -> list[Exchange]:
        """They, in the order in which they came."""
        # In the order in which they move on: then none is missed that another thread moves.
        found = dict(self._under_way)
        found |= {each.id: each for each in self._over}
        for packed in self._packed:
            found |= {each.id: each for each in _unpacked(packed)}
        return [found[number] for number in sorted(found)]


# Imported where they are needed: the agent's start does not wait for them.
def _packed(exchanges: list[Exchange]) -> bytes | list[Exchange]:
    import zlib

    import msgspec

    try:
        return zlib.compress(msgspec.msgpack.encode(exchanges), level=1)
    except UnicodeEncodeError:  # half a character in somebody's text: they stay as they are
        return exchanges


def _unpacked(packed: bytes | list[Exchange]) -> list[Exchange]:
    import zlib

    import msgspec

    from dsfix.record.exchange import Exchange

    if isinstance(packed, bytes):
        return msgspec.msgpack.decode(zlib.decompress(packed), type=list[Exchange])
    return packed
