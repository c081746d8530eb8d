"""What an expression can be, by going back from it: things, and texts that are put together."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote

from .callers import Callers
from .nodes import FUNCTIONS, Node, Op, well_formed
from .package import Binding, returned
from .things import FAR, WORK, Things, all_of, is_something

Text = tuple[str | None, ...]  # pieces of a text, with None for what is known at run time only

_TEXTS = 8  # texts that one expression can be
_LONG = 2_000  # characters of one text


class Backward(Things):
    """Goes back from expressions; to text, too."""

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
        """Return the texts that an expression can be; None among them means unknown."""
        parts = self.folded(node, depth)
        return [None if None in text else "".join(part for part in text if part) for text in parts]

    def folded(self, node: Node, depth: int = 0) -> list[Text]:
        """Return the texts that an expression can be, in pieces."""
        if not self._busy:
            self._left = WORK
        self._left -= 1
        if depth > FAR or self._left < 0 or node in self._busy:
            return [(None,)]
        self._busy.add(node)
        try:
            found = list(dict.fromkeys(map(_joined, self._folded(node, depth + 1))))
        finally:
            self._busy.discard(node)
        return found[:_TEXTS] or [(None,)]

    def _folded(self, node: Node, depth: int) -> list[Text]:
        op = node.op
        if op == Op.STRING:
            return [(node.name[:_LONG],)]
        if op == Op.NUMBER:
            return [(node.name,)]
        if op == Op.CONCAT:
            return self._put_together([self.folded(kid, depth) for kid in node.kids])
        if op == Op.CHOICE:
            return [text for kid in node.kids for text in self.folded(kid, depth)]
        if op == Op.SEQUENCE:
            return self.folded(node.kids[-1], depth) if node.kids else []
        if op == Op.ASSIGN:
            return self.folded(node.kids[1], depth)
        if op == Op.ID and isinstance(node.of, Binding):
            return self._folded_name(node.of, depth)
        if op in (Op.MEMBER, Op.INDEX):
            values = [value for value in self.values_of_member(node, depth) if is_something(value)]
            if op == Op.INDEX and not values and None in self.texts(node.kids[1], depth):
                values = [value for thing in self.things(node.kids[0], depth) for value in all_of(thing)]
            return [text for value in values[:_TEXTS] for text in self.folded(value, depth)]
        if op == Op.CALL:
            return self._folded_call(node, depth)
        return []

    def _folded_name(self, binding: Binding, depth: int) -> list[Text]:
        found: list[Text] = []
        for target in binding.targets[:_TEXTS]:
            values = [value for value in self.sources(target, depth) if is_something(value)]
            whole = target.up is not None and target.up.op == Op.VAR and len(target.up.kids) == 1
            if not values and not whole:
                found.append((None,))
            for value in values[:_TEXTS]:
                found += self.folded(value, depth)
        return found

    def _put_together(self, parts: list[list[Text]]) -> list[Text]:
        found: list[Text] = [()]
        for part in parts:
            found = [(*before, *after) for before in found for after in part][:_TEXTS]
        return found

    def _folded_call(self, call: Node, depth: int) -> list[Text]:
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

    def _folded_returns(self, call: Node, depth: int) -> list[Text]:
        found = []
        for thing in self.called(call, depth):
            if isinstance(thing, Node) and thing.op in FUNCTIONS:
                for value in list(returned(thing))[:_TEXTS]:
                    found += self.folded(value, depth)
        return found

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
