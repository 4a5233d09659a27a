"""Memory that a request leaves is kept for the next one."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# A growing conversation: the last body is held until the next one is there. Prints for how many
# pages the last ten of them asked.
_BODIES = """
import resource
from dsfix.proxy.heap import keep
{}
for count in range(20):
    if count == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    body = b"x" * ((4 << 20) + (count << 12))
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(first: str) -> int:
    run = (sys.executable, "-c", _BODIES.format(first))
    return int(subprocess.run(run, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no other C library is asked to")
def test_a_body_finds_the_memory_of_the_one_before() -> None:
    """It need not come page by page again."""
    assert _faults("") > 10_000
    assert _faults("keep()") < 1_000
