"""Secrets in texts that scripts put together: split over a concatenation, or named only where a constant is used.

A secret that is in one literal under its name is found in the text of the file; what is found here a second time
is known by its hash, and left out where both come together.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..credentials import find_secrets, find_suspects, hash_of, hint_of, is_telling
from ..facts import Followed, Open, Place, Secret, Suspect
from ..limits import Limits
from .backward import Backward, Text
from .nodes import Node, Op
from .package import Package, file_of, is_target

_JOINING = frozenset(["join", "concat"])
_UNKNOWN = "\0"  # what is known at run time only: no secret goes over it
_SHORTEST = 12  # characters
_OWNERS = 2  # names of the objects around that are of use


class FoldedSecrets:
    """Looks for secrets in what expressions are folded to: in so many of them, for so long.

    What is called like a secret comes first; markup and sentences for people are left out, which are most of what
    large programs put together.
    """

    def __init__(self, package: Package, backward: Backward, limits: Limits) -> None:
        self._package = package
        self._backward = backward
        self._limits = limits
        self._seen: set[str] = set()  # texts
        self._known: set[tuple[str, str]] = set()  # what was found, with its hash

    def look(self, found: Followed) -> None:
        """Add what is found; the texts themselves stay here."""
        end = time.process_time() + self._limits.fold_seconds
        for number, node in enumerate(self._expressions()):
            if number >= self._limits.folded or time.process_time() > end:
                found.open.append(Open(file_of(node).name, node.line, "texts"))
                return
            pieces: list[str] | None = None
            for text in self._backward.folded(node):
                source = _source(text, node)
                if len(source) < _SHORTEST or source in self._seen:
                    continue
                self._seen.add(source)
                pieces = _in_pieces(node) if pieces is None else pieces
                self._look_at(source, pieces, Place(file_of(node).name, node.line), found)

    def _expressions(self) -> Iterator[Node]:
        for node in self._package.objects:
            for prop in node.kids:
                is_named = prop.op == Op.PROP and bool(prop.kids) and is_telling(prop.name)
                if is_named and _gives_text(prop.kids[0]) and not is_target(prop):
                    yield prop.kids[0]
        for node in self._package.bound:
            if is_telling(node.kids[0].name) and _gives_text(node.kids[1]):
                yield node.kids[1]
        for node in self._package.concats:
            if (node.up is None or node.up.op != Op.CONCAT) and not any(map(_is_prose, node.kids)):
                yield node
        for node in self._package.calls:
            callee = node.kids[0]
            if callee.op == Op.MEMBER and callee.name in _JOINING:
                yield node

    def _look_at(self, source: str, pieces: list[str], place: Place, found: Followed) -> None:
        content = source.encode(errors="replace")
        for secret in find_secrets(content):
            sha256 = hash_of(secret.text)
            if self._is_new("secret", sha256) and not any(text in secret.text for text in pieces):
                found.secrets.append(Secret(secret.kind, hint_of(secret.text), place, sha256))
        for _begin, text in find_suspects(content):
            sha256 = hash_of(text)
            if self._is_new("suspect", sha256):
                found.suspects.append(Suspect(sha256, hint_of(text), place))

    def _is_new(self, what: str, sha256: str) -> bool:
        """Whether it is the first of its kind, and one of so many as are kept."""
        if (what, sha256) in self._known or len(self._known) >= self._limits.names:
            return False
        self._known.add((what, sha256))
        return True


def _in_pieces(node: Node) -> list[str]:
    """Return the secrets that one literal of it is by itself: the text of the file has shown them."""
    if node.op != Op.CONCAT:
        return []
    texts = [
        _source((kid.name,), node) if kid.slot == 0 else f'"{kid.name}"' for kid in node.kids if kid.op == Op.STRING
    ]
    return [secret.text for text in texts for secret in find_secrets(text.encode(errors="replace"))]


def _is_prose(node: Node) -> bool:
    """Whether a piece is of markup or of a sentence."""
    return node.op == Op.STRING and ("<" in node.name or node.name.count(" ") > 1)


def _gives_text(value: Node) -> bool:
    return value.op in (Op.ID, Op.MEMBER, Op.CONCAT, Op.CALL, Op.CHOICE, Op.SEQUENCE)


def _source(text: Text, node: Node) -> str:
    """Write the text as code would have it: a literal under the names that it gets."""
    if not any(text):
        return ""
    names: list[str] = []
    below, up = node, node.up
    while up is not None and len(names) <= _OWNERS and up.op not in (Op.FILE, Op.FUNCTION, Op.ARROW, Op.BLOCK):
        if up.op == Op.PROP:
            names.append(up.name)
        elif up.op in (Op.VAR, Op.ASSIGN) and below.slot == 1:
            names.append(up.kids[0].name)
        elif up.op in (Op.CALL, Op.NEW) and below.slot > 0:
            break
        below, up = up, up.up
    whole = "".join(_UNKNOWN if part is None else part for part in text)
    before = "".join(f"{name}={{" for name in names[:0:-1])
    return f'{before}{names[0]}="{whole}"' if names else f'"{whole}"'
