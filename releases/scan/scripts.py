"""Reading JavaScript by its syntax tree: which identifiers are the host's, and in which calls addresses stand.

A large file is parsed window by window, so that a tree stays small. Each window begins behind a `;` or a `,` that the
parser has told from one in a string, a comment or a template. There the syntax is out of joint, but tokens are not, and
more than tokens and what is near around them is never asked for.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from tree_sitter import Language, Node, Parser
from tree_sitter_javascript import language

from .addresses import ADDRESS, origin_at
from .facts import Finds
from .limits import KB, Limits
from .patterns import GLOBAL, Lines, member_at

_JAVASCRIPT = Language(language())
_CUT = re.compile(rb"[;,]")
_CUT_BEHIND = 64 * KB  # from the end of a window on, at most so far back
_CHECKED = 256  # callbacks between two looks at the clock
_NEAR, _FAR = 12, 500  # steps up the tree
_TRIED = 2_000  # places for a cut
_FUNCTIONS = re.compile("function|arrow|method_definition|program|ERROR")
_TEXT = frozenset(["string_fragment", "string", "template_string", "escape_sequence"])
_KIND_OF_CALL = {
    b"request": "request",
    b"uploadFile": "uploadFile",
    b"downloadFile": "downloadFile",
    b"connectSocket": "socket",
}
_ALIASES = 50  # other names of the host's object, in one file
_FOREVER = 1 << 62


class OutOfTimeError(Exception):
    """The file has used the processor time that it may take."""


class UnreadableError(Exception):
    """The parser makes nothing of the file."""


def read_script(source: bytes, limits: Limits, *, typed: bool = False) -> Finds:
    """Return what a script uses. `why` says why it was not read, or not to its end: search it by patterns then.

    What is `typed`, TypeScript, is read as far as it is JavaScript. In a file of one window any other error is reason
    enough to believe no token; in a larger one that error can't be told from those of the cuts.
    """
    if len(source) > limits.parsed_size:
        return Finds(why="size")
    try:
        source.decode()
    except UnicodeDecodeError:
        return Finds(why="encoding")
    reader = _Reader(source, limits, typed)
    try:
        reader.read()
    except OutOfTimeError:
        reader.finds.why = "time"
    except UnreadableError:
        reader.finds.why = "syntax"
    return reader.finds


class _Reader:
    def __init__(self, source: bytes, limits: Limits, typed: bool) -> None:
        self.finds = Finds()
        self._typed = typed
        self._source = source
        self._limits = limits
        self._lines = Lines(source)
        self._parser = Parser(_JAVASCRIPT)
        self._end = time.process_time() + limits.file_seconds
        self._callbacks = 0
        self._candidates = 0
        self._aliases: dict[bytes, list[tuple[int, int]]] = {}

    def read(self) -> None:
        begin = 0
        while begin < len(self._source):
            begin = self._read_window(begin)

    def _read_window(self, begin: int) -> int:
        """Read one, and return where the next begins; the tree is gone before that is parsed."""
        end = begin + self._limits.window
        root = self._parse(begin, end)
        if end >= len(self._source):
            if begin == 0 and (root.type == "ERROR" or (root.has_error and not self._typed)):
                raise UnreadableError
            end = len(self._source)
        else:
            end = self._cut(root, begin, end)
        self._look(root, begin, end)
        return end

    def _parse(self, begin: int, end: int) -> Node:
        window = self._source[begin:end]

        def part(offset: int, _point: object) -> bytes:
            return window[offset : offset + 64 * KB]

        return self._parser.parse(part, progress_callback=self._tick).root_node

    def _tick(self, _offset: int, _has_error: bool) -> bool:
        self._callbacks += 1
        if self._callbacks % _CHECKED == 0:
            self._check_time()
        return False

    def _check_time(self) -> None:
        if time.process_time() >= self._end:
            raise OutOfTimeError

    def _count(self) -> None:
        self._candidates += 1
        self._check_time()
        if self._candidates > self._limits.candidates:
            raise OutOfTimeError

    def _cut(self, root: Node, begin: int, end: int) -> int:
        """Return the place behind the last separator in the window that is a token and in no template."""
        tail = self._source[max(begin, end - _CUT_BEHIND) : end]
        places = [found.end() for found in _CUT.finditer(tail)]
        for place in reversed(places[-_TRIED:]):
            self._check_time()
            position = end - len(tail) + place
            leaf = _leaf(root, position - 1 - begin)
            if leaf.type in (";", ",") and not _is_deep_or_in_template(leaf):
                return position
        raise UnreadableError

    def _look(self, root: Node, begin: int, end: int) -> None:
        """Note what stands between two places of the source, in the tree of that window."""
        for found in GLOBAL.finditer(self._source, begin, end):
            self._count()
            leaf = _leaf(root, found.start() - begin)
            if leaf.type == "identifier":
                self._note_global(leaf, found, begin)
            elif leaf.type.startswith("jsx") or leaf.type == "ERROR":
                raise UnreadableError  # A cast in TypeScript looks like an element of JSX, which has no end then.
        for found in ADDRESS.finditer(self._source, begin, end):
            self._count()
            leaf = _leaf(root, found.start() - begin)
            if leaf.type in _TEXT and (origin := origin_at(self._source, found)):
                kind = self._kind(leaf, found[1], begin)
                self.finds.add_origin(origin, kind, self._lines.at(found.start()), self._limits)
        if self._aliases:
            self._look_for_aliases(root, begin, end)

    def _note_global(self, leaf: Node, found: re.Match[bytes], begin: int) -> None:
        line = self._lines.at(found.start())
        name = member_at(self._source, found.end(), self._limits)
        if name is not None:
            self.finds.add(f"wx.{name}" if name else "", line, self._limits)
        else:
            self._note_assigned(leaf, begin, line)

    def _note_assigned(self, leaf: Node, begin: int, line: int) -> None:
        """Note `const {request} = wx`, and the other name in `const w = wx`, which holds in the function around it."""
        parent = leaf.parent
        if parent is None or parent.type not in ("variable_declarator", "assignment_expression"):
            return
        left = parent.child_by_field_name("name" if parent.type == "variable_declarator" else "left")
        if left is None or left.end_byte > leaf.start_byte:
            return
        if left.type == "identifier" and len(self._aliases) < _ALIASES:
            around = next((node for node in _above(parent, _FAR) if _FUNCTIONS.search(node.type)), None)
            whole = around is None or around.parent is None
            scope = (0, _FOREVER) if around is None or whole else (around.start_byte + begin, around.end_byte + begin)
            self._aliases.setdefault(self._text(left, begin), []).append(scope)
        if left.type == "object_pattern":
            for name in self._taken(left, begin):
                self.finds.add(f"wx.{name.decode()}", line, self._limits)

    def _taken(self, pattern: Node, begin: int) -> Iterator[bytes]:
        """Yield the names that an object pattern takes."""
        for child in pattern.named_children[: self._limits.names]:
            name: Node | None = child
            if child.type == "pair_pattern":
                name = child.child_by_field_name("key")
            elif child.type == "object_assignment_pattern":
                name = child.child_by_field_name("left")
            if name is not None and name.type in ("shorthand_property_identifier_pattern", "property_identifier"):
                text = self._text(name, begin)
                if text.isascii() and len(text) <= self._limits.name_length:
                    yield text

    def _look_for_aliases(self, root: Node, begin: int, end: int) -> None:
        names = b"|".join(re.escape(name) for name in sorted(self._aliases))
        for found in re.finditer(rb"(?<![\w$.])(?:" + names + rb")(?=\s*(?:\?\.|\.|\[))", self._source[begin:end]):
            self._count()
            place = found.start() + begin
            if not any(first <= place < last for first, last in self._aliases[found[0]]):
                continue
            name = member_at(self._source, found.end() + begin, self._limits)
            if name is not None and _leaf(root, found.start()).type == "identifier":
                self.finds.add(f"wx.{name}" if name else "", self._lines.at(place), self._limits)

    def _kind(self, leaf: Node, scheme: bytes, begin: int) -> str:
        """Return the type of server domain by the call around a literal: `wx.request({url: …})`."""
        for node in _above(leaf, _NEAR):
            if "function" in node.type or node.type == "statement_block":
                break
            if node.type == "call_expression" and (function := node.child_by_field_name("function")):
                _object, dot, name = self._text(function, begin)[-self._limits.name_length :].rpartition(b".")
                if dot and name in _KIND_OF_CALL and function.end_byte <= leaf.start_byte:
                    return _KIND_OF_CALL[name]
        return "socket" if scheme.lower() in (b"ws", b"wss") else ""

    def _text(self, node: Node, begin: int) -> bytes:
        return self._source[begin + node.start_byte : begin + node.end_byte]


def _leaf(root: Node, position: int) -> Node:
    leaf = root.descendant_for_byte_range(position, position + 1)
    return root if leaf is None else leaf


def _above(node: Node, steps: int) -> Iterator[Node]:
    """Yield the nodes around this one, the nearest first."""
    parent = node.parent
    while parent is not None and steps:
        yield parent
        parent, steps = parent.parent, steps - 1


def _is_deep_or_in_template(leaf: Node) -> bool:
    steps = 0
    for node in _above(leaf, _FAR):
        if "template" in node.type:
            return True
        steps += 1
    return steps == _FAR
