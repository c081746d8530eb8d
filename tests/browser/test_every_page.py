"""Every page and part of a page, wide in light and narrow in dark, with text in every field that tries to execute.

The first walk asks axe for all that it knows, the second for what colours and widths can change.
"""

from __future__ import annotations

from tests.browser.walking import SECTIONS, routes_of


def test_every_page_is_walked_once():
    """The sections have every route, and each route is in one of them."""
    walked = [(route.name, route.path) for section in SECTIONS for route in routes_of(section)]
    assert len(walked) == len(set(walked)) > 100
