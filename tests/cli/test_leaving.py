"""How an error is told, and what becomes of output that cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dsfix.cli.leaving import LONGEST, failed
from dsfix.errors import DsfixError
from tests.record.support import opened, recorded, reply, request, user
from tests.support.commands import dsfix, environment


def test_an_error_of_megabytes_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """What was given may be a whole file; the end of it is told nobody."""
    with pytest.raises(SystemExit):
        failed(DsfixError("x" * (1 << 20), hint="look at it"))
    first, hint = capsys.readouterr().err.splitlines()
    assert first == f"dsfix: error: {'x' * LONGEST}..."
    assert hint == "  hint: look at it"


def test_a_mistake_of_megabytes_is_cut(tmp_path: Path) -> None:
    """Likewise where an option does not take it."""
    ran = dsfix("sessions", "list", "--limit", "x" * 100_000, home=tmp_path)
    assert ran.code == 2 and "--limit" in ran.err and len(ran.err) < 2 * LONGEST


def test_a_letter_that_a_terminal_has_not_is_no_error(tmp_path: Path) -> None:
    """A session is shown all the same where the locale knows few letters."""
    given = environment(tmp_path) | {"PYTHONIOENCODING": "ascii"}
    log = opened(tmp_path / ".local/state/dsfix")
    recorded(log, request([user("hi")]), reply())
    log.close(0, 1.0)
    words = [sys.executable, "-m", "dsfix", "sessions", "show", log.id, "1"]
    done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=60)
    assert "1 ? main ? messages" in done.stdout and (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [("--version",), ("config", "path")])
def test_output_that_nobody_can_read_is_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A full disk is told, and not once more by the interpreter; the exit code says it failed."""
    with Path("/dev/full").open("w", encoding="ascii") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dsfix", *words],
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.stderr == (
        "dsfix: error: the output could not be written: No space left on device\n"
    )
    assert done.returncode == 1


def test_a_reader_that_has_gone_is_told_nothing(tmp_path: Path) -> None:
    """As by `dsfix config show | head -1`: the exit code says that it did not get all."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "dsfix", "config", "path"],
            env=environment(tmp_path),
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (1, "")


def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    """The agent has ended, and the command ends as it did; a reader gets all of it."""
    pipe = tmp_path / "summary"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "dsfix", "run", "--quiet", "--summary-file", str(pipe)]

    def ran() -> str:
        done = subprocess.run(
            [*command, "--", "sh", "-c", "exit 7"],
            env=environment(tmp_path),
            stderr=subprocess.PIPE,
            text=True,
            timeout=20,
        )
        assert done.returncode == 7
        return done.stderr

    assert ran() == f"dsfix: {pipe} could not be written: No such device or address\n"
    with os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        assert ran() == ""
        assert b'"exit_code": 7' in reader.read()
