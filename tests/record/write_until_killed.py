"""A process that names its record on stdout, and adds to it until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from dsfix.protocol.answer import Block
from tests.record.support import assistant, exchange, finished, opened, reply, request, user


def main() -> None:
    """Record until killed, one conversation that grows."""
    log = opened(Path(sys.argv[1]))
    history = [user("start")]
    sys.stdout.write(f"{log.path}\n")
    sys.stdout.flush()
    for number in range(1, 1_000_000):
        each = exchange(number)
        answer = reply(Block("text", parts=[f"answer {number} " + "x" * (number % 3000)]))
        log.began(each, request(history))
        log.answering(each, answer)
        log.ended(finished(each), answer)
        history += [assistant(f"answer {number}"), user(f"question {number}")]
        history = history[-200:]
        while log._queued - log._done > 100_000:
            pass


if __name__ == "__main__":
    main()
