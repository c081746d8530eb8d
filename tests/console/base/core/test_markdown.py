"""Markdown of anyone, as HTML that can do nothing."""

import re
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from console.base.core.markdown import ATTRIBUTES, TAGS, rendered, rendered_once

HREF = re.compile(r"(?i)(https|mailto|tel):")
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](//evil.example)",
    "[x](/teams/)",
    "[x](\\\\evil.example)",
    "[x](http://evil.example)",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](https://evil.example/x.png)",
    '[x](https://a.example "\\" onclick=\\"alert(1)")',
    "```<script>\nalert(1)\n```",
    "`<script>`",
    "| <script> | a |\n|---|---|\n| <b onclick=x> | b |",
    "<!-- --><style>*{display:none}</style>",
    "<details open ontoggle=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<iframe src=https://evil.example></iframe>",
    "<form action=/sign-out/><button>",
    "# <h1 id=x>",
    "\0<script>\0",
]


class Reader(HTMLParser):
    """Collects what a browser would make of it."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.wrong = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            known = name in ATTRIBUTES.get(tag, ()) or (tag, name, value) == ("table", "class", "table")
            is_link = name != "href" or HREF.match(value or "")
            if not is_link or not (known or (name, value) == ("rel", "noopener nofollow")):
                self.wrong.append((tag, name, value))


def assert_harmless(text):
    made = Reader(rendered(text))
    assert (made.tags - TAGS, made.wrong) == (set(), [])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing(text):
    assert_harmless(text)


PIECES = [
    *HOSTILE,
    "\n",
    "\n\n",
    "> ",
    "- ",
    "1. ",
    "    ",
    "|",
    "**",
    "[",
    "](",
    ")",
    "`",
    "```",
    "<",
    ">",
    '"',
    "&",
    "a",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=30).map("".join))
def test_no_text_does_anything(text):
    assert_harmless(text)


def test_what_people_write_is_shown():
    html = rendered("# One\n\nTwo **three** [four](https://a.example/?b=1&c=2)\n\n- five\n\n|a|b|\n|-|-|\n|6|7|\n\n> 8")
    assert html == (
        "<h2>One</h2>\n"
        '<p>Two <strong>three</strong> <a href="https://a.example/?b=1&amp;c=2" rel="noopener nofollow">four</a></p>\n'
        "<ul>\n<li>five</li>\n</ul>\n"
        '<table class="table">\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n'
        "<tbody>\n<tr>\n<td>6</td>\n<td>7</td>\n</tr>\n</tbody>\n</table>\n"
        "<blockquote>\n<p>8</p>\n</blockquote>\n"
    )


def test_headings_are_one_level_lower():
    text = "\n\n".join(f"{'#' * level} {level}" for level in range(1, 7))
    assert re.findall(r"<h(\d)>(\d)", rendered(text)) == [
        ("2", "1"),
        ("3", "2"),
        ("4", "3"),
        ("5", "4"),
        ("6", "5"),
        ("6", "6"),
    ]


def test_addresses_in_the_text_stay_text():
    assert rendered("www.example.com https://example.com a@example.com") == (
        "<p>www.example.com https://example.com a@example.com</p>\n"
    )


def test_a_long_address_is_in_the_text_as_often_as_in_the_html():
    text = f"[a]: https://a.example/{'b' * 8_000}\n\n" + "[a]" * 8_000
    assert len(rendered(text)) < 2 * len(text)


def test_what_many_read_is_kept_by_its_content():
    text = f"# {uuid4()} <b>"
    made = [rendered_once(text), rendered_once(text)]
    assert made == [rendered(text)] * 2
    assert [type(html) for html in made] == [SafeString] * 2
    assert cache.get(f"markdown:{sha256(text.encode()).hexdigest()}") == made[0]
    assert rendered_once(text + "!") == rendered(text + "!")


def test_many_readers_at_once_get_the_same():
    text = f"|{uuid4()}|\n|-|\n" + "|b|\n" * 500
    with ThreadPoolExecutor(8) as readers:
        assert set(readers.map(rendered_once, [text] * 8)) == {rendered(text)}
