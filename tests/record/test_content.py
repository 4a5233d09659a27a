"""The name of what a message says."""

from __future__ import annotations

import hashlib
import sys
import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from dsfix.record.content import digest


@given(st.binary(max_size=5000))
def test_a_name_is_the_hash_of_all_bytes(data: bytes) -> None:
    """However many they are: a record of an older version is checked in the same way."""
    assert digest(data) == hashlib.blake2b(data, digest_size=12).hexdigest()


def test_who_hashes_takes_turns() -> None:
    """Others run when their turn has come, and are not woken in vain until then."""
    began, ended, ran = threading.Event(), threading.Event(), []

    def run() -> None:
        began.set()
        while not ended.is_set():
            time.sleep(0)
            ran.append(None)

    interval = sys.getswitchinterval()
    other = threading.Thread(target=run)
    try:
        other.start()
        began.wait()
        sys.setswitchinterval(60)
        before = len(ran)
        digest(bytes(8 << 20))
        assert len(ran) - before < 2  # one wait may have begun before the interval was set
    finally:
        ended.set()
        sys.setswitchinterval(interval)
        other.join()
