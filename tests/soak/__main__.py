"""`python -m tests.soak [MINUTES [SEED]]`, or `make soak`: exits with 1 if anything did not hold."""

from __future__ import annotations

import sys

from tests.soak.soak import Soak, soak


def told(made: Soak) -> str:
    """What came of it."""
    sent = sum(proxy.sent for proxy in made.sessions)
    weather = ", ".join(f"{count} {name}" for name, count in made.weather.faults.most_common())
    return "\n".join(
        [
            f"seed {made.seed}: {len(made.sessions)} sessions, {sent} requests",
            f"weather: {weather}",
            *made.grown,
            *(f"TROUBLE: {each}" for each in made.troubles),
        ]
    )


if __name__ == "__main__":
    words = sys.argv[1:]
    done = soak(float((words or ["6"])[0]) * 60, int((words[1:] or ["0"])[0]))
    sys.stdout.write(told(done) + "\n")
    sys.exit(1 if done.troubles else 0)
