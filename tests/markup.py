"""HTML as tests compare it."""

import re


def flat(html: str) -> str:
    """Return the HTML without white space around tags: how a template breaks its lines is no matter."""
    one_line = re.sub(r"\s+", " ", html)
    return re.sub(r"\s*(<[^>]*?) ?(/?>)\s*", r"\1\2", one_line)
