"""What is found in a page: its title, its words, and what it refers to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dsfix.reports.reading import Reference, decoded, page, style
from tests.support.commands import environment

LOADS = {
    '<img src="a.png">': ["a.png"],
    "<IMG SRC=a.png>": ["a.png"],
    '<img src=" a.png ">': ["a.png"],
    '<img srcset="a.png 1x, b.png 2x">': ["a.png", "b.png"],
    '<source srcset="a.webp 1x,b.webp 2x">': ["a.webp", "b.webp"],
    '<source srcset="a,1.webp 2x,">': ["a,1.webp"],
    '<img srcset=" ,a.png, data:image/png;base64,AA== 2x">': [
        "a.png",
        "data:image/png;base64,AA==",
    ],
    '<script src="a.js"></script>': ["a.js"],
    '<link rel="stylesheet" href="a.css">': ["a.css"],
    '<link rel="shortcut icon" href="a.ico">': ["a.ico"],
    '<video src="a.mp4" poster="p.jpg"></video>': ["a.mp4", "p.jpg"],
    '<object data="a.svg"></object>': ["a.svg"],
    '<iframe src="b.html"></iframe>': ["b.html"],
    '<svg><image href="a.png"/><use xlink:href="s.svg#x"/></svg>': ["a.png", "s.svg#x"],
    '<p style="background: url(a.png)">': ["a.png"],
    "<style>@import 'a.css'; p { background: url(\"b.png\") }</style>": ["a.css", "b.png"],
    "<img src='a.png' src='b.png'>": ["a.png"],
    '<!-- <img src="a.png"> -->': [],
    "<script>x = '<img src=a.png>'</script>": [],
    '<link rel="canonical" href="a.html">': [],
    "<img src>": [""],
}


@pytest.mark.parametrize("html", LOADS)
def test_what_a_page_loads(html: str) -> None:
    """Every way in which a page loads a file is seen, and nothing that only looks like one."""
    assert [each.url for each in page(html.encode()).references if each.loaded] == LOADS[html]


def test_what_a_page_links_to() -> None:
    """A link is a reference that the page does not need."""
    assert page(b"<a href=b.html>b</a>").references == (Reference("b.html", False),)


@pytest.mark.parametrize(
    ("css", "urls"),
    [
        ("@import 'a.css';", ["a.css"]),
        ('@IMPORT "a.css" print;', ["a.css"]),
        ("@import url(a.css);", ["a.css"]),
        ("p { background: URL( 'a b.png' ) }", ["a b.png"]),
        ("@font-face { src: url(a.woff2) format('woff2'), url(b.ttf) }", ["a.woff2", "b.ttf"]),
        ("/* url(a.png) */", []),
        ("p { background: url() }", []),
        pytest.param("/* */" + "/*" * 300_000 + "url(a.png)", ["a.png"], id="comments without end"),
    ],
)
def test_what_a_style_sheet_loads(css: str, urls: list[str]) -> None:
    """`url()` and `@import` are seen in all their forms, comments are not."""
    assert [each.url for each in style(css)] == urls


def test_visible_text() -> None:
    """What a reader sees is found, in lines, with the title apart; code is not text."""
    html = """<!doctype html><title> Quarterly
      report </title><style>p { x: y }</style><script>var hidden</script>
      <template>later</template><h1>价格&amp;成本</h1><p>one <b>two</b></p><svg/><p>three"""
    found = page(html.encode())
    assert found.title == "Quarterly report"
    assert found.text == "价格&成本\none two\nthree"


def test_lines_are_those_that_a_reader_sees() -> None:
    """Where the source is wrapped is no matter, but in what is shown as it is typed."""
    html = b"<p>the quick\nbrown <b>fox</b>\r\n jumps<dl><dt>one<dd>two</dl><pre>a\n b</pre>c\nd"
    assert page(html).text == "the quick brown fox jumps\none\ntwo\na\nb\nc d"


@pytest.mark.parametrize(
    "html",
    [
        "<title>A</title><svg><title>bar 1</title></svg>",
        "<svg><title>logo</title></svg><title>A</title><title>B</title>",
        "<svg/><title>A</title>",
    ],
)
def test_the_title_of_a_picture_is_not_the_pages(html: str) -> None:
    """Charts name their bars so; of two titles the first is the page's, as in a browser."""
    assert page(html.encode()).title == "A"


@pytest.mark.parametrize("name", ["unicode_escape", "utf-7"])
def test_what_is_read_can_be_kept(name: str) -> None:
    """No half of a character comes out of a page, at which the server would fail."""
    found = page(f"<meta charset={name}><title>a \\ud800 +2AA-</title>".encode() + b"\xff")
    assert found.title.startswith("a ") and found.title.encode()


def test_a_nul_ends_no_search() -> None:
    """It is shown as a sign, as in a browser; SQLite takes it for the end of a text."""
    assert page(b"<title>a\0b</title>c\0d") == ("a\ufffdb", "c\ufffdd", ())


@pytest.mark.parametrize(
    "data",
    [
        "报告".encode(),
        "\ufeff报告".encode(),
        "报告".encode("utf-16"),
        b'<meta charset="gb18030">' + "报告".encode("gb18030"),
        b"<meta http-equiv=content-type content='text/html; charset=gbk'>" + "报告".encode("gbk"),
    ],
)
def test_character_sets(data: bytes) -> None:
    """A page is read in the character set that it names."""
    assert page(data).text == "报告"


@pytest.mark.parametrize("name", ["none-such", "undefined", "idna", "punycode", "hex"])
def test_unknown_character_set(name: str) -> None:
    """A character set that nobody knows, or that is none of a page, is no error."""
    assert decoded(f"<meta charset={name}>".encode() + b"\xff") == f"<meta charset={name}>\ufffd"


@example(b"<![a>")
@example(b"<![a b[c]]>")
@example(b"<![<!-")
@given(st.binary() | st.text(alphabet="<>/!-='\" a&;#[]?sctyle").map(str.encode))
def test_any_bytes_have_a_reading(data: bytes) -> None:
    """Nothing that is called a page makes the reader fail."""
    page(data)


@pytest.mark.parametrize("begun", ["<a ", "<!-- ", "<a href='", "<?"])
def test_tags_that_do_not_end_are_read_once(begun: str) -> None:
    """Not from each of their beginnings to the end of the page."""
    html = "<title>a</title><p>b" + begun * 200_000 + "&amp; c"
    code = "import sys; from dsfix.reports import reading; print(reading.page(sys.stdin.buffer.read()).text)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(Path("/")),
        input=html,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout.startswith("b") and done.stdout.endswith("& c\n")
