"""Write the page of failures into a folder: `python -m tests.conformance docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conformance.page import NAME, page

(Path(sys.argv[1]) / NAME).write_text(page(), encoding="utf-8")
