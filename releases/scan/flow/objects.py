"""Where values are kept: in names, in members of objects, and in what they are copied onto."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from .modules import Module
from .nodes import FUNCTIONS, Node, Op
from .package import Binding, function_of, function_of_this, is_target, params_of, place_of
from .things import WRITES, Thing
from .values import API, BUILT, GLOBALS, Flow, Kind, Value

Sink = Callable[[Value], None]

# They keep what a program writes onto the API object, and onto the global one.
_HOLDERS: dict[Kind, Node] = {"api": Node(Op.OTHER, 0), "global": Node(Op.OTHER, 0)}
# What so many objects have that a member of that name tells nothing.
_COMMON = frozenset(["default", "length", "name", "data", "value", "exports", "prototype", "index", "call", "apply"])


class Objects(Flow, ABC):
    """Binds values to names and to members, and gives them to code that reads those members."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._fields: defaultdict[tuple[Thing, str], list[Value]] = defaultdict(list)
        self._readers: defaultdict[tuple[Thing, str], list[Sink]] = defaultdict(list)
        self._linked: defaultdict[Thing, list[Thing]] = defaultdict(list)
        self._started: set[Thing] = set()
        self._traps: defaultdict[Thing, list[Node]] = defaultdict(list)  # `new Proxy(…)` by what gives its members
        self._tainted: set[tuple[Node, Kind]] = set()
        self._given: defaultdict[Node, list[Value]] = defaultdict(list)  # by the MEMBER or INDEX that is written
        self._own: defaultdict[str, list[Node]] = defaultdict(list)  # what writes members of the API object, by name
        self._apps = [node for node in self._package.globals["getApp"] if _is_callee(node)]

    @abstractmethod
    def _escape(self, value: Value, node: Node) -> None:
        """A value is handed to code that can't be followed."""

    # Members --------------------------------------------------------------------------------------------------------

    def _member(self, value: Value, name: str, sink: Sink) -> None:
        """Give a sink what the member of a value is, now and whenever there is more."""
        if (holder := _holder_of(value)) is not None:
            self._read(holder, name, sink)
        if value.kind == "api":
            if value.via in ("", BUILT) or name in self._names:
                sink(Value("method", name, value.via))
            elif name == "default":
                sink(value)
        elif value.kind == "object":
            thing = value.what
            self._read(thing, name, sink)
            if name == "prototype" or (name == "default" and self.backward.member(thing, name) == [thing]):
                sink(value)
        elif value.kind in ("wrapped", "getter"):
            inner: Value = value.what
            if name == ("a" if value.kind == "getter" else "default"):
                sink(inner)
                if inner.kind == "object":
                    self._member(inner, "default", sink)
            elif value.kind == "wrapped":
                self._member(inner, name, sink)
        elif value.kind == "global" and name == "wx":
            sink(API)
        elif value.kind == "global" and name in GLOBALS:
            sink(value)

    def _read(self, thing: Thing, name: str, sink: Sink) -> None:
        self._readers[thing, name].append(sink)
        for found in self._fields[thing, name]:
            sink(found)

    def _take_any(self, value: Value, node: Node) -> None:
        if value.kind == "api" and not is_target(node) and not self._mirrored(node, value):
            self.flow(node, Value("any", None, value.via))
        elif value.kind == "global" and not is_target(node):
            self.open[node, "name"] = None
        elif value.kind == "object":
            if self._mirrored(node, value):
                return
            is_written = isinstance(value.what, Node) and value.what.op in (Op.OBJECT, Op.ARRAY)
            for kid in value.what.kids if is_written else ():
                self._member(
                    value, kid.name if kid.op == Op.PROP else str(kid.slot), lambda found: self.flow(node, found)
                )

    def _computed(self, value: Value, prop: Node, slot: int) -> None:
        if slot != 1 or prop.up is None or is_target(prop):
            return
        for name in self.backward.texts(prop.kids[0]):
            if name is not None:
                self._add_field(prop.up, name, value)
            elif value.kind in ("any", "param"):
                self.flow(prop.up, Value("api", None, value.via or self._via(prop)))
            elif value.kind == "method":
                self._use(value, prop)
            elif value.kind == "api":
                self._escape(value, prop)

    def _spread(self, value: Value, spread: Node) -> None:
        around = spread.up
        if around is None or is_target(spread):
            return
        if around.op == Op.OBJECT and value.kind == "api":
            self.flow(around, Value("api", None, value.via or self._via(spread)))
        elif around.op == Op.OBJECT and value.kind == "object":
            self._link(value.what, around)
        elif around.op in (Op.CALL, Op.NEW):
            self._escape(value, around)

    # Objects ---------------------------------------------------------------------------------------------------------

    def _add_field(self, thing: Thing, name: str, value: Value) -> None:
        known = self._fields[thing, name]
        if any(one.is_same(value) for one in known):
            return
        known.append(value)
        for sink in list(self._readers[thing, name]):
            sink(value)
        for use in self._package.globals.get(name, ()) if thing is _HOLDERS["global"] else ():
            self.flow(use, value)
        if thing not in self._started:
            self._link_spread(thing)
        self._start(thing)
        for other in self._linked[thing]:
            self._add_field(other, name, value)

    def _link(self, thing: Thing, other: Thing) -> None:
        """Let an object have the members of another, too."""
        if other is thing or other in self._linked[thing]:
            return
        self._linked[thing].append(other)
        for (owner, name), values in list(self._fields.items()):
            if owner is thing:
                for value in list(values):
                    self._add_field(other, name, value)

    def _link_spread(self, thing: Thing) -> None:
        """Let what is spread in an object have its members, too: its methods are called with that object as `this`."""
        spread = [kid for kid in thing.kids if kid.op == Op.SPREAD] if isinstance(thing, Node) else []
        for inner in (inner for kid in spread if kid.kids for inner in self.backward.things(kid.kids[0])):
            self._link(thing, inner)

    def _start(self, thing: Thing) -> None:
        """Follow an object from where it is made."""
        if thing not in self._started or (isinstance(thing, Node) and thing.op in FUNCTIONS):
            self._started.add(thing)
            self._from_origins(thing, Value("object", thing))

    def _from_origins(self, thing: Thing, value: Value) -> None:
        if isinstance(thing, Module):
            for node in (*thing.required, *thing.exports):
                self.flow(node, value)
                for function in node.kids[2:3] if node.op == Op.CALL else ():  # require(path, module => …)
                    if function.op in FUNCTIONS and params_of(function):
                        self._bind(params_of(function)[0], value)
            return
        self.flow(thing, value)
        for this in self._package.this_of.get(thing, ()):
            self.flow(this, value)
        callee = thing.up.kids[0] if thing.up is not None and thing.up.op == Op.CALL and thing.slot == 1 else None
        if callee is not None and callee.op == Op.ID and callee.of is None and callee.name == "App":
            for node in self._apps:
                if node.up is not None:
                    self.flow(node.up, value)

    def _taint(self, node: Node, value: Value) -> None:
        """Let the object that an expression stands for be the value from now on: all is copied onto it."""
        if node.op == Op.MEMBER and node.name == "prototype":
            node = node.kids[0]
        if (node, value.kind) in self._tainted:
            return
        self._tainted.add((node, value.kind))
        before = list(self._at[node])
        self.flow(node, value)
        things = self.backward.things(node)
        for thing in things:
            self._from_origins(thing, value)
        if node.op == Op.ID and isinstance(node.of, Binding):
            for use in node.of.uses:
                self.flow(use, value)
            for target in node.of.targets:
                self._taint_sources(target, value)
        elif node.op == Op.THIS:
            self._taint_receivers(node, value)
        elif node.op == Op.MEMBER and not things:
            self._write(node, value)
        elif node.op == Op.ID and value.kind == "api" and not any(one.kind == "api" for one in before):
            self._escape(value, node)
        elif node.op in (Op.CHOICE, Op.SEQUENCE):
            for kid in node.kids[-1:] if node.op == Op.SEQUENCE else node.kids:
                self._taint(kid, value)

    def _extend(self, value: Value, made: Node) -> None:
        """`class made extends value`."""
        if value.kind == "object":
            self._link(value.what, made)
        elif value.kind == "api":
            self._from_origins(made, value)

    def _taint_sources(self, target: Node, value: Value) -> None:
        """Let what a name stands for be the value where `things` do not say all: its arguments, and `this`."""
        up = target.up
        if up is not None and up.op == Op.DEFAULT:
            target, up = up, up.up
        if up is not None and up.op == Op.PARAMS and up.up is not None:
            for arg in self.backward.arguments(up.up, target.slot):
                self._taint(arg, value)
        elif up is not None and up.op in (Op.VAR, Op.ASSIGN) and up.kids[-1].op == Op.THIS:
            self._taint(up.kids[-1], value)

    def _taint_receivers(self, this: Node, value: Value) -> None:
        """Let what a function is called of, `a` in `a.f()` and in `f.call(a)`, be the value: its `this` is."""
        function = function_of_this(this)
        for call in self.backward.callers(function)[0] if function is not None else ():
            callee = call.kids[0]
            if callee.op == Op.MEMBER and call.op == Op.CALL:
                is_given = callee.name in ("call", "apply")
                for receiver in call.kids[1:2] if is_given else callee.kids:
                    self._taint(receiver, value)

    # Binding ---------------------------------------------------------------------------------------------------------

    def _bind(self, pattern: Node, value: Value) -> None:
        op = pattern.op
        if op == Op.ID:
            if not isinstance(pattern.of, Binding):
                self._add_field(_HOLDERS["global"], pattern.name, value)
                return
            for use in pattern.of.uses:
                self.flow(use, value)
        elif op == Op.MEMBER:
            self._write(pattern, value)
        elif op == Op.INDEX:
            self._write_any(pattern, value)
        elif op in (Op.DEFAULT, Op.PROP):
            self._bind(pattern.kids[0], value)
        elif op in (Op.OBJECT, Op.ARRAY):
            for kid in pattern.kids:
                self._bind_part(kid, value)

    def _bind_part(self, part: Node, value: Value) -> None:
        if part.op == Op.SPREAD:
            self._bind(part.kids[0], value)
        elif part.op == Op.COMPUTED:
            for name in self.backward.texts(part.kids[0]):
                if name is not None:
                    self._take(value, name, part.kids[1])
        elif part.op == Op.PROP:
            self._take(value, part.name, part.kids[0])
        else:
            self._take(value, str(part.slot), part)

    def _take(self, value: Value, name: str, pattern: Node) -> None:
        self._member(value, name, lambda found: self._bind(pattern, found))

    def _write(self, target: Node, value: Value) -> None:
        """`a.b = value`."""
        if target.name == "exports" and (module := self._modules.exports_of_member(target)) is not None:
            for call in (*module.required, *module.exports):
                self.flow(call, value)
            return
        owner = target.kids[0]
        if owner.op == Op.MEMBER and owner.name == "prototype":
            owner = owner.kids[0]
        self._given[target].append(value)
        owners = self._owners(owner)
        for thing in owners:
            self._add_field(thing, target.name, value)
        if owners:
            return
        if not self._give_by_name(target, value) and value.kind == "api":
            self._escape(value, target)

    def _give_by_name(self, member: Node, value: Value) -> bool:
        """Give a value to code that reads a member of that name of something unknown; False for a common name."""
        if len(member.name) < 2 or member.name in _COMMON:
            return False
        given = value._replace(via=value.via or self._via(member)) if value.kind == "api" else value
        for node in self._package.members.get(member.name, ())[:WRITES]:
            if not self.backward.things(node.kids[0]):
                self.flow(node, given)
        return True

    def _write_any(self, target: Node, value: Value) -> None:
        """`a[b] = value`."""
        self._given[target].append(value)
        for name in self.backward.texts(target.kids[1]):
            if name is not None:
                for thing in self._owners(target.kids[0]):
                    self._add_field(thing, name, value)
            elif value.kind in ("any", "param"):
                self._taint(target.kids[0], Value("api", None, value.via or self._via(target)))
            elif value.kind == "method":
                self._use(value, target)
            elif value.kind == "api":
                self._escape(value, target)

    # What the program puts onto the API object, or onto the global one ----------------------------------------------

    def _owners(self, node: Node) -> list[Thing]:
        """Return the objects that an expression can be, and what keeps what is written to it where that is none."""
        return [*self.backward.things(node), *filter(None, map(_holder_of, self._at[node]))]

    def _put(self, value: Value, node: Node, name: str, given: list[Value]) -> None:
        """A node writes a member of a value, with what has been given for it so far."""
        if (holder := _holder_of(value)) is None:
            return
        if value.kind == "api":
            self._own[name].append(node)
        for one in given:
            self._add_field(holder, name, one)

    def _put_all(self, value: Value, call: Node) -> None:
        """`Object.assign(value, …)`."""
        if (holder := _holder_of(value)) is None:
            return
        for thing in (thing for source in call.kids[2:] for thing in self.backward.things(source)):
            self._link(thing, holder)
            for prop in thing.kids if isinstance(thing, Node) and thing.op == Op.OBJECT else ():
                self._put(value, call, prop.name, [])

    def _drop_own(self) -> None:
        """Drop uses of what is no API, as the program has put it onto the API object."""
        own = {name for name in self._own.keys() - self._names if not self._is_asked_before(name)}
        self.uses = {key: use for key, use in self.uses.items() if use.name not in own}
        self.calls = [(name, call) for name, call in self.calls if name not in own]

    def _is_asked_before(self, name: str) -> bool:
        """Whether a function reads a member before it writes it: it then replaces a method that the host may have."""
        first: dict[Node, tuple[int, ...]] = {}
        for read in self._package.members.get(name, ()):
            if any(one.kind == "api" for one in self._at[read.kids[0]]):
                first.setdefault(function_of(read), place_of(read))
        for node in self._own[name]:
            around = node.up if node.up is not None and is_target(node) else node
            end = (*place_of(around), len(around.kids))
            if first.get(function_of(around), end) < end:
                return True
        return False

    # Copies ----------------------------------------------------------------------------------------------------------

    def _mirrored(self, node: Node, value: Value) -> bool:
        """Whether what is taken by a name known at run time ends up under that name of another object.

        As in `for (k in wx) a[k] = function () {… wx[k] …}`: the other object then has what the API object has, or what
        another object has of which all is copied.
        """
        names = self.backward.names_in(node.kids[1] if node.op == Op.INDEX else node.kids[0])
        inner, around = node, node.up
        while around is not None:
            copy = value if value.kind == "object" else Value("api", None, self._via(node))
            if self._is_mirror(inner, around, names, copy):
                return True
            inner, around = around, around.up
        return False

    def _is_mirror(self, inner: Node, around: Node, names: set[Binding], value: Value) -> bool:
        """Whether `around` puts `inner` under one of the names; if so, let what it is put into be the value.

        A proxy has what its handler gives, under whatever name.
        """
        op, target, key = around.op, None, None
        if inner in self._traps:
            for proxy in self._traps[inner]:
                self.flow(proxy, value)
            return True
        if op == Op.ASSIGN and inner.slot == 1 and around.kids[0].op == Op.INDEX:
            target, key = around.kids[0].kids
        elif op == Op.COMPUTED and inner.slot == 1:
            target, key = around.up, around.kids[0]
        elif op == Op.CALL and around.kids[0].name == "defineProperty" and inner.slot == 3:
            target, key = around.kids[1], around.kids[2]
        if target is None or key is None or not names & self.backward.names_in(key):
            return False
        if value.kind == "object":
            for thing in self._owners(target):
                self._link(value.what, thing)
        else:
            self._taint(target, value)
        return True

    def _bind_entry(self, pattern: Node, value: Value) -> None:
        if pattern.op == Op.ARRAY and len(pattern.kids) > 1:
            self._bind(pattern.kids[1], Value("any", None, value.via))


def _holder_of(value: Value) -> Node | None:
    """Return what keeps members that are written to a value; None for what is neither the API object nor global."""
    return _HOLDERS.get(value.kind) if value.via in ("", BUILT) else None


def _is_callee(node: Node) -> bool:
    return node.up is not None and node.up.op == Op.CALL and node.slot == 0
