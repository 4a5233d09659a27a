"""`python -m tests.sessions SEED [COUNT]`, or `make sessions`: exits with 1 if anything did not hold.

One seed alone tells all that was done in its session.
"""

from __future__ import annotations

import sys
from collections import Counter

from tests.sessions.play import play


def main(first: int, count: int) -> int:
    """Play the sessions of these seeds."""
    left: Counter[str] = Counter()
    requests = faults = 0
    for seed in range(first, first + count):
        told = play(seed)
        requests += told.requests
        left += told.left
        if count == 1:
            sys.stdout.write("\n".join((*told.log, "")))
        if told.fault:
            faults += 1
            sys.stdout.write(f"TROUBLE: {told}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{count} sessions from {first} on, {requests} requests, {faults} faults\n")
    sys.stdout.writelines(f"let pass: {times} times {why}\n" for why, times in left.most_common())
    return 1 if faults else 0


if __name__ == "__main__":
    words = [int(word) for word in sys.argv[1:]]
    sys.exit(main(words[0], (words[1:] or [1])[0]))
