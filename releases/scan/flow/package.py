"""The trees of all scripts of a package with their scopes: what each name stands for."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from .nodes import FUNCTIONS, Node, Op

_SCOPES = frozenset([Op.FILE, Op.FUNCTION, Op.ARROW, Op.BLOCK, Op.CATCH, Op.CLASS])
_WHOLE = frozenset([Op.FILE, Op.FUNCTION, Op.ARROW])
# In options of Vue's kind and of Component(), `this` is the whole, not the group that a method is in.
_INTEROP = 150  # nodes of the largest
_GROUPS = frozenset(["methods", "computed", "watch", "lifetimes", "pageLifetimes", "observers", "filters", "hooks"])


class Binding:
    """A name that a script declares: where values are bound to it, and where it is used."""

    __slots__ = ("name", "targets", "uses")

    def __init__(self, name: str) -> None:
        self.name = name
        self.targets: list[Node] = []
        self.uses: list[Node] = []


class Package:
    """The scripts, by path, and indexes into them."""

    def __init__(self) -> None:
        self.files: dict[str, Node] = {}
        self.globals: defaultdict[str, list[Node]] = defaultdict(list)
        self.calls: list[Node] = []
        self.copies: list[Node] = []  # calls of Object.assign
        self.members: defaultdict[str, list[Node]] = defaultdict(list)  # not those that are assigned to
        self.writes: defaultdict[str, list[Node]] = defaultdict(list)  # the ASSIGN, by the name of the member
        self.patterns: defaultdict[str, list[Node]] = defaultdict(list)  # PROP, as `a` in `const {a} = …`
        self.objects: list[Node] = []
        self.strings: list[Node] = []
        self.concats: list[Node] = []
        self.bound: list[Node] = []  # VAR and ASSIGN, but of texts that are there
        self.this_of: defaultdict[Node, list[Node]] = defaultdict(list)  # THIS by what it is

    def add(self, path: str, root: Node) -> None:
        """Add a script."""
        root.name = path
        self.files[path] = root
        scopes: dict[Node, dict[str, Binding]] = {root: {}}
        self._declare(root, scopes[root], scopes[root], scopes)
        self._resolve(root, [scopes[root]], scopes)

    # Declaring ------------------------------------------------------------------------------------------------------

    def _declare(
        self, node: Node, whole: dict[str, Binding], block: dict[str, Binding], scopes: dict[Node, dict[str, Binding]]
    ) -> None:
        """Set the parents below a node, and declare its names in the scope of its function or of its block."""
        for slot, kid in enumerate(node.kids):
            kid.up, kid.slot, kid.name = node, slot, sys.intern(kid.name)
            inner_whole, inner = whole, block
            if kid.op in _SCOPES:
                inner = scopes[kid] = {}
                inner_whole = inner if kid.op in _WHOLE else whole
            elif kid.op == Op.VAR:
                _declare_names(kid.kids[0], whole if kid.name == "var" else block)
            elif kid.op == Op.PARAMS:
                for pattern in kid.kids:
                    _declare_names(pattern, block)
            if kid.op == Op.CATCH:
                _declare_names(kid.kids[0], inner)
            self._declare(kid, inner_whole, inner, scopes)
            if kid.op in (Op.FUNCTION, Op.CLASS) and kid.name and kid.name not in inner and node.op != Op.VAR:
                inner[kid.name] = Binding(kid.name)  # inside, where no parameter has that name, it is the thing itself
                inner[kid.name].targets.append(kid)

    def link_getters(self) -> None:
        """Write esbuild's `__export(target, {name: () => value})` as `Object.assign(target, {get name() {…}})`."""
        for call in self.calls:
            if len(call.kids) != 3 or call.kids[0].op != Op.ID or call.kids[2].op != Op.OBJECT or not call.kids[2].kids:
                continue
            values = [prop.kids[0] for prop in call.kids[2].kids if prop.op == Op.PROP and prop.kids]
            if len(values) < len(call.kids[2].kids) or not all(map(_is_getter, values)):
                continue
            for value in values:
                prop = value.up
                if prop is not None:
                    value.up = Node(Op.CALL, value.line, "", (value,), prop)
                    prop.kids = (value.up,)
                    self.calls.append(value.up)
            name = Node(Op.ID, call.line, "Object")
            name.up = Node(Op.MEMBER, call.line, "assign", (name,), call)
            call.kids = (name.up, *call.kids[1:])
            self.copies.append(call)

    # Resolving ------------------------------------------------------------------------------------------------------

    def _resolve(self, node: Node, chain: list[dict[str, Binding]], scopes: dict[Node, dict[str, Binding]]) -> None:
        for kid in node.kids:
            op = kid.op
            if op == Op.ID:
                self._note_name(kid, chain)
            elif op in _SCOPES:
                own = scopes[kid]
                if own or op in _WHOLE:
                    self._resolve(kid, [*chain, own], scopes)
                else:
                    self._resolve(kid, chain, scopes)
                continue
            elif op == Op.MEMBER:
                if is_target(kid):
                    if kid.up is not None and kid.up.op == Op.ASSIGN:
                        self.writes[kid.name].append(kid.up)
                else:
                    self.members[kid.name].append(kid)
            elif op in (Op.CALL, Op.NEW):
                self._note_call(kid)
            elif op == Op.PROP:
                if node.op == Op.OBJECT and is_target(kid):
                    self.patterns[kid.name].append(kid)
            elif op == Op.OBJECT:
                self.objects.append(kid)
            elif op == Op.STRING:
                self.strings.append(kid)
            elif op == Op.CONCAT:
                self.concats.append(kid)
            elif op in (Op.VAR, Op.ASSIGN):
                if len(kid.kids) > 1 and kid.kids[0].name and kid.kids[1].op != Op.STRING:
                    self.bound.append(kid)
            elif op == Op.THIS:
                kid.of = owner_of_this(kid)
                if kid.of is not None:
                    self.this_of[kid.of].append(kid)
            if kid.kids:
                self._resolve(kid, chain, scopes)

    def _note_call(self, call: Node) -> None:
        self.calls.append(call)
        if call.kids[0].op == Op.MEMBER and call.kids[0].name == "assign" and len(call.kids) > 2:
            self.copies.append(call)

    def _note_name(self, node: Node, chain: list[dict[str, Binding]]) -> None:
        for scope in reversed(chain):
            binding = scope.get(node.name)
            if binding is not None:
                node.of = binding
                (binding.targets if is_target(node) else binding.uses).append(node)
                return
        if not is_target(node):
            self.globals[node.name].append(node)


def _declare_names(pattern: Node, scope: dict[str, Binding]) -> None:
    if pattern.op == Op.ID:
        scope.setdefault(pattern.name, Binding(pattern.name))
    elif pattern.op in (Op.OBJECT, Op.ARRAY, Op.PROP, Op.SPREAD):
        for kid in pattern.kids:
            _declare_names(kid, scope)
    elif pattern.op == Op.COMPUTED:
        _declare_names(pattern.kids[1], scope)
    elif pattern.op == Op.DEFAULT:
        _declare_names(pattern.kids[0], scope)


def _is_getter(value: Node) -> bool:
    """Whether it is a function without parameters that does nothing but return a name, or a member of one."""
    if value.op not in FUNCTIONS or params_of(value):
        return False
    body = value.kids[1].kids
    return len(body) == 1 and body[0].op == Op.RETURN and [kid.op for kid in body[0].kids] in ([Op.ID], [Op.MEMBER])


def is_target(node: Node) -> bool:
    """Whether something is bound or assigned to a node, as to `a` in `{x: [a = 1]} = …`."""
    while (up := node.up) is not None:
        if up.op in (Op.VAR, Op.ASSIGN, Op.FOR_IN, Op.CATCH):
            return node.slot == 0
        if up.op == Op.PARAMS:
            return True
        if up.op == Op.DEFAULT:
            if node.slot != 0:
                return False
        elif up.op == Op.COMPUTED:
            if node.slot == 0:
                return False
        elif up.op not in (Op.OBJECT, Op.ARRAY, Op.PROP, Op.SPREAD):
            return False
        node = up
    return False


def file_of(node: Node) -> Node:
    """Return the FILE that a node is in."""
    while node.up is not None:
        node = node.up
    return node


def place_of(node: Node) -> tuple[int, ...]:
    """Return where a node is in its file: of what is written first, the smaller one."""
    slots: list[int] = []
    while node.up is not None:
        slots.append(node.slot)
        node = node.up
    return tuple(slots[::-1])


def function_of(node: Node) -> Node:
    """Return the innermost function, or the FILE, around a node."""
    up = node.up
    while up is not None and up.op not in _WHOLE:
        up = up.up
    return node if up is None else up


def functions_around(node: Node) -> Iterator[Node]:
    """Yield the functions around a node, the innermost first."""
    up = node.up
    while up is not None:
        if up.op in FUNCTIONS:
            yield up
        up = up.up


def params_of(function: Node) -> tuple[Node, ...]:
    """Return the patterns of a function's parameters."""
    return function.kids[0].kids


def value_of(node: Node) -> Node:
    """Return what a name is set to, where it is set once; any other expression itself."""
    if node.op != Op.ID or not isinstance(node.of, Binding) or len(node.of.targets) > 2:
        return node
    for target in node.of.targets:
        if target.up is not None and target.up.op in (Op.VAR, Op.ASSIGN) and len(target.up.kids) > 1:
            return target.up.kids[1]
    return node


def below(node: Node) -> Iterator[Node]:
    """Yield a node and all that is inside it."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack += one.kids


@cache
def returned(function: Node) -> tuple[Node, ...]:
    """Return the expressions that a function returns, not those of the functions inside."""
    found: list[Node] = []
    stack = [function.kids[1]]
    while stack:
        node = stack.pop()
        if node.op == Op.RETURN:
            found += node.kids
        stack += [kid for kid in node.kids if kid.op not in FUNCTIONS and kid.op != Op.CLASS]
    return tuple(found)


@cache
def is_interop(function: Node) -> bool:
    """Whether a function is what compilers put around modules, so that each has a `default`; it gives what it is given.

    As Babel's, TypeScript's and esbuild's do: `m => m && m.__esModule ? m : {default: m}`.
    """
    params = params_of(function)
    if not params or params[0].op != Op.ID:
        return False
    stack, seen, is_marked, is_used = [function.kids[1]], 0, False, False
    while stack and seen < _INTEROP:
        node = stack.pop()
        seen += 1
        is_marked = is_marked or (node.op in (Op.MEMBER, Op.STRING) and node.name == "__esModule")
        is_used = is_used or (node.op == Op.ID and node.of is params[0].of and node.of is not None)
        stack += node.kids
    return is_marked and is_used and not stack and bool(returned(function))


def function_of_this(node: Node) -> Node | None:
    """Return the function whose `this` is there; None outside of all."""
    return next((one for one in functions_around(node) if one.op == Op.FUNCTION), None)


def owner_of_this(node: Node) -> Node | None:
    """Return the OBJECT, CLASS or FUNCTION whose `this` is there; None if unknown."""
    function = function_of_this(node)
    if function is None:
        around: Node | None = node
        while around is not None and around.op != Op.CLASS:
            around = around.up
        return around
    up = function.up
    if up is not None and up.op == Op.CALL and up.kids == (function,):  # a getter
        up = up.up
    if up is None or up.op != Op.PROP or up.up is None:
        return _owner_by_prototype(function)
    owner = up.up
    while owner.op == Op.OBJECT and (prop := owner.up) is not None and prop.op == Op.PROP and prop.name in _GROUPS:
        if prop.up is None or prop.up.op != Op.OBJECT:
            break
        owner = prop.up
    return owner


def _owner_by_prototype(function: Node) -> Node | None:
    """Of `A.prototype.f = function () {…}` return A's function; of any other function itself, as a constructor."""
    up = function.up
    if up is not None and up.op == Op.ASSIGN and up.kids[0].op == Op.MEMBER:
        target = up.kids[0].kids[0]
        if target.op == Op.MEMBER and target.name == "prototype" and target.kids[0].op == Op.ID:
            binding = target.kids[0].of
            for bound in binding.targets if isinstance(binding, Binding) else ():
                value = bound.up.kids[1] if bound.up is not None and len(bound.up.kids) > 1 else None
                if value is not None and value.op == Op.FUNCTION:
                    return value
        return target if target.op == Op.OBJECT else function
    return function
