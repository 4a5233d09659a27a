"""Write the page of documents into a folder: `python -m tests.documents docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.documents.page import NAME, page

(Path(sys.argv[1]) / NAME).write_text(page(), encoding="utf-8")
