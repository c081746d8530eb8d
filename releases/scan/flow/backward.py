"""What an expression can be, by going back from it: things, and texts that are put together."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from urllib.parse import unquote

from ..addresses import AUTHORITY, BEGIN
from .api_names import API_NAMES
from .callers import Callers
from .modules import Modules
from .nodes import FUNCTIONS, Node, Op, well_formed
from .package import Binding, Package, returned
from .things import FAR, MOVING, WORK, Thing, Things, is_something

Text = tuple[str | None, ...]  # pieces of a text, with None for what is known at run time only

_TEXTS = 64  # texts that one expression can be
_FEW = 8  # of them are kept to their ends; names that are not of APIs
_LONG = 2_000  # characters of one text
_ELSEWHERE = frozenset([Op.ID, Op.MEMBER, Op.INDEX, Op.CALL])
_TO_PATH = re.compile(rf"{BEGIN.pattern}{AUTHORITY}[/?#]|/(?!/)", re.IGNORECASE)


class Backward(Things):
    """Goes back from expressions; to text, too."""

    def __init__(self, package: Package, modules: Modules) -> None:
        super().__init__(package, modules)
        self._is_any = False  # whether a text is any of a table, by a key that is not known
        self._texts: dict[Node, tuple[list[Text], bool]] = {}  # and whether these are any of a table

    def callers(self, function: Node) -> tuple[list[Node], bool]:
        """Return calls of a function, and whether these are all."""
        if function not in self._calls_of:
            self._calls_of[function] = [], False
            search = Callers(self, self._package, self._modules)
            search.look(function)
            self._calls_of[function] = list(dict.fromkeys(search.calls)), search.is_all
        return self._calls_of[function]

    # Text -----------------------------------------------------------------------------------------------------------

    def texts(self, node: Node, depth: int = 0) -> list[str | None]:
        """Return the names that an expression can be; None among them means unknown.

        Any name of a table is believed only where all are APIs: obfuscators keep all their texts in one table.
        """
        before, self._is_any = self._is_any, False
        found = [None if None in text else "".join(map(str, text)) for text in self.folded(node, depth)]
        is_any, self._is_any = self._is_any, before
        apis = [text for text in found if text in API_NAMES]
        others = [text for text in found if text and text not in API_NAMES]
        if is_any and others:
            return [None]
        return [*apis, *others[:_FEW], None] if len(others) > _FEW else found

    def known_texts(self, node: Node, depth: int = 0) -> list[str]:
        return ["".join(map(str, text)) for text in self.folded(node, depth) if None not in text]

    def folded(self, node: Node, depth: int = 0) -> list[Text]:
        """Return the texts that an expression can be, in pieces."""
        if node in self._texts:
            found, is_any = self._texts[node]
            self._is_any = self._is_any or is_any
            return found
        if not self._busy:
            self._left = WORK
        self._left -= 1
        if depth > FAR or self._left < 0 or node in self._busy:
            self._is_cut = True
            return [(None,)]
        self._busy.add(node)
        was_cut, self._is_cut = self._is_cut, False
        was_any, self._is_any = self._is_any, False
        found = _different(self._folded(node, depth + 1)) or [(None,)]
        self._busy.discard(node)
        if node.op in _ELSEWHERE and (not self._is_cut or depth == 0):
            self._texts[node] = found, self._is_any
        self._is_cut = self._is_cut or was_cut
        self._is_any = self._is_any or was_any
        return found

    def _folded(self, node: Node, depth: int) -> Iterable[Text]:
        op = node.op
        if op == Op.STRING:
            return [(node.name[:_LONG],)]
        if op == Op.NUMBER:
            return [(node.name,)]
        if op == Op.CONCAT:
            return self._put_together([self.folded(kid, depth) for kid in node.kids])
        if op == Op.CHOICE:
            return self._folded_any(node.kids, depth)
        if op == Op.SEQUENCE:
            return self.folded(node.kids[-1], depth) if node.kids else []
        if op == Op.ASSIGN:
            return self.folded(node.kids[1], depth)
        if op == Op.ID and isinstance(node.of, Binding):
            return self._folded_name(node.of, depth)
        if op in (Op.MEMBER, Op.INDEX):
            return self._folded_member(node, depth)
        if op == Op.CALL:
            return self._folded_call(node, depth)
        return []

    def _folded_any(self, values: Iterable[Node], depth: int) -> Iterator[Text]:
        for value in dict.fromkeys(values):
            yield from self.folded(value, depth)

    def _folded_member(self, node: Node, depth: int) -> Iterator[Text]:
        yield from self._folded_any(filter(is_something, self.values_of_member(node, depth)), depth)
        if node.op == Op.INDEX or node.name.isdigit():
            is_known = node.op != Op.INDEX or not any(None in text for text in self.folded(node.kids[1], depth))
            for thing in self.things(node.kids[0], depth):
                if not is_known or self.is_changed(thing, MOVING):
                    yield from self._folded_table(thing, depth)

    def _folded_table(self, table: Thing, depth: int) -> Iterator[Text]:
        """Yield any of what is in a table; words are unknown where they are mixed with addresses or APIs."""
        self._is_any = True
        texts = list(self._folded_any(self.all_of(table), depth))
        addresses = [text for text in texts if text[0] and BEGIN.match(text[0])]
        telling = len(addresses) + sum(text[0] in API_NAMES for text in texts)
        is_mixed = 0 < telling < len(texts)
        yield from (*addresses, (None,)) if is_mixed else texts

    def _folded_name(self, binding: Binding, depth: int) -> Iterator[Text]:
        for target in binding.targets:
            values = [value for value in self.sources(target, depth) if is_something(value)]
            whole = target.up is not None and target.up.op == Op.VAR and len(target.up.kids) == 1
            if not values and not whole:
                yield (None,)
            yield from self._folded_any(values, depth)

    def _put_together(self, parts: list[list[Text]]) -> list[Text]:
        found: list[Text] = [()]
        for part in parts:
            self._left -= len(found) * len(part) // _TEXTS
            if self._left < 0:
                self._is_cut = True
                return [(None,)]
            found = _different((*before, *after) for before in found for after in part)
        return found

    def _folded_call(self, call: Node, depth: int) -> Iterable[Text]:
        callee, args = call.kids[0], call.kids[1:]
        if callee.op != Op.MEMBER:
            name = callee.name if callee.op == Op.ID and callee.of is None else ""
            if name == "String" and args:
                return self.folded(args[0], depth)
            if name in _CODED and args:
                return [_each(text, _CODED[name]) for text in self.folded(args[0], depth)]
            return self._folded_returns(call, depth)
        target = callee.kids[0]
        if callee.name == "concat" and target.op != Op.ARRAY:
            return self._put_together([self.folded(kid, depth) for kid in (target, *args)])
        if callee.name == "join":
            return self._folded_join(target, args, depth)
        if callee.name == "fromCharCode" and all(arg.op == Op.NUMBER for arg in args):
            return [(_of_codes(args),)]
        if callee.name == "apply" and target.op == Op.MEMBER and target.name == "fromCharCode" and len(args) == 2:
            return self._folded_codes(args[1], depth)
        if callee.name in _CHANGED:
            return [_each(text, _CHANGED[callee.name]) for text in self.folded(target, depth)]
        if callee.name == "replace" and len(args) == 2 and args[0].op == Op.STRING and args[1].op == Op.STRING:
            change = partial(_replaced, args[0].name, args[1].name)
            return [_each(text, change) for text in self.folded(target, depth)]
        return self._folded_returns(call, depth)

    def _folded_codes(self, node: Node, depth: int) -> list[Text]:
        found: list[Text] = []
        for thing in self.things(node, depth):
            if isinstance(thing, Node) and thing.op == Op.ARRAY and all(kid.op == Op.NUMBER for kid in thing.kids):
                found.append((_of_codes(thing.kids),))
        return found

    def _folded_returns(self, call: Node, depth: int) -> Iterator[Text]:
        for thing in self.called(call, depth):
            if isinstance(thing, Node) and thing.op in FUNCTIONS:
                yield from self._folded_any(returned(thing), depth)

    def _folded_join(self, target: Node, args: tuple[Node, ...], depth: int) -> list[Text]:
        between: list[Text] = self.folded(args[0], depth) if args else [(",",)]
        is_reversed = False
        if target.op == Op.CALL and target.kids[0].op == Op.MEMBER and target.kids[0].name == "reverse":
            target, is_reversed = target.kids[0].kids[0], True
        if target.op == Op.CALL and target.kids[0].op == Op.MEMBER and target.kids[0].name == "split":
            texts = self.folded(target.kids[0].kids[0], depth)
            if len(target.kids) > 1 and target.kids[1].op == Op.STRING and between != [(None,)]:
                change = partial(_resplit, target.kids[1].name, between[0][0] or "", is_reversed)
                return [_each(text, change) for text in texts]
            return []
        found = []
        for thing in self.things(target, depth):
            if isinstance(thing, Node) and thing.op == Op.ARRAY and thing.kids:
                kids = thing.kids[::-1] if is_reversed else thing.kids
                parts = [self.folded(kids[0], depth)]
                for kid in kids[1:]:
                    parts += [between, self.folded(kid, depth)]
                found += self._put_together(parts)
        return found


def _different(texts: Iterable[Text]) -> list[Text]:
    """Return the texts that differ, and an unknown one where these are too many.

    Where there are more than a few, they end where nothing more can be said of a host: paths take no places of hosts.
    """
    found: dict[Text, None] = {}
    are_many = False
    for text in map(_joined, texts):
        found[_begun(text) if are_many else text] = None
        if len(found) > _FEW and not are_many:
            found, are_many = dict.fromkeys(map(_begun, found)), True
        if len(found) > _TEXTS:
            return [*list(found)[:_TEXTS], (None,)]
    return list(found)


def _begun(text: Text) -> Text:
    """Return a text up to the path of an address, and up to what is not known."""
    begun = _TO_PATH.match(text[0]) if text and text[0] else None
    if begun is not None:
        return begun[0], None
    return text[: text.index(None) + 1] if None in text else text


def _joined(text: Text) -> Text:
    """Join neighbours."""
    parts: list[str | None] = []
    for part in text:
        if parts and part is not None and (last := parts[-1]) is not None:
            parts[-1] = (last + part)[:_LONG]
        elif not parts or part is not None or parts[-1] is not None:
            parts.append(part)
    return tuple(parts)


def _each(text: Text, change: Callable[[str], str | None]) -> Text:
    return tuple(None if part is None else change(part) for part in text)


def _replaced(old: str, new: str, text: str) -> str:
    return text.replace(old, new, 1)


def _resplit(separator: str, between: str, is_reversed: bool, text: str) -> str:
    parts = text.split(separator) if separator else list(text)
    return between.join(parts[::-1] if is_reversed else parts)


def _of_codes(numbers: tuple[Node, ...]) -> str:
    return well_formed("".join(chr(_integer(number.name) % 0x10000) for number in numbers))


def _integer(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        return 0


def _from_base64(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return None


_CODED: dict[str, Callable[[str], str | None]] = {
    "decodeURIComponent": unquote,
    "decodeURI": unquote,
    "unescape": unquote,
    "atob": _from_base64,
}
_CHANGED: dict[str, Callable[[str], str | None]] = {
    "toLowerCase": str.lower,
    "toUpperCase": str.upper,
    "trim": str.strip,
    "toString": str,
    "valueOf": str,
}
