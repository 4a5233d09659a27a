"""Where everything stands at a moment: what a test that waited in vain has to tell."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import traceback
from collections.abc import Iterator
from types import AsyncGeneratorType, CoroutineType, FrameType
from typing import Any

_KINDS = "cr", "ag"
_OF = CoroutineType, AsyncGeneratorType


def stands(loop: asyncio.AbstractEventLoop) -> str:
    """The stack of each thread, and of each task of the loop down to what it awaits."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = [
        f"thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame)[-8:])}"
        for ident, frame in sys._current_frames().items()
    ]
    for task in asyncio.all_tasks(loop):
        awaits = [traceback.format_stack(frame, 1)[0] for frame in _frames(task.get_coro())]
        parts.append(f"task {task.get_name()}:\n{''.join(awaits)}")
    return "\n".join(parts)


def _frames(awaited: Any) -> Iterator[FrameType]:
    """From a coroutine inwards, to what is none, such as a future."""
    while awaited is not None:
        kind = next((kind for kind in _KINDS if hasattr(awaited, f"{kind}_frame")), None)
        if kind is not None:
            if (frame := getattr(awaited, f"{kind}_frame")) is not None:
                yield frame
            awaited = getattr(awaited, f"{kind}_await")
        else:  # what is made by `__await__` or `__anext__` does not tell of what it is
            held = gc.get_referents(awaited)
            awaited = next((each for each in held if isinstance(each, _OF)), None)
