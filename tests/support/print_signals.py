"""An agent that writes every signal it gets to a file: `print_signals.py LOG [WORD]...`.

It ends with 7 on SIGTERM or on the key q. Words: `stubborn` stays on SIGTERM, `slow` takes a
moment over it; `raw` puts the terminal in raw mode and stops itself on Ctrl-Z, by SIGTSTP or,
with `sigstop`, by SIGSTOP; `keys` reads keys without raw mode.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty

LOG = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
WORDS = sys.argv[2:]
NAMES = ("SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGCONT")


def say(text: str) -> None:
    os.write(LOG, f"{text}\n".encode())


def stop_self(fd: int) -> None:
    modes = termios.tcgetattr(fd)
    say("stopping")
    os.kill(os.getpid(), signal.SIGSTOP if "sigstop" in WORDS else signal.SIGTSTP)
    termios.tcsetattr(fd, termios.TCSANOW, modes)
    say("back")


def main() -> int:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for name in NAMES:
        signal.signal(getattr(signal, name), lambda number, frame: None)
    terminal = os.open("/dev/tty", os.O_RDWR) if {"raw", "keys"} & {*WORDS} else -1
    if "raw" in WORDS:
        tty.setraw(terminal, termios.TCSANOW)
    say(f"ready {os.getpid()} {os.getppid()}")
    while True:
        inputs, _, _ = select.select([reader] if terminal < 0 else [reader, terminal], [], [])
        if reader in inputs:
            # Sorted: of two that wait, the kernel runs the handler of the later one first.
            for number in sorted(os.read(reader, 4096)):
                say(signal.Signals(number).name)
                if number == signal.SIGTERM and "stubborn" not in WORDS:
                    if "slow" in WORDS:
                        select.select([], [], [], 0.3)
                        say("tidied up")
                    return 7
        if terminal in inputs:
            key = os.read(terminal, 1)
            if key == b"q":
                return 7
            if key == b"\x1a":
                stop_self(terminal)


sys.exit(main())
