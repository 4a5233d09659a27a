"""What is cured by something else than a repair, and which test shows it."""

from __future__ import annotations

from typing import NamedTuple


class Elsewhere(NamedTuple):
    """A failure, what is done about it, and a test of it: file and function."""

    title: str
    cure: str
    test: str
    sources: tuple[str, ...]


ELSEWHERE = (
    Elsewhere(
        "A history that is refused for its reasoning although it has all of it",
        "Recovery: the same bytes once more, then placeholders, and thinking off as the last resort",
        "tests/proxy/test_recovery.py::test_refused_once",
        ("aaif-goose/goose#10012, 2026-06-25",),
    ),
    Elsewhere(
        "A stream that breaks off and looks as if it were whole",
        "A cut stays a cut: the end of the answer is withheld, so that the agent asks again",
        "tests/proxy/test_wire.py::test_a_cut_stays_a_cut",
        ("measured with OpenCode 1.18.33 and pi 0.73.1, 2026-11-20",),
    ),
    Elsewhere(
        "A connection that went stale between two requests",
        "A request that failed before any byte of an answer is sent once more on a fresh one",
        "tests/proxy/test_wire.py::test_stale_connection",
        ("https://api-docs.deepseek.com/quick_start/rate_limit, 2026-08",),
    ),
    Elsewhere(
        "Counting tokens, which DeepSeek has no documented route for",
        "Answered here where the upstream has none",
        "tests/proxy/test_door.py::test_count_tokens",
        ("maximhq/bifrost#5311, 2026-07-16",),
    ),
    Elsewhere(
        "Probes for other servers' routes (Hermes on a loopback URL)",
        "Unknown paths are answered 404 at once and never forwarded",
        "tests/proxy/test_door.py::test_unknown_paths",
        ("measured with Hermes Agent 0.19.0, 2026-11-20",),
    ),
)
