"""What a page says and what it refers to, read from its HTML and CSS (pure).

Scripts are not read: what one loads by itself, by `import` or `fetch`, is not found.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import NamedTuple

_LOADED = frozenset(("src", "data", "poster", "background"))
_SILENT = frozenset(("script", "style", "template", "title"))
_LINES = re.compile(
    "address|article|aside|blockquote|br|button|caption|dd|details|div|dl|dt|fieldset|figcaption"
    "|figure|footer|form|h[1-6r]|header|legend|li|main|nav|ol|option|p|pre|section|summary|svg"
    "|table|td|text|textarea|th|tr|ul"
)
_KEPT = ("pre", "textarea")  # elsewhere an end of a line is a space, as a browser shows it
_COUNTED = ("svg", *_KEPT)
_SPACE = re.compile(r"\s")
_CANDIDATE = re.compile(r"([^\s,]\S*+)(?:(?<=,)|[^,]*+)")  # of a srcset, by the HTML standard
_LINK_LOADS = re.compile(r"stylesheet|icon|preload|manifest|modulepreload", re.I)
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_CSS = re.compile(
    r"""url\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'()\s]+))\s*\)"""
    r"""|@import\s+(?:"([^"\n]*)"|'([^'\n]*)')""",
    re.I,
)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_NO_PAGES = frozenset(("idna", "punycode", "undefined"))  # Python's own: they raise or take days
_SNIFFED = 1024  # bytes in which a page names its character set, by the HTML standard


class Reference(NamedTuple):
    """An address in a page. `loaded` when the page needs it, not only links to it."""

    url: str
    loaded: bool


class Page(NamedTuple):
    """A page's title, its visible text, and its references in the order they stand."""

    title: str
    text: str
    references: tuple[Reference, ...]


def page(data: bytes) -> Page:
    """Read a page. Any bytes have a reading."""
    reader = _Reader()
    text = decoded(data).replace("\0", "\ufffd")  # as in a browser; a search would end there
    marked, end, rest = text.rpartition(">")  # a tag that begins behind it has no end
    reader.feed(marked + end)
    reader.close()
    reader.handle_data(unescape(rest))
    title = " ".join("".join(reader.title).split())
    lines = (" ".join(line.split()) for line in "".join(reader.text).splitlines())
    return Page(title, "\n".join(filter(None, lines)), tuple(dict.fromkeys(reader.found)))


def style(css: str) -> tuple[Reference, ...]:
    """What a style sheet refers to."""
    commented, ended, rest = css.rpartition("*/")  # what begins behind it is followed in vain
    found = _CSS.finditer(_COMMENT.sub(" ", commented + ended) + rest)
    urls = (next(filter(None, each.groups()), "") for each in found)
    return tuple(dict.fromkeys(Reference(url, True) for url in urls if url))


def decoded(data: bytes) -> str:
    """The text of a page or a style sheet, by its mark, as UTF-8, or by what it names."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        named = _CHARSET.search(data[:_SNIFFED])
    try:
        codec = codecs.lookup(named[1].decode() if named else "utf-8").name
        text = data.decode("utf-8" if codec in _NO_PAGES else codec, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode()  # some codecs make halves of characters


class _Reader(HTMLParser):
    """Gathers the title, the visible text and the references of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title: list[str] = []
        self.text: list[str] = []
        self.found: list[Reference] = []
        self._open: list[str] = []
        self._inside: Counter[str] = Counter()  # how many of `_COUNTED` are open
        self._titled = False  # of two titles the first counts, and none of a picture's

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside[tag] += tag in _COUNTED
        if tag in _SILENT:
            self._open.append(tag)
        if _LINES.fullmatch(tag):
            self.text.append("\n")
        self.found += _references(tag, _first(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One that closes itself, as in SVG, holds nothing."""
        self.found += _references(tag, _first(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._inside[tag] -= self._inside[tag] > 0
        self._titled = self._titled or (tag == "title" and not self._inside["svg"])
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        elif _LINES.fullmatch(tag):
            self.text.append("\n")

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![...>` is a comment, as in a browser; some versions of Python fail where it is odd."""
        return self.parse_bogus_comment(i, report)

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside == "title" and not self._titled and not self._inside["svg"]:
            self.title.append(data)
        elif inside == "style":
            self.found += style(data)
        elif not inside:
            kept = any(self._inside[tag] for tag in _KEPT)
            self.text.append(data if kept else _SPACE.sub(" ", data))


def _first(attrs: list[tuple[str, str | None]]) -> dict[str, str]:
    """The attributes by name; of two of one name the first counts."""
    found: dict[str, str] = {}
    for name, value in attrs:
        found.setdefault(name, value or "")
    return found


def _references(tag: str, attrs: dict[str, str]) -> Iterator[Reference]:
    """What one element refers to."""
    for name, value in attrs.items():
        if name in _LOADED:
            yield Reference(value.strip(), True)
        elif name in ("srcset", "imagesrcset"):
            for each in _CANDIDATE.finditer(value):
                yield Reference(each[1].rstrip(","), True)
        elif name in ("href", "xlink:href"):
            loads = tag in ("image", "use") or (
                tag == "link" and bool(_LINK_LOADS.search(attrs.get("rel", "")))
            )
            if loads or tag in ("a", "area"):
                yield Reference(value.strip(), loads)
        elif name == "style":
            yield from style(value)
