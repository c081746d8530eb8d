"""Where a function is called."""

from __future__ import annotations

from .modules import Modules
from .nodes import FUNCTIONS, Node, Op
from .package import Binding, Package, function_of, params_of
from .things import BEGUN, UNKNOWN, WRITES, Things, beyond, is_unknown

CALLS = 100  # of one function
_FEW = 40  # calls of what is called more often, as the helpers of frameworks are
EACH = frozenset(["forEach", "map", "filter", "some", "every", "find", "flatMap", "reduce", "reduceRight"])


class Callers:
    """Looks for the calls of a function by going on from where it is written, and from whatever it is bound to.

    Each seat is an expression that is the function, or the class. `is_all` says whether it was seen where all go.
    """

    def __init__(self, things: Things, package: Package, modules: Modules) -> None:
        self._things, self._package, self._modules = things, package, modules
        self.calls: list[Node] = []
        self.is_all = True
        self._seats: list[Node] = []
        self._thing: Node = UNKNOWN

    def look(self, function: Node) -> None:
        """Find the calls."""
        self._thing = function
        self._seats.append(function)
        for number, seat in enumerate(self._seats):
            if number >= _FEW and len(self._seats) > CALLS:
                self.is_all = False
                more = [beyond(function)] * len(params_of(function))
                self.calls.append(Node(Op.CALL, function.line, "", (seat, *more)))
                return
            if seat.up is not None:
                self._step(seat, seat.up)

    def _step(self, seat: Node, up: Node) -> None:
        op = up.op
        if op in (Op.CALL, Op.NEW):
            self._called(seat, up)
        elif op == Op.MEMBER and up.name in ("call", "apply") and up.up is not None and up.up.op == Op.CALL:
            self.calls.append(up.up)
        elif op == Op.VAR and seat.slot == 1:
            self._bound(up.kids[0])
        elif op == Op.ASSIGN and seat.slot == 1:
            self._bound(up.kids[0])
            if up.up is not None and up.up.op not in (Op.BLOCK, Op.FILE):
                self._seats.append(up)
        elif op in (Op.CHOICE, Op.SEQUENCE):
            if op == Op.CHOICE or seat.slot == len(up.kids) - 1:
                self._seats.append(up)
        elif op == Op.PROP and up.up is not None:
            self._put_into(up.up, up.name)
        elif op == Op.RETURN:
            self._returned(function_of(up))
        elif op not in (Op.OTHER, Op.BLOCK, Op.FILE):
            self.is_all = False

    def _called(self, seat: Node, call: Node) -> None:
        callee = call.kids[0]
        if seat.slot == 0:
            self.calls.append(call)
        elif callee.op == Op.MEMBER and callee.name == "use":
            # A plugin is given what it is plugged into, in Vue's way and in Mpx's.
            self.calls.append(Node(Op.CALL, call.line, "", (seat, callee.kids[0])))
        elif callee.op == Op.MEMBER and callee.name == "then" and seat.slot == 1:
            self.calls.append(Node(Op.CALL, call.line, "", (seat, callee.kids[0])))
            self.is_all = False  # What the promise gives may be something else.
        elif callee.op == Op.MEMBER and callee.name in EACH and seat.slot == 1:
            elements = self._things.elements(callee.kids[0], BEGUN)
            before = (UNKNOWN,) if callee.name.startswith("reduce") else ()
            self.calls += [Node(Op.CALL, call.line, "", (seat, *before, element)) for element in elements]
            self.is_all = self.is_all and bool(elements)
        else:
            self.is_all = False

    def _bound(self, target: Node) -> None:
        if target.op == Op.ID and isinstance(target.of, Binding):
            self._seats += target.of.uses
        elif (
            target.op == Op.MEMBER and (module := self._modules.exports_of_member(target)) and target.name == "exports"
        ):
            self._seats += module.required
            self._taken("default")
        elif target.op == Op.MEMBER:
            self._taken(target.name)
        else:
            self.is_all = False

    def _put_into(self, thing: Node, name: str) -> None:
        if thing.op == Op.CLASS and name == "constructor":
            self._thing = thing  # To make one calls it.
            self._seats.append(thing)
        elif name == "install":
            self._seats.append(thing)
        else:
            self._taken(name)

    def _returned(self, getter: Node) -> None:
        """Go on from where a function is taken of what returns it: a module's getter, or any other function."""
        place = self._modules.getters.get(getter)
        if place is not None:
            self._taken(place[1])
        elif getter.op in FUNCTIONS:
            calls, is_all = self._things.callers(getter)
            self._seats += calls
            self.is_all = self.is_all and is_all
        else:
            self.is_all = False

    def _taken(self, name: str) -> None:
        """Go on from where the function is taken as a member of what it was put into."""
        members = self._package.members.get(name, [])
        patterns = self._package.patterns.get(name, [])
        if len(members) + len(patterns) > WRITES:
            self.is_all = False
        for node in members[:WRITES]:
            things = self._things.things(node, BEGUN)
            if self._thing in things:
                self._seats.append(node)
            elif not things or any(map(is_unknown, things)):
                self.is_all = False
        for prop in patterns[:WRITES]:
            target = prop.kids[0].kids[0] if prop.kids[0].op == Op.DEFAULT else prop.kids[0]
            if target.op == Op.ID and isinstance(target.of, Binding):
                sources = [one for one in self._things.sources(target, BEGUN) if isinstance(one, Node)]
                if any(self._thing in self._things.things(source, BEGUN) for source in sources):
                    self._seats += target.of.uses
                elif not sources:
                    self.is_all = False
