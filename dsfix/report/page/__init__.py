"""A session as one HTML file that needs nothing else: no server, no network, no library.

`page(record, summary)` has the shape of every export format, so it is registered as
`FORMATS["html"] = page` in `dsfix.report.export`. Hostile text is expected in every field: it is
carried as JSON in which no `<` stands, and reaches the page through `textContent` alone. The
policy in the page itself lets run only the script whose hash it names, refuses every string that
is to become markup (`require-trusted-types-for`), and connects to nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from dsfix.record.reader import SessionRecord
from dsfix.report.page.document import document
from dsfix.report.summary import Summary

STYLES = ("page.css",)
SCRIPTS = ("model.js", "compare.js", "render.js", "edits.js", "views.js", "search.js", "main.js")


def page(record: SessionRecord, summary: Summary) -> Iterator[str]:
    """The page as a file of its own, a piece at a time."""
    yield from rendered(document(record, summary))


def rendered(known: dict[str, Any], news: str = "") -> Iterator[str]:
    """The page of that document; it asks for more at the address `news`, if there is one."""
    live = f' data-news="{escape(news)}"' if news else ""
    title = escape(str(known["session"]["id"]))
    yield f'<!doctype html>\n<html lang="en"{live}>\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy(live=bool(news))}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="referrer" content="no-referrer">\n'
    yield f"<title>{title} · dsfix</title>\n<style>{_source(STYLES)}</style>\n</head>\n<body>\n"
    yield "<noscript><p>This page is made by its own script, which is off here.</p></noscript>\n"
    yield '<script type="application/json" id="record">'
    yield embedded(known)
    yield f"</script>\n<script>{_source(SCRIPTS)}</script>\n</body>\n</html>\n"


def embedded(value: object) -> str:
    """JSON that cannot end the element it stands in, nor open a comment or another script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").encode("utf-8", "replace").decode()


@cache
def policy(*, live: bool) -> str:
    """What the page may do: run its own script and style, and ask its own server if it is live."""
    rules = {
        "default-src": "'none'",
        "script-src": _hash(_source(SCRIPTS)),
        "style-src": _hash(_source(STYLES)),
        "connect-src": "'self'" if live else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _source(names: tuple[str, ...]) -> str:
    """The files of that name, one after the other."""
    return "".join((files(__package__) / name).read_text(encoding="utf-8") for name in names)
