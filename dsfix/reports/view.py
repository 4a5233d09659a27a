"""The page around a report, and the headers under which both are shown (pure).

The report itself runs in a sandbox of an opaque origin: its scripts can neither read the page
around it nor the server, and load nothing from elsewhere. What keeps it from taking itself to
another site is the frame-src of the page around it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from urllib.parse import quote

from dsfix.reports.names import is_page, kind
from dsfix.reports.query import Report, Version

COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
AROUND = {
    **COMMON,
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
}
_HOST = re.compile(r"[a-zA-Z0-9.-]+(?::[0-9]{1,5})?")
STATIC = {"page.css": "text/css", "page.js": "text/javascript"}

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
<body{live}>
<header>
<h1 title="{title}">{title}</h1>
<p title="{about}">{about}</p>
<nav aria-label="versions">
{newest}<details>
<summary>version {version} of {count}</summary>
<ol reversed>
{versions}
</ol>
</details>
<a href="{base}/v{version}/download" download>download</a>
</nav>
</header>
<iframe sandbox="allow-scripts" src="{base}/v{version}/files/{entry}" title="{title}"></iframe>
"""
NOT_FOUND = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>There is nothing here</title>
<link rel="stylesheet" href="/page.css">
<main>
<h1>There is nothing here</h1>
<p>The address is not whole, or the report was deleted.</p>
</main>
"""


def static(name: str) -> bytes:
    """A style sheet or script of our own."""
    return files(__package__).joinpath(name).read_bytes()


def around(report: Report, shown: Version, *, live: bool) -> str:
    """The page around one version; with `live` it follows what is sent next."""
    base = f"/r/{report.id}"
    watched = f' data-latest="{base}/latest" data-state="{state(report)}"' if live else ""
    tags = (f"#{tag}" for tag in report.tags)
    about = filter(None, (_date(shown.sent), report.project, shown.branch, report.category, *tags))
    return _PAGE.format(
        title=escape(report.titled(shown)),
        live=watched,
        about=escape(" · ".join(about)),
        newest="" if shown is report.newest else f'<a href="{base}">newest</a>\n',
        version=shown.version,
        count=len(report.versions),
        base=base,
        versions="\n".join(
            f'<li value="{each.version}"><a href="{base}/v{each.version}"'
            f"{_current(each is shown)}>{escape(_date(each.sent))}</a>"
            for each in reversed(report.versions)
        ),
        entry=quote(shown.entry),
    )


def state(report: Report) -> str:
    """Changes whenever what the report's address shows does."""
    return f"{report.newest.version}.{report.newest.revision}"


def content_type(name: str, data: bytes) -> str:
    """What a file is served as; a page that is not UTF-8 names its own character set."""
    found = kind(name)
    if not found.startswith("text/"):
        return found
    try:
        data.decode()
    except UnicodeDecodeError:
        return found if is_page(name) or found == "text/css" else "application/octet-stream"
    return f"{found}; charset=utf-8"


def inside(host: str, folder: str) -> dict[str, str]:
    """The headers of a report's files, which lie in that folder of the server called so.

    An opaque origin is foreign to its own server, so fonts and modules need the CORS header; who
    has the address could read the file anyway. For WebKit such an origin is not its own self
    either: it loads nothing that is not named (WebKitGTK 2.50.6, measured 2026-11-23).
    """
    own = f"'self' http://{host}{folder}" if _HOST.fullmatch(host) else "'self'"
    return {
        **COMMON,
        "Content-Security-Policy": f"sandbox allow-scripts; default-src {own} data: blob:"
        " 'unsafe-inline' 'unsafe-eval'; object-src 'none'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'self'; webrtc 'block'",
        "X-DNS-Prefetch-Control": "off",
        "Access-Control-Allow-Origin": "*",
    }


def attachment(report: Report, version: int) -> str:
    """The header that names a downloaded version."""
    stem = report.newest.entry.rpartition(".")[0]
    return f"attachment; filename*=UTF-8''{quote(f'{stem}-v{version}.zip', safe='')}"


def _current(yes: bool) -> str:
    return ' aria-current="page"' if yes else ""


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
