"""Memory that a request leaves is kept for the next one.

glibc gives what is long back to the system at once and asks anew for what is longer than any
before, as is each body of a growing conversation: its 4 MB came page by page each time, a thousand
faults and 3 ms of 13.6 (2 cores, 2026-11-23).
"""

from __future__ import annotations

import sys

# Bytes: the longest that is not asked of the system by itself, which is the most that glibc allows
# (mallopt(3)), and what may be left over at the end of what it has given: twice that, for an event
# of 16 MB is there three times when it is read, and took twice as long with half of it.
LONGEST = 32 << 20
LEFT = 2 * LONGEST
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1


def keep() -> None:
    """Keep it from now on, where the C library is glibc."""
    if sys.platform == "linux":
        import ctypes

        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:  # musl has none
            mallopt(_MMAP_THRESHOLD, LONGEST)
            mallopt(_TRIM_THRESHOLD, LEFT)
