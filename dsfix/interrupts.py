"""Ctrl-C before anything has begun: it ends the process without a word.

Python raises KeyboardInterrupt wherever it happens to be. While a module is imported that may be
where nobody can catch it: then it is printed, and the program goes on (CPython 3.11,
`importlib._bootstrap._get_module_lock`).
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent() -> Iterator[None]:
    """Ctrl-C ends the process here, unless it is ignored or somebody else's."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
