"""What is written to members of things, and copied onto them, by what it is written to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .modules import Module, Modules
from .nodes import FUNCTIONS, Node, Op
from .package import Binding

_PLAIN = frozenset([Op.OBJECT, Op.ARRAY, Op.CLASS, *FUNCTIONS])


class ByTarget(NamedTuple):
    """What is written: by the thing where that is plain, else with the first expression of each name for a thing."""

    plain: dict[Node | Module, list[Node]]
    others: list[tuple[Node, list[Node]]]


def by_target(written: Iterable[tuple[Node, Node]], modules: Modules) -> ByTarget:
    """Return what is written, each with what it is written to, by that."""
    found = ByTarget({}, [])
    by_name: dict[object, list[Node]] = {}
    for target, node in written:
        if target.op in _PLAIN:
            found.plain.setdefault(target, []).append(node)
        elif target.op == Op.THIS:
            found.plain.setdefault(target.of, []).append(node)
        elif target.op == Op.ID and not isinstance(target.of, Binding):
            if target.name == "exports":
                found.plain.setdefault(modules.module_around(target), []).append(node)
        else:
            name = _name_of(target)
            if name not in by_name:
                by_name[name] = []
                found.others.append((target, by_name[name]))
            by_name[name].append(node)
    return found


def _name_of(node: Node) -> object:
    """Return what is the same for all `a.b` of one `a`; any other expression itself."""
    names: list[str] = []
    one = node
    while one.op == Op.MEMBER:
        names.append(one.name)
        one = one.kids[0]
    return (one.of, *names) if one.op in (Op.ID, Op.THIS) and one.of is not None else node
