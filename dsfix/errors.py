"""Every error that a user can see: one line, a hint, an exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What `dsfix` exits with; `run` otherwise passes on the agent's own code.

    125 to 127 are what `env`, `timeout` and `nohup` use, so a script can tell our own
    failure from the agent's.
    """

    OK = 0
    FAILED = 1
    USAGE = 2
    WARNED = 3
    OWN_FAILURE = 125
    NOT_EXECUTABLE = 126
    NOT_FOUND = 127
    INTERRUPTED = 130


class DsfixError(Exception):
    """A failure that the user can act on.

    `message` is one line that names what was wrong and what was expected; `hint` says what
    to do next. Neither may hold a secret.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(DsfixError):
    """The command line or a setting does not fit what is asked."""

    exit_code = ExitCode.USAGE


class LaunchError(DsfixError):
    """What a run needs is missing or cannot be used: a key, a home, the state directory."""


class NoKey(LaunchError):
    """There is no API key where one was looked for."""


class AgentNotFound(LaunchError):
    """The agent's executable is not on PATH."""

    exit_code = ExitCode.NOT_FOUND


class AgentNotExecutable(LaunchError):
    """The agent's file is there but cannot be executed."""

    exit_code = ExitCode.NOT_EXECUTABLE
