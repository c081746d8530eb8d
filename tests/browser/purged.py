"""What the build took out of Tabler, against what pages are made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from console.base.core.assets import BUILT

# Names of elements, of classes with a dot before them, and attributes with a bracket: [name=value.
TOKENS = """
[...new Set([...document.querySelectorAll('*')].flatMap(each => [
    each.localName,
    ...[...each.classList].map(name => '.' + name),
    ...[...each.attributes].map(({ name, value }) => `[${name}=${value.slice(0, 100)}`)]))]
"""
_NOT = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
_ATTRIBUTE = re.compile(r"\[([a-z-]+)(?:([~^*$|]?)=\"?([^\]\"]*)\"?)?\]")
_TOKEN = re.compile(r"\.(?:\\.|[\w-])+|(?:(?<=[\s>+~(,])|^)[a-z][a-z0-9]*")
_FIT = {"": str.__eq__, "^": str.startswith, "$": str.endswith, "*": str.__contains__, "~": str.__contains__}


def lost(used: Iterable[str]) -> list[str]:
    """Return the selectors that were taken out although a page has every element, class and attribute they name."""
    there, found = {*used}, []
    attributes: dict[str, list[str]] = {}
    for token in there:
        if token.startswith("["):
            name, _equals, value = token[1:].partition("=")
            attributes.setdefault(name, []).append(value)
    for selector in json.loads(BUILT.with_name("built.removed.json").read_text()):
        positive = _NOT.sub("", selector)
        asked = _ATTRIBUTE.findall(positive)
        named = {token.replace("\\", "") for token in _TOKEN.findall(_ATTRIBUTE.sub("", positive))}
        if (named or asked) and named <= there and all(_is_there(attributes, *each) for each in asked):
            found.append(selector)
    return found


def _is_there(attributes: dict[str, list[str]], name: str, operator: str, wanted: str) -> bool:
    values = attributes.get(name, [])
    return any(_FIT[operator](value, wanted) for value in values) if wanted else bool(values)
