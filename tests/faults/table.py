"""All rows, and those that other tests play."""

from __future__ import annotations

from tests.faults import (
    rows_agent,
    rows_clock,
    rows_disk,
    rows_edges,
    rows_odd,
    rows_process,
    rows_pty,
    rows_system,
    rows_threads,
    rows_upstream,
    rows_wild,
)
from tests.faults.row import Fault

_WIRE = "tests/proxy/test_wire.py::"
_DOOR = "tests/proxy/test_door.py::"
_MEMORY = "tests/memory/test_memory.py::"
_LOG = "tests/record/test_log.py::"
_KILLED = "tests/test_killed.py::"
CUT = "what came of it, then the connection ends"


def _tested(group: str, name: str, agent: str, record: str, *tests: str) -> Fault:
    return Fault(group, name, agent, record, tested=tests)


ELSEWHERE = (
    _tested(
        "upstream", "closes a kept connection", "its answer", "200", f"{_WIRE}test_stale_connection"
    ),
    _tested(
        "upstream",
        "says 408 on a kept connection as the next request comes",
        "its answer",
        "200",
        "tests/proxy/test_connections.py::test_a_kept_connection_that_was_given_up",
    ),
    _tested(
        "upstream",
        "closes without a byte",
        "502, an error in the dialect's shape",
        "502",
        f"{_WIRE}test_a_fresh_connection_is_not_tried_twice",
    ),
    _tested(
        "upstream",
        "ends a stream properly before its end",
        f"200, {CUT}",
        "200, cut by the upstream",
        f"{_WIRE}test_a_clean_end_in_the_middle",
    ),
    _tested(
        "upstream",
        "ends a document in the middle",
        f"200, {CUT}",
        "200, cut by the upstream",
        f"{_WIRE}test_a_cut_document",
    ),
    _tested(
        "upstream",
        "dies at any byte of a stream",
        f"200, {CUT}",
        "200, cut by the upstream",
        "tests/faults/test_cuts.py::test_a_stream_that_dies_at_any_byte",
    ),
    _tested(
        "upstream",
        "redirects",
        "502, an error in the dialect's shape",
        "502",
        f"{_WIRE}test_a_redirect_is_not_followed",
    ),
    _tested("upstream", "compresses unasked", "200, decoded", "200", f"{_WIRE}test_gzip_is_undone"),
    _tested(
        "agent",
        "hangs up in a stream",
        "nothing more, and the upstream's connection ends at once",
        "cut by the agent",
        f"{_WIRE}test_an_agent_that_hangs_up",
    ),
    _tested(
        "agent",
        "hangs up when it has all of it",
        "its answer",
        "200",
        "tests/proxy/test_connections.py::test_an_agent_that_hangs_up_when_it_has_all_of_it",
    ),
    _tested(
        "agent",
        "hangs up before the answer",
        "nothing more, and the upstream's connection ends at once",
        "cut by the agent",
        f"{_WIRE}test_an_agent_that_does_not_wait",
    ),
    _tested(
        "agent",
        "sends more than 64 MiB",
        "413, an error in the dialect's shape",
        "refused with 413",
        f"{_DOOR}test_too_large",
    ),
    _tested(
        "agent",
        "sends a body that is no request",
        "what the upstream says to it",
        "what the upstream says to it",
        f"{_WIRE}test_what_is_no_request_passes",
    ),
    _tested(
        "disk",
        "has no room for the record",
        "its answers",
        "nothing more; told in the summary",
        f"{_LOG}test_a_full_disk_stops_the_record_and_nothing_else",
    ),
    _tested(
        "disk",
        "state directory cannot be made",
        "its answers",
        "nothing; told in the summary",
        f"{_LOG}test_a_state_directory_that_cannot_be_used_is_told",
    ),
    _tested(
        "disk",
        "memory is locked under way",
        "its answers",
        "all of it",
        f"{_MEMORY}test_a_locked_file_does_not_stop_the_session",
    ),
    _tested(
        "process",
        "dsfix gets SIGTERM in a stream",
        "ends; exit code 143",
        "ended",
        f"{_KILLED}test_sigterm_reaches_the_agent_and_ends_everything",
    ),
    _tested(
        "process",
        "dsfix gets SIGKILL in a stream",
        "ends",
        "interrupted; begun",
        f"{_KILLED}test_kill_9_in_the_middle_of_a_stream",
    ),
    _tested(
        "process",
        "dsfix gets SIGKILL at any moment",
        "ends",
        "interrupted; every event that was written; the next start is as if nothing had been",
        f"{_KILLED}test_kill_9_at_any_moment",
    ),
    _tested(
        "process",
        "the writer of a record is killed at any moment",
        "",
        "interrupted; all but a last line that is cut",
        "tests/record/test_killed.py::test_a_killed_session_is_read_back_to_its_last_event",
    ),
)
PLAYED = (
    *rows_upstream.ROWS,
    *rows_odd.ROWS,
    *rows_edges.ROWS,
    *rows_wild.ROWS,
    *rows_agent.ROWS,
    *rows_disk.ROWS,
    *rows_clock.ROWS,
    *rows_process.ROWS,
    *rows_pty.ROWS,
    *rows_threads.ROWS,
    *rows_system.ROWS,
)
ROWS = (*PLAYED, *ELSEWHERE)
