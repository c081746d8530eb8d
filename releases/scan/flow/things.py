"""What an expression can be: objects, functions and modules, by going back from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TypeGuard

from .modules import Module, Modules, key_of
from .nodes import FUNCTIONS, Node, Op
from .package import Binding, Package, below, file_of, is_interop, returned
from .written import ByTarget, by_target

Thing = Node | Module

FAR = 18  # steps back
BEGUN = 4  # of them are taken for gone, where many expressions are asked about
_MANY = 12  # things that one expression can be
_OBJECTS = 200  # objects, as many calls give them to one function
_NAMES = 12  # that one expression is put together of
WORK = 3_000  # expressions that one question leads to
WRITES = 100  # members of one name that are looked at
_TARGETS = 200  # that members of one name are written to, or that anything is copied onto
UNKNOWN = Node(Op.OTHER, 0)  # an expression that is not seen
# They give what they are given.
SAME = frozenset(["freeze", "seal", "preventExtensions", "create", "assign", "resolve", "setPrototypeOf"])
_GROWING = frozenset(["push", "unshift", "splice"])
MOVING = frozenset(["shift", "unshift", "splice", "sort", "reverse"])


class Things(ABC):
    """Goes back from expressions to what they can be."""

    def __init__(self, package: Package, modules: Modules) -> None:
        self._package, self._modules = package, modules
        self._things: dict[Node, list[Thing]] = {}
        self._calls_of: dict[Node, tuple[list[Node], bool]] = {}
        self._written: dict[str, ByTarget] = {}
        self._changed: dict[Thing, set[str]] | None = None
        self._busy: set[Node] = set()
        self._is_cut = False
        self._left = 0

    @abstractmethod
    def known_texts(self, node: Node, depth: int = 0) -> list[str]:
        """Return the texts that an expression can be; it may be others."""

    @abstractmethod
    def callers(self, function: Node) -> tuple[list[Node], bool]:
        """Return calls of a function, and whether these are all."""

    # Things ---------------------------------------------------------------------------------------------------------

    def things(self, node: Node, depth: int = 0) -> list[Thing]:
        """Return the objects, arrays, classes, functions and modules that an expression can be; it may be others."""
        known = self._things.get(node)
        if known is not None:
            return known
        if not self._busy:
            self._left = WORK
        self._left -= 1
        if depth > FAR or self._left < 0 or node in self._busy:
            self._is_cut = True
            return []
        self._busy.add(node)
        before, self._is_cut = self._is_cut, False
        found: list[Thing] = []
        others = 0
        for thing in self._found(node, depth + 1):
            if thing not in found:
                found.append(thing)
                others += isinstance(thing, Module) or thing.op != Op.OBJECT
            if others > _MANY or len(found) > _OBJECTS:
                found[-1] = beyond(node)
                break
        self._busy.discard(node)
        if found or not self._is_cut or depth == 0:
            self._things[node] = found  # What was cut short may be more when it is asked for from elsewhere.
        self._is_cut = self._is_cut or before
        return found

    def _found(self, node: Node, depth: int) -> Iterator[Thing]:
        op = node.op
        if op in (Op.OBJECT, Op.ARRAY, Op.CLASS) or op in FUNCTIONS or node.of is UNKNOWN:
            yield node
        elif op == Op.ID:
            yield from self._of_name(node, depth)
        elif op == Op.THIS:
            if node.of is not None:
                yield node.of
        elif op == Op.CHOICE:
            for kid in node.kids:
                yield from self.things(kid, depth)
        elif op == Op.SEQUENCE:
            yield from self.things(node.kids[-1], depth) if node.kids else ()
        elif op == Op.ASSIGN:
            yield from self.things(node.kids[1], depth)
        elif op in (Op.MEMBER, Op.INDEX):
            for value in self.values_of_member(node, depth):
                yield from self.things(value, depth) if isinstance(value, Node) else [value]
        elif op in (Op.CALL, Op.NEW):
            yield from self._of_call(node, depth)

    def _of_name(self, node: Node, depth: int) -> Iterator[Thing]:
        if not isinstance(node.of, Binding):
            if node.name == "exports":
                yield self._modules.module_around(node)
            return
        if (module := self._modules.exports_of_name(node)) is not None:
            yield module
            return
        for target in node.of.targets:
            for value in self.sources(target, depth):
                yield from self.things(value, depth) if isinstance(value, Node) else [value]

    def sources(self, target: Node, depth: int = 0) -> Iterator[Node | Module]:
        """Yield the expressions whose value a target can take: `{b}` for the target of `a` in `{x: a} = {x: b}`."""
        if target.op in (Op.FUNCTION, Op.CLASS):
            yield target
            return
        names: list[str] = []
        node = target
        while (up := node.up) is not None:
            if up.op == Op.PROP:
                names.append(up.name)
            elif up.op == Op.ARRAY:
                names.append(str(node.slot))
            elif up.op == Op.DEFAULT:
                yield up.kids[1]
            elif up.op in (Op.VAR, Op.ASSIGN):
                if len(up.kids) > 1:
                    yield from self._members([up.kids[1]], names[::-1], depth)
                    return
                if up.up is None or up.up.op != Op.FOR_IN:
                    return
            elif up.op == Op.FOR_IN:
                values = self.elements(up.kids[1], depth) if up.name == "of" else self.keys(up.kids[1], depth)
                yield from self._members(values or [UNKNOWN], names[::-1], depth)
                return
            elif up.op == Op.PARAMS:
                if up.up is not None:
                    yield from self._members(self.arguments(up.up, node.slot), names[::-1], depth)
                return
            elif up.op != Op.OBJECT:
                return
            node = up

    def names_in(self, node: Node) -> set[Binding]:
        """Return the names that an expression is put together of, and those that these are set to."""
        found: set[Binding] = set()
        waiting = [node]
        while waiting and len(found) < _NAMES:
            for one in below(waiting.pop()):
                if one.op == Op.ID and isinstance(one.of, Binding) and one.of not in found:
                    found.add(one.of)
                    sources = (target.up for target in one.of.targets if target.up is not None)
                    waiting += [up.kids[1] for up in sources if up.op in (Op.VAR, Op.ASSIGN) and len(up.kids) > 1]
        return found

    def elements(self, node: Node, depth: int = 0) -> list[Node]:
        """Return what is in an array, also in the one that Object.keys or Object.values makes; UNKNOWN for more."""
        if node.op == Op.CALL and node.kids[0].op == Op.MEMBER and len(node.kids) == 2:
            if node.kids[0].name == "keys":
                return self.keys(node.kids[1], depth)
            if node.kids[0].name == "values":
                return [value for thing in self.things(node.kids[1], depth + 1) for value in self.all_of(thing)]
        things = [thing for thing in self.things(node, depth + 1) if isinstance(thing, Node)]
        return [value for thing in things if thing.op in (Op.ARRAY, Op.OTHER) for value in self.all_of(thing)]

    def keys(self, node: Node, depth: int = 0) -> list[Node]:
        """Return the names of what is in an object, as texts."""
        found: list[Node] = []
        for thing in self.things(node, depth + 1):
            if is_unknown(thing):
                found.append(thing)
            elif isinstance(thing, Node) and thing.op == Op.OBJECT:
                found += [Node(Op.STRING, kid.line, kid.name) for kid in thing.kids if kid.op == Op.PROP]
        return found

    def arguments(self, function: Node, slot: int) -> list[Node]:
        """Return what calls give for a parameter; UNKNOWN is among them where there may be calls that are not seen."""
        calls, is_all = self.callers(function)
        found = [args[slot] for args in map(arguments_of, calls) if slot < len(args)]
        return found if is_all else [*found, UNKNOWN]

    def _members(self, nodes: list[Node], names: list[str], depth: int) -> Iterator[Node | Module]:
        if not names:
            yield from nodes
            return
        for node in nodes:
            for thing in self.things(node, depth + 1):
                for value in self.member(thing, names[0], depth + 1):
                    yield from self._members([value], names[1:], depth + 1) if isinstance(value, Node) else [value]

    def values_of_member(self, node: Node, depth: int = 0) -> Iterator[Node | Module]:
        """Yield the expressions that a MEMBER, or an INDEX whose key folds, can be."""
        if node.op == Op.MEMBER:
            if node.name == "exports" and (module := self._modules.exports_of_member(node)) is not None:
                yield module
                return
            names = [node.name]
        else:
            names = self.known_texts(node.kids[1], depth + 1)
        for thing in self.things(node.kids[0], depth + 1):
            for name in names:
                yield from self.member(thing, name, depth + 1)

    def member(self, thing: Thing, name: str, depth: int = 0) -> list[Node | Module]:
        """Return what a member of a thing can be."""
        if depth > FAR:
            return []
        found: list[Node | Module] = []
        if isinstance(thing, Module):
            for exported in thing.exported:
                for inner in self.things(exported, depth + 1):
                    if inner is not thing:
                        found += self.member(inner, name, depth + 1)
            for getter in self._modules.getters_of(thing, name):
                found += returned(getter)
        elif is_unknown(thing):
            return [thing]
        elif thing.op == Op.ARRAY:
            found += thing.kids[int(name) : int(name) + 1] if name.isdigit() else []
        else:
            for kid in thing.kids:
                if kid.op == Op.PROP and kid.name == name:
                    found += kid.kids[:1]
                elif kid.op == Op.SPREAD and thing.op == Op.OBJECT and kid.kids:
                    self._copy(kid.kids[0], thing, name, found, depth)
        self._add_written(thing, name, found, depth)
        if not found and name == "default" and isinstance(thing, Module):
            found.append(thing)  # What is no ES module is its own default.
        return found

    def _add_written(self, thing: Thing, name: str, found: list[Node | Module], depth: int) -> None:
        """Add what is written to a member of a thing, and what is copied onto the thing."""
        writes, copies = self._written_to(name), self._written_to("")
        for write in self._to(thing, writes, depth):
            found.append(write.kids[1])
        for copy in self._to(thing, copies, depth):
            for source in copy.kids[2:]:
                self._copy(source, thing, name, found, depth)
        for more in (writes.others[_TARGETS:], copies.others[_TARGETS:]) if found else ():
            found += [unknown_at(target) for target, _nodes in more[:1]]

    def _written_to(self, name: str) -> ByTarget:
        """Return the ASSIGNs to members of a name; for "" the copies."""
        if name not in self._written:
            writes = ((write.kids[0].kids[0], write) for write in self._package.writes.get(name, ()))
            copies = ((_given_back(copy.kids[1]), copy) for copy in self._package.copies)
            self._written[name] = by_target(writes if name else copies, self._modules)
        return self._written[name]

    def _to(self, thing: Thing, written: ByTarget, depth: int) -> Iterator[Node]:
        yield from written.plain.get(thing, ())
        for target, nodes in written.others[:_TARGETS]:
            if thing in self.things(target, depth + 1):
                yield from nodes

    def _copy(self, source: Node, thing: Thing, name: str, found: list[Node | Module], depth: int) -> None:
        """Add what a member of a thing can be by a copy onto it; what is not known may be another than is there."""
        things = self.things(source, depth + 1)
        for inner in things:
            if inner is not thing:
                found += self.member(inner, name, depth + 1)
        if found and not things and source.op != Op.OTHER:
            found.append(unknown_at(source))

    def all_of(self, thing: Thing) -> list[Node]:
        """Return all members of an object or an array that is written out; an unknown one for what is added to it."""
        if not isinstance(thing, Node) or thing.op not in (Op.OBJECT, Op.ARRAY, Op.OTHER):
            return []
        if is_unknown(thing):
            return [thing]
        found = [kid.kids[0] if kid.op == Op.PROP else kid for kid in thing.kids if kid.op != Op.PROP or kid.kids]
        return [*found, unknown_at(thing)] if self.is_changed(thing, _GROWING) else found

    def is_changed(self, thing: Thing, names: frozenset[str]) -> bool:
        """Whether a method of one of the names is taken of an array."""
        if self._changed is None:
            self._changed = {}
            other = type(self)(self._package, self._modules)  # nothing is half known there
            other._changed = {}
            for name in sorted(_GROWING | MOVING):
                for node in self._package.members.get(name, ()):
                    for one in other.things(node.kids[0]):
                        self._changed.setdefault(one, set()).add(name)
        return not names.isdisjoint(self._changed.get(thing, ()))

    def _of_call(self, call: Node, depth: int) -> Iterator[Thing]:
        if (module := self.module_of(call, depth)) is not None:
            yield module
            return
        callee = call.kids[0]
        if callee.op == Op.MEMBER:
            name = callee.name
            if name == "n" and len(call.kids) == 2 and self._modules.role_of(callee.kids[0]) == "require":
                yield from self.things(call.kids[1], depth)
                return
            if name == "bind":
                yield from self.things(callee.kids[0], depth)
                return
            if _given_back(call) is not call:
                yield from self.things(call.kids[1], depth)
                return
        elif callee.op == Op.ID and callee.of is None:
            if callee.name == "Object" and len(call.kids) > 1:
                yield from self.things(call.kids[1], depth)
            elif callee.name == "getApp":
                for app in self._package.globals["App"]:
                    if app.up is not None and app.up.op == Op.CALL and len(app.up.kids) > 1 and app.slot == 0:
                        yield from self.things(app.up.kids[1], depth)
            return
        for thing in self.called(call, depth):
            if not isinstance(thing, Node) or call.op == Op.NEW or thing.op == Op.CLASS:
                yield thing
            elif is_interop(thing) and (args := arguments_of(call)):
                yield from self.things(args[0], depth)
            else:
                for value in returned(thing):
                    yield from self.things(value, depth)

    def module_of(self, call: Node, depth: int = 0) -> Module | None:
        """Return the module that a call requires, also by a bundle's own `require`."""
        if (module := self._modules.of_call(call)) is not None:
            return module
        if len(call.kids) != 2:
            return None
        for thing in self.things(call.kids[0], depth + 1):
            key = key_of(call)
            if isinstance(thing, Node) and key.op in (Op.STRING, Op.NUMBER):
                module = self._modules.of_table_require(thing, key.name)
                if module is not None:
                    return module
        return None

    def called(self, call: Node, depth: int = 0) -> list[Thing]:
        """Return what a call can call."""
        callee = call.kids[0]
        is_passed = callee.op == Op.MEMBER and callee.name in ("call", "apply")
        if is_passed and (found := self._callable(callee.kids[0], depth + 1)):
            return found
        return self._callable(callee, depth + 1)

    def _callable(self, node: Node, depth: int) -> list[Thing]:
        """Return the functions and classes that an expression can be; a module is what it exports as a whole."""
        found: list[Thing] = []
        for thing in self.things(node, depth):
            if isinstance(thing, Module):
                found += [one for value in thing.exported for one in self.things(value, depth) if _is_called(one)]
            elif _is_called(thing):
                found.append(thing)
        return found


def _given_back(node: Node) -> Node:
    """Return what `Object.assign(…)` and the like are given and give back; any other expression itself."""
    while node.op == Op.CALL and node.kids[0].op == Op.MEMBER and node.kids[0].name in SAME and len(node.kids) > 1:
        owner = node.kids[0].kids[0]
        if owner.op != Op.ID or owner.of is not None:
            break
        node = node.kids[1]
    return node


def arguments_of(call: Node) -> list[Node]:
    """Return what a call gives for the parameters: `f(a)`, `f.call(this, a)` and `f.apply(this, [a])` give `a`."""
    callee = call.kids[0]
    if callee.op == Op.MEMBER and callee.name == "call":
        return list(call.kids[2:])
    if callee.op == Op.MEMBER and callee.name == "apply" and len(call.kids) == 3 and call.kids[2].op == Op.ARRAY:
        return list(call.kids[2].kids)
    return list(call.kids[1:])


def is_something(value: Node | Module) -> TypeGuard[Node]:
    """Whether a value is an expression, and more than `undefined` or `null`, which compilers begin names with."""
    while isinstance(value, Node) and value.op == Op.ASSIGN:
        value = value.kids[1]
    return isinstance(value, Node) and not (value.op == Op.ID and value.name == "undefined")


def _is_called(thing: Thing) -> bool:
    return isinstance(thing, Node) and (thing.op in FUNCTIONS or thing.op == Op.CLASS)


def unknown_at(node: Node) -> Node:
    """Return an expression that is not seen, where one stands."""
    return Node(Op.OTHER, node.line, "", (), file_of(node))


def beyond(node: Node) -> Node:
    """Return what stands for the things beyond those that an expression can be."""
    return Node(Op.OTHER, node.line, "", (), file_of(node), 0, UNKNOWN)


def is_unknown(thing: Thing) -> TypeGuard[Node]:
    """Whether it stands for things that are not seen."""
    return isinstance(thing, Node) and thing.op == Op.OTHER
