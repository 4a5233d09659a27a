"""Write the page of faults into a folder: `python -m tests.faults docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.faults.page import NAME, page

(Path(sys.argv[1]) / NAME).write_text(page(), encoding="utf-8")
