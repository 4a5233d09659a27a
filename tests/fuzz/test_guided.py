"""What `make fuzz` leads by coverage works: each target takes its seeds and can be led."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.fuzz.guided import TARGETS, main
from tests.fuzz.inputs import seeds


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_seeds(name: str) -> None:
    """Whole, and cut anywhere."""
    for data in seeds(name):
        for end in {*range(0, len(data), max(1, len(data) // 40)), len(data)}:
            TARGETS[name](data[:end])


@pytest.mark.skipif(find_spec("atheris") is None, reason="pip install atheris")
@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_led(name: str) -> None:
    """A few inputs, each in a process of its own."""
    assert main(50, [name]) == 0
