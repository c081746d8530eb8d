"""The data of pages and components, which their templates show."""

from __future__ import annotations

from collections.abc import Iterator

from .backward import Backward
from .nodes import Node, Op
from .package import Package, below
from .things import UNKNOWN


class Data:
    """Finds what a page's script gives its template."""

    def __init__(self, package: Package, backward: Backward) -> None:
        self._package, self._backward = package, backward

    def values(self, path: str, name: str) -> list[Node]:
        """Return what `name`, or `object.name`, can be in the template of a script; UNKNOWN among them for more.

        Known is what is in `data` and what `setData` is given. A component's properties are given by others.
        """
        root = self._package.files.get(path)
        if root is None:
            return []
        first, _dot, rest = name.partition(".")
        found = []
        for node in below(root):
            if node.op == Op.OBJECT and node.up is not None and node.up.op == Op.PROP:
                if node.up.name == "data":
                    found += list(self._members([node], name.split(".")))
                elif node.up.name == "properties" and any(prop.name == first for prop in node.kids):
                    found.append(UNKNOWN)
            elif node.op == Op.CALL and node.kids[0].op == Op.MEMBER and node.kids[0].name == "setData":
                found += self._set(node, name, first, rest)
        return found

    def _set(self, call: Node, name: str, first: str, rest: str) -> list[Node]:
        if len(call.kids) < 2 or call.kids[1].op != Op.OBJECT:
            return [UNKNOWN]
        found: list[Node] = []
        for prop in call.kids[1].kids:
            if prop.op != Op.PROP:
                found.append(UNKNOWN)
            elif prop.name == name:
                found += prop.kids
            elif prop.name == first and rest:
                found += self._members(list(prop.kids), rest.split("."))
        return found

    def _members(self, nodes: list[Node], names: list[str]) -> Iterator[Node]:
        for node in nodes:
            if not names:
                yield node
                continue
            things = [thing for thing in self._backward.things(node) if isinstance(thing, Node)]
            for thing in things:
                inner = [value for value in self._backward.member(thing, names[0]) if isinstance(value, Node)]
                yield from self._members(inner, names[1:])
