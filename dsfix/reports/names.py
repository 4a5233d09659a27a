"""Which files may stand in a report, and what they are served as (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

KINDS: Mapping[str, str] = {
    ".html": "text/html",
    ".htm": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".xml": "text/xml",
    ".vtt": "text/vtt",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".pdf": "application/pdf",
    ".wasm": "application/wasm",
}
PAGES = (".html", ".htm")
_LONGEST = 512  # characters of a whole name
# Controls, ends of lines, what turns a line round, halves of characters, and what Windows refuses.
# A joiner stands in many an emoji, a narrow space in the name of a screenshot of macOS.
_ODD = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\\:*?"<>|]')


def kind(name: str) -> str:
    """The media type of that name; empty for one that no report has."""
    return KINDS.get(PurePosixPath(name).suffix.lower(), "")


def is_page(name: str) -> bool:
    """Whether that is the name of a page."""
    return name.lower().endswith(PAGES)


def fault(name: str) -> str:
    """Why no file of a report can have this name; empty when it can.

    A name is relative, with `/` between its parts, and means the same on every system.
    """
    if not name or len(name) > _LONGEST:
        return "a name must have between 1 and 512 characters"
    if _ODD.search(name):
        return 'a name must not hold control characters or any of \\ : * ? " < > |'
    if name.startswith("/"):
        return "absolute"
    parts = name.split("/")
    if ".." in parts:
        return "outside of the page's folder"
    if not all(parts) or "." in parts:
        return "a name must not have empty parts"
    if any(part.startswith(".") for part in parts):
        return "hidden"
    if any(part.endswith((" ", ".")) for part in parts):
        return "a part of a name must not end in a space or a dot"
    if not kind(name):
        return f"files of the kind {PurePosixPath(name).suffix or name!r} are not sent"
    return ""
