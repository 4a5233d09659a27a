"""The page of benchmarks is made from the kept results."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.figures import FIGURES
from benchmarks.page import NAME, RESULTS, page

ROOT = Path(__file__).parent.parent


def test_the_page_is_what_the_results_say() -> None:
    """What is checked in is what the generator writes: make bench, or make docs."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert (ROOT / "docs" / NAME).read_text(encoding="utf-8") == page(results)


def test_every_figure_is_kept_with_what_it_was_measured_on() -> None:
    """No figure is missing, and each says when, where and on what it was measured."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert list(results) == list(FIGURES)
    for name, result in results.items():
        assert result["rows"] and result["settings"], name
        assert {"date", "processor", "python", "dsfix", "load"} <= result["machine"].keys(), name
        assert all(len(row) == len(result["columns"]) for row in result["rows"]), name


def test_a_missed_target_is_shown_as_missed() -> None:
    """The page says met only of what the result says."""
    at = {"date": "", "load": 0, "processor": "", "cores": 1, "system": ""}
    target = {"what": "figure", "limit": "at most 2 x bare", "measured": "3 x bare"}
    result = {"settings": "", "columns": ["way"], "rows": [["dsfix"]], "machine": at, "seconds": 1}
    for met, said in ((True, "met"), (False, "**missed**")):
        shown = page({"stream": {**result, "targets": [{**target, "met": met}]}})
        assert f"| figure | at most 2 x bare | 3 x bare | {said} |" in shown
