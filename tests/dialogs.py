"""What a confirmation says, read from its page or dialog."""

import html
import re


def effects(answer):
    """Return the words of each effect."""
    return [_text(words) for words in re.findall(r"<li><svg.*?</svg>(<span>.*?</span>)</li>", _content(answer))]


def change(answer):
    """Return (label, value) of what changes."""
    pairs = re.findall(r'"change-label">(.*?)</div><div class="change-value">(.*?)</div>', _content(answer))
    return [(_text(label), _text(value)) for label, value in pairs]


def title(page):
    """Return the question that a page asks."""
    return _text(re.search("<h1>(.*?)</h1>", _content(page))[1])


def _content(answer):
    return " ".join(answer.content.decode().split())


def _text(markup):
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()
