"""Inputs led by which code they reach: `python -m tests.fuzz.guided 20000`, run by `make fuzz`.

Atheris has wheels for few platforms and builds on few others; where it is missing, hypothesis is
all there is. What it finds goes into `corpus/` as a small file.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 4096  # bytes of an input


def _sse(data: bytes) -> None:
    from dsfix.protocol import reading, sse
    from dsfix.protocol.answer import Answer
    from dsfix.protocol.body import Dialect

    relay = sse.Relay(hold=64)
    head, _, whole = relay.feed(data)
    assert head + whole + relay.rest() == data
    assert b"".join(sse.split(data)) == data
    for dialect in Dialect:
        answer = Answer()
        reading.observe(dialect, answer, data)
        reading.observe_json(dialect, answer, data)
        answer.turn()


def _bodies(data: bytes) -> None:
    from dsfix.protocol.body import Dialect
    from tests.fuzz.test_requests import check_sent

    for dialect in Dialect:
        check_sent(dialect, data)


def _config(data: bytes) -> None:
    from dsfix.config.file import understood
    from dsfix.errors import DsfixError

    try:
        understood(data.decode("utf-8", "replace"), "config.toml")
    except DsfixError as error:
        assert "config.toml" in str(error)


def _record(data: bytes) -> None:
    from dsfix.record.reader import read

    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        for each in read(Path(file.name)).exchanges:
            assert each.exchange.id >= 0


# By the folder of the corpus that each starts from.
TARGETS: dict[str, Callable[[bytes], None]] = {
    "sse": _sse,
    "bodies": _bodies,
    "config": _config,
    "record": _record,
}


def _lead(name: str, runs: int, found: Path) -> None:
    """Never returns: libFuzzer ends the process. What breaks a target is left in `found`."""
    import atheris  # type: ignore[import-not-found, unused-ignore]  # not everywhere

    with atheris.instrument_imports(include=["dsfix"]):
        for seed in sorted((CORPUS / name).iterdir()):
            TARGETS[name](seed.read_bytes())
    options = [f"-runs={runs}", f"-max_len={LONGEST}", f"-artifact_prefix={found}/{name}-"]
    # the first folder takes what is new, and is thrown away
    atheris.Setup([sys.argv[0], *options, str(found), str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()


def main(runs: int, names: list[str]) -> int:
    """Each target in a process of its own; how many of them broke."""
    if find_spec("atheris") is None:
        print("atheris is not installed: inputs are not led by coverage", file=sys.stderr)
        return 0
    broken = 0
    for name in names or TARGETS:
        with tempfile.TemporaryDirectory() as found:
            words = [sys.executable, "-m", "tests.fuzz.guided", str(runs), "--lead", name, found]
            env = {**os.environ, "DSFIX_STRICT": "1"}
            done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
            print(f"{name}: {runs} inputs, {'broken' if done.returncode else 'sound'}")
            if done.returncode:
                broken += 1
                print(done.stderr[-2000:], file=sys.stderr)
            for path in Path(found).glob(f"{name}-*"):
                print(f"{name} broke on {path.read_bytes()!r}", file=sys.stderr)
    return broken


if __name__ == "__main__":
    if sys.argv[2:3] == ["--lead"]:
        _lead(sys.argv[3], int(sys.argv[1]), Path(sys.argv[4]))
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
