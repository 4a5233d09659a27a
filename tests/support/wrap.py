"""The smallest launcher on dsfix.process: `wrap.py [OPTION=VALUE]... -- COMMAND...`.

report=FILE  write how our signal state after the wait differs from before
thread=LOG   run an asyncio loop in a second thread; once LOG says ready, that thread (not the
             process) gets SIGUSR1
fail=LOG     once LOG says ready, end the agent from a second thread, as a failed proxy does
patience=S, bound=S  shorter times
early=1      die by SIGKILL as soon as the agent's process is there, before it could ask for news
"""

from __future__ import annotations

import asyncio
import ctypes  # noqa: F401  # libffi 3.5 holds its own file open from then on
import os
import signal
import sys
import threading
import time
from pathlib import Path

from dsfix import process
from dsfix.errors import LaunchError


def state() -> dict[str, object]:
    handlers = {str(n): str(signal.getsignal(n)) for n in signal.valid_signals()}
    wakeup = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakeup)
    mask = sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    return {
        **handlers,
        "wakeup": wakeup,
        "mask": mask,
        "fds": [str(fd) for fd in sorted(Path("/dev/fd").iterdir())],
    }


def kill_parent() -> None:
    parent = os.getppid()
    os.kill(parent, signal.SIGKILL)
    while os.getppid() == parent:
        time.sleep(0.01)


def second_thread(options: dict[str, str], child: process.Child) -> None:
    log = Path(options.get("thread") or options["fail"])
    while not log.exists() or "ready" not in log.read_text():
        time.sleep(0.01)
    if "thread" in options:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        asyncio.run(asyncio.sleep(3600))
    child.terminate()


def main() -> int:
    words = sys.argv[1 : sys.argv.index("--")]
    options = dict(word.split("=", 1) for word in words)
    process.PATIENCE = float(options.get("patience", process.PATIENCE))
    process.BOUND = float(options.get("bound", process.BOUND))
    if "report" in options:
        spare = os.open(os.devnull, os.O_WRONLY | os.O_NONBLOCK)
        signal.set_wakeup_fd(spare)
    if "early" in options:
        os.register_at_fork(after_in_child=kill_parent)
    before = state()
    launch = process.Launch(tuple(sys.argv[sys.argv.index("--") + 1 :]), dict(os.environ))
    try:
        child = process.start(launch)
        if "thread" in options or "fail" in options:
            threading.Thread(target=second_thread, args=(options, child), daemon=True).start()
        code = child.wait()
    except LaunchError as error:
        print(f"wrap: {error.message} ({error.hint})", file=sys.stderr)
        code = error.exit_code
    if "report" in options:
        after = state()
        Path(options["report"]).write_text(
            repr({key: (before[key], after[key]) for key in before if before[key] != after[key]})
        )
    return code


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
