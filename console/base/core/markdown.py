"""Markdown that people typed, as HTML that can do nothing: the one place that turns text into tags.

CommonMark with tables. markdown-it leaves HTML in the text as text; what it made then passes nh3's list of allowed
tags, so that a mistake of one of the two is caught by the other.
"""

from __future__ import annotations

from hashlib import sha256
from threading import Lock

import nh3
from django.core.cache import cache
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("strong", "em", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"https", "mailto", "tel"}
KEPT_SECONDS = 24 * 3600  # A repaired renderer has reached every kept text after this.
DEEPEST = 20  # Levels of quotes and lists in each other; what is deeper is left out, and slow to make.

_PARSER = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": DEEPEST}).enable("table")
_PARSER.disable(["image", "html_block", "html_inline"])
_PARSER.disable("reference")  # A long address that is named once and linked often makes of 50 KB of text 90 MB of HTML.
_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    url_schemes=SCHEMES,
    url_relative="deny",  # A link without a scheme would lead into the console.
    link_rel="noopener nofollow",
    set_tag_attribute_values={"table": {"class": "table"}},
)
_ONE_AT_A_TIME = Lock()


def rendered(text: str) -> SafeString:
    """Return the Markdown as HTML; links lead to https, mailto and tel only, pictures and tags stay text.

    Headings are one level lower than in the text: the page around it has its own title.
    """
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    made = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return mark_safe(_CLEANER.clean(made))  # noqa: S308 - from nh3's allow-list


def rendered_once(text: str) -> SafeString:
    """Return what `rendered` returns, for a text that stays as it is and that anybody may ask for.

    A text of 50,000 characters that was written to be slow costs up to two seconds of a processor. So it is kept for
    KEPT_SECONDS by its content, for all processes; and in a process one is made at a time, so that readers who come
    together wait for the same work instead of each doing it.
    """
    key = f"markdown:{sha256(text.encode()).hexdigest()}"
    html: SafeString | None = cache.get(key)
    if html is None:
        with _ONE_AT_A_TIME:
            html = cache.get(key)
            if html is None:
                html = rendered(text)
                cache.set(key, html, KEPT_SECONDS)
    return html
