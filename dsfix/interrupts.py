"""Ctrl-C before anything has begun: it ends the process without a word.

Python raises KeyboardInterrupt wherever it happens to be. While a module is imported that may be
where nobody can catch it: then it is printed, and the program goes on (CPython 3.11,
`importlib._bootstrap._get_module_lock`).
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def silent() -> Iterator[None]:
    """Ctrl-C ends the process here, unless it is ignored or somebody else's."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    with suppress(ValueError):  # in another thread than the main one, to which alone it comes
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.default_int_handler)
