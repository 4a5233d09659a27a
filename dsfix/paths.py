"""Where dsfix keeps its files, and how it makes them private."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

from dsfix.errors import LaunchError

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600
_MOST = 64 << 20  # bytes of a settings file that are read
_OURS = {"sessions", "reports", "memory", "index"}  # how names in a state directory begin


def state_dir(environ: Mapping[str, str]) -> Path:
    """Directory of sessions, memory and logs: `DSFIX_STATE_DIR`, else the XDG state directory."""
    return _named("DSFIX_STATE_DIR", environ) or _user_dir(
        "XDG_STATE_HOME", ".local/state", "user_state_dir", environ
    )


def config_file(environ: Mapping[str, str]) -> Path:
    """The user's settings: `DSFIX_CONFIG`, else `config.toml` in the XDG config directory."""
    return (
        _named("DSFIX_CONFIG", environ)
        or _user_dir("XDG_CONFIG_HOME", ".config", "user_config_dir", environ) / "config.toml"
    )


def home_dir(environ: Mapping[str, str]) -> Path:
    """The user's home. Raises LaunchError where nobody knows it, as in some containers."""
    try:
        return Path(environ.get("HOME") or Path.home())
    except RuntimeError as error:  # this user is in no list of users
        raise _homeless() from error


def working_dir(environ: Mapping[str, str]) -> Path:
    """The working directory, by its name where it has been deleted meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(environ.get("PWD", "/"))


def expanded(name: str, given: str) -> Path:
    """A path in which `~` stands for a home; LaunchError where it is nobody's.

    `name` says whose the path is.
    """
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise LaunchError(f"{name}: {error}", hint="give an absolute path") from error


def _homeless() -> LaunchError:
    return LaunchError("the user has no home directory", hint="set HOME")


def _named(variable: str, environ: Mapping[str, str]) -> Path | None:
    """The path that a variable names, if it names one."""
    given = environ.get(variable, "")
    return expanded(variable, given) if given else None


def _user_dir(variable: str, below: str, elsewhere: str, environ: Mapping[str, str]) -> Path:
    """Our folder by the XDG rules on Linux, where platformdirs says `elsewhere`.

    The agent waits for this, and importing platformdirs takes 7 ms: it brings tempfile with it.
    A relative path in a variable is ignored, as the rules say:
    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    home = environ.get("HOME", "")
    if sys.platform == "linux" and home:
        given = environ.get(variable, "")
        return Path(given if given.startswith("/") else f"{home}/{below}") / "dsfix"
    from platformdirs import PlatformDirs

    try:
        return Path(getattr(PlatformDirs("dsfix", appauthor=False), elsewhere))
    except RuntimeError as error:
        raise _homeless() from error


def text_of(path: Path) -> str | None:
    """The text of a settings file; one that is missing, unreadable or no regular file has none.

    A project may hold any file under such a name: a pipe, which nobody writes to, or a link to
    /dev/zero, which never ends.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        with os.fdopen(descriptor, "rb") as file:
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return file.read(_MOST).decode("utf-8") if regular else None
    except (OSError, ValueError):  # no such file, no text, or a name with a NUL
        return None


def is_directory(path: Path) -> bool:
    """Whether there is a directory. Raises OSError where nobody lets us see.

    `Path.is_dir` is silent about that from Python 3.14 on.
    """
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def make_private(directory: Path) -> None:
    """Make the directory and every missing one above it, closed to others from the start.

    Raises OSError, also where a file is in the way.
    """
    missing = []
    while not directory.is_dir():
        missing.append(directory)
        directory = directory.parent
    for each in reversed(missing):
        try:
            each.mkdir(PRIVATE_DIR)
        except FileExistsError:  # made by somebody else just now, or something else in the way
            if not each.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def private_file(path: Path) -> None:
    """Make the file if it is missing, and private. Raises OSError for a link and another user's."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
    try:
        os.fchmod(descriptor, PRIVATE_FILE)
    finally:
        os.close(descriptor)


def write_private(path: Path, pieces: Iterable[bytes], *, force: bool) -> None:
    """Write a private file, whole or not at all.

    With `force` it takes an old one's place at once, so that a reader sees the one or the other;
    without it FileExistsError is raised where there is one. Raises OSError where the disk does, and
    for what is no file: root would put one in the place of /dev/null.
    """
    new = path
    if force:
        _check_replaceable(path)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        new.unlink(missing_ok=True)  # of a process that was killed
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(descriptor)
        new.replace(path)
    except BaseException:  # Ctrl-C as well: half a file helps nobody
        new.unlink(missing_ok=True)
        raise


def _check_replaceable(path: Path) -> None:
    """Raises OSError where something other than a file stands there, a link as well."""
    try:
        regular = stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not regular:
        raise OSError(errno.EINVAL, "it is no regular file")


def private_state(path: Path) -> Path:
    """Make `path` a state directory, private as `private_dir` makes it.

    One that holds other things too, or is for everybody (/tmp), is never closed: whose those are
    would be shut out. It is left as it is, or refused where others can write to it.
    """
    try:
        sticky = path.stat().st_mode & stat.S_ISVTX
        shared = sticky or any(each.name.partition(".")[0] not in _OURS for each in path.iterdir())
    except OSError:  # not there yet; or the same again below
        shared = False
    return private_dir(path, shared=bool(shared))


def private_dir(path: Path, *, shared: bool = False) -> Path:
    """Make `path` a directory that only its owner can enter, and that is ours.

    Raises LaunchError when it cannot be made or written, or is another user's, or was open to
    others, who have put something into it. Root may use one of another user, as in a container
    with that user's home, unless somebody may have planted it. A `shared` one is not closed.
    """
    try:
        make_private(path)
        found = path.stat()
        if {found.st_uid, path.lstat().st_uid} != {os.geteuid()} and (os.geteuid() or _odd(path)):
            raise OSError("it belongs to another user")
        if found.st_mode & 0o022 and any(_is_foreign(each, found) for each in path.rglob("*")):
            raise OSError("others could write to it, and it holds what is theirs, or links")
        if shared and found.st_mode & 0o022:
            raise OSError("others can write to it, and it is not for dsfix alone")
        if found.st_mode & 0o077 and not shared:
            path.chmod(PRIVATE_DIR)
        usable = os.access(path, os.W_OK | os.X_OK)
    except OSError as error:
        raise LaunchError(
            f"state directory {path} is unusable: {error.strerror or error}",
            hint="set DSFIX_STATE_DIR to a directory you own, or use --private",
        ) from error
    if not usable:
        raise LaunchError(
            f"state directory {path} is not writable",
            hint="set DSFIX_STATE_DIR to a directory you own, or use --private",
        )
    return path


def _is_foreign(path: Path, directory: os.stat_result) -> bool:
    """Whether it is a link, of another owner than the directory, or a file with a second name.

    Who could write to a file of the owner's may have linked it there, and holds it open still.
    """
    found = path.lstat()
    second = stat.S_ISREG(found.st_mode) and found.st_nlink > 1
    return stat.S_ISLNK(found.st_mode) or second or found.st_uid != directory.st_uid


def _odd(path: Path) -> bool:
    """Whether root might be led elsewhere by another user's directory, as far as can be seen.

    It is a link or has links in it, others may write to it, or it lies where anybody may put one
    (/tmp). Its owner can still change it while dsfix runs: whoever gives root his home trusts it.
    """
    path = path.absolute()
    if path.is_symlink() or path.stat().st_mode & 0o022:
        return True
    folders = ("*", "sessions/*", "sessions/*/*")
    if any(each.is_symlink() for pattern in folders for each in path.glob(pattern)):
        return True
    return is_planted(path)


def is_planted(path: Path) -> bool:
    """Whether it lies where anybody may put something (/tmp), and root has not put it there."""
    path = path.absolute()
    return any(
        below.lstat().st_uid != 0 and above.stat().st_mode & 0o002
        for below, above in pairwise([path, *path.parents])
    )
