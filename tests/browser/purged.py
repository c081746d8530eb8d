"""What the build took out of Tabler, against what pages are made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from console.base.core.assets import BUILT

# Names of elements, and of classes with a dot before them.
TOKENS = """
[...new Set([...document.querySelectorAll('*')].flatMap(
    each => [each.localName, ...[...each.classList].map(name => '.' + name)]))]
"""
_NOT = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
_TOKEN = re.compile(r"\.(?:\\.|[\w-])+|(?:(?<=[\s>+~(,])|^)[a-z][a-z0-9]*")


def lost(used: Iterable[str]) -> list[str]:
    """Return the selectors that were taken out although a page has every element and class they name."""
    there, found = {*used}, []
    for selector in json.loads(BUILT.with_name("built.removed.json").read_text()):
        named = {token.replace("\\", "") for token in _TOKEN.findall(_NOT.sub("", selector))}
        if named and named <= there:
            found.append(selector)
    return found
