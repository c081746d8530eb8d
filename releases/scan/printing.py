"""`python -m releases.scan.printing`: writes one minified script as people write them, to be read and compared.

A process of its own, as those that parse. Nothing but white space changes: a line ends behind `;`, `{` and `}`, and
behind the commas of what is long.
"""

from __future__ import annotations

import codecs
import resource
import sys
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from tree_sitter import Node

from .limits import Limits
from .parsing import limit, read
from .scripts import OutOfTimeError, parsed

LONG = 80  # characters of a list that stays on its line
_DEEPEST = 40  # steps of indentation
_STEP = b"  "
_LISTS = frozenset(
    [
        *(
            "arguments",
            "array",
            "array_pattern",
            "formal_parameters",
            "lexical_declaration",
            "object",
            "object_pattern",
        ),
        *("sequence_expression", "variable_declaration"),
    ]
)
_OPENING = frozenset(
    ["array", "array_pattern", "class_body", "object", "object_pattern", "statement_block", "switch_body"]
)
# Leaves to the printer: what is inside them is text.
_WHOLE = frozenset(["string", "template_string", "regex", "comment", "html_comment"])


class _Token(NamedTuple):
    """A token: its bytes, and in which node of which length it stands."""

    begin: int
    end: int
    kind: str
    around: str
    length: int


def pretty(source: bytes, limits: Limits) -> bytes:
    """Return a script with line breaks and indentation. Raises SyntaxError and OutOfTimeError."""
    out = [codecs.BOM_UTF8] if source.startswith(codecs.BOM_UTF8) else []  # The parser passes over it.
    depth, at, is_begun = 0, 0, False
    for token in _tokens(parsed(source, limits, typed=False)):
        gap = source[at : token.begin]
        closes = token.kind in ("}", "]") and token.around in _OPENING and token.length > LONG
        depth -= closes
        if closes and is_begun:
            out.append(b"\n")
            is_begun = False
        if not is_begun:
            out.append(_STEP * min(depth, _DEEPEST))
        elif gap:
            out.append(b" ")
        out.append(source[token.begin : token.end])
        is_begun, at = True, token.end
        opens = token.kind in ("{", "[") and token.around in _OPENING and token.length > LONG
        depth += opens
        if opens or _ends_line(token):
            out.append(b"\n")
            is_begun = False
    return b"".join(out)


def _ends_line(token: _Token) -> bool:
    if token.kind == ";":
        return token.around not in ("for_statement", "for_in_statement")
    if token.kind == ",":
        return token.around in _LISTS and token.length > LONG
    return token.kind == "comment" or (token.kind == "}" and token.around in ("statement_block", "class_body"))


def _tokens(root: Node) -> Iterator[_Token]:
    cursor = root.walk()
    around: list[tuple[str, int]] = []
    while True:
        node = cursor.node
        if node is None:
            return
        kind = node.type
        if kind not in _WHOLE and cursor.goto_first_child():
            around.append((kind, node.end_byte - node.start_byte))
            continue
        if node.end_byte > node.start_byte:
            yield _Token(node.start_byte, node.end_byte, kind, *(around[-1] if around else ("program", 0)))
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            around.pop()


def main() -> None:
    """Take the limits and a script, and answer with it; with nothing where it can't be read or gets too long."""
    limits = msgspec.msgpack.decode(read(sys.stdin.buffer), type=Limits)
    limit(resource.RLIMIT_AS, limits.memory)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_CPU, int(2 * limits.file_seconds) + 1)
    try:
        answer = pretty(read(sys.stdin.buffer), limits)
    except (SyntaxError, OutOfTimeError):
        answer = b""
    sys.stdout.buffer.write(answer if len(answer) <= limits.printed_size else b"")


if __name__ == "__main__":
    main()
