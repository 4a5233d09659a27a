"""What a conversation is named by."""

from __future__ import annotations

import json

from dsfix.protocol import history
from dsfix.protocol.body import Dialect


def test_a_long_first_message_is_not_kept() -> None:
    """Its key is found anew each time, and is the same; its megabytes are let go of."""
    for words, looks in (("short", 1), ("long " * 20_000, 0)):
        first = json.dumps({"role": "user", "content": words}).encode()
        before = history._kept.cache_info().misses
        assert len({history.root(Dialect.CHAT, [first]) for _ in range(2)}) == 1
        assert history._kept.cache_info().misses - before == looks
