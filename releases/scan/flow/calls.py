"""What calls do with values: they give them to functions, and functions give them back."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .backward import Backward
from .callers import EACH
from .nodes import FUNCTIONS, Node, Op
from .objects import Objects
from .package import Binding, below, functions_around, is_interop, params_of, returned
from .things import SAME, Thing, arguments_of
from .values import BUILT, Value

# What the language does with an argument: it gives it back, or looks at it and keeps nothing.
_PASSED_ON = SAME - {"assign"}
_LOOKS = """
keys values entries getOwnPropertyNames getPrototypeOf ownKeys has is isArray hasOwnProperty
stringify log info warn error debug
"""
_LOOKED_AT = frozenset(_LOOKS.split())
_FEW = 8  # members of an object that holds methods to be called
_LOOKING = frozenset(["String", "Boolean", "Number", "isNaN", "require", "Page", "Component", "Behavior"])
_LANGUAGE = frozenset(["Object", "Reflect", "Promise", "JSON", "console", "Array"])


class Calls(Objects):
    """Follows values into functions and out of them.

    A method that is given to a function of the program is followed as whatever is given for that parameter: what
    happens to it then happens at each call to what that call gives. So a wrapper that takes 200 methods mixes
    none of them up.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._returns: defaultdict[Node, list[Value]] = defaultdict(list)
        self._callers: defaultdict[Node, list[Node]] = defaultdict(list)
        self._sites: defaultdict[tuple[Node, int], list[tuple[Value, Node]]] = defaultdict(list)
        self._outcomes: defaultdict[tuple[Node, int], dict[str, None]] = defaultdict(dict)
        self._escaped: set[tuple[Node, Thing]] = set()
        self._given_this: list[Node] = []  # f.call(wx)

    def _called(self, value: Value, call: Node) -> None:
        """A value is called, by itself or by `call` and `apply`."""
        kind = value.kind
        if kind == "method":
            self._use(value, call)
            self.calls.append((value.what, call))
        elif kind == "any":
            if not self._mirrored(call, value):
                self.open[call, "name"] = None
        elif kind == "function":
            self._called_function(value.what, call)
        elif kind in ("object", "api"):  # what is made of a class has what the class has
            if call.op == Op.NEW:
                self.flow(call, value)
        elif kind == "global":
            self.flow(call, value)  # Function("return this")()
        elif kind in ("wrapped", "getter"):
            self._member(value, "a" if kind == "getter" else "default", lambda found: self.flow(call, found))
        elif kind == "param":
            self._happened(value, "wrapper" if _is_in_returned(call, value.what[0], self.backward) else "called")

    def _called_function(self, function: Node, call: Node) -> None:
        if call not in self._callers[function]:
            self._callers[function].append(call)
            for value in self._returns[function]:
                self.flow(call, value)
            for slot, arg in enumerate(arguments_of(call)):
                for value in list(self._at[arg]):
                    self._give(function, slot, value, call)

    def _passed(self, value: Value, call: Node, slot: int) -> None:
        """A value is an argument."""
        callee = call.kids[0]
        functions = [thing for thing in self.backward.called(call) if isinstance(thing, Node)]
        is_this = callee.op == Op.MEMBER and callee.name in ("call", "apply", "bind") and slot == 1
        if is_this and callee.kids[0].name != "Reflect":
            for function in functions:
                for this in self._package.this_of.get(function, ()):
                    self.flow(this, value)
            if not functions and value.kind == "api":
                self._given_this.append(call)
            return
        if not functions and self._passed_to_known(value, call, slot):
            return
        place = slot - len(call.kids) + len(arguments_of(call))
        for function in functions:
            if function.op == Op.CLASS:
                function = next((kid.kids[0] for kid in function.kids if kid.name == "constructor"), function)
            if function.op in FUNCTIONS:
                self._give(function, place, value, call)
        if not functions and not any(one.kind in ("function", "method", "object") for one in self._at[callee]):
            self._escape(value, call)

    def _note_given_this(self) -> None:
        """Note where the API object is `this` of what is none of its methods, once all of these have been followed."""
        for call in self._given_this:
            if not any(one.kind in ("method", "any", "param") for one in self._at[call.kids[0].kids[0]]):
                self.open[call, "handed"] = None

    def _passed_to_known(self, value: Value, call: Node, slot: int) -> bool:
        """Whether it is known what the callee does with it: it is the language's, the host's or a bundle's own."""
        callee = call.kids[0]
        name = callee.name
        if callee.op == Op.ID and callee.of is None:
            if name == "Object" or (name == "Proxy" and slot == 1):
                self.flow(call, value)
                return True
            is_handler = name == "Proxy" and slot == 2 and value.what in self.backward.things(call.kids[2])
            return name in _LOOKING or (value.kind == "object" and (name == "App" or is_handler))
        if callee.op != Op.MEMBER:
            return False
        target = callee.kids[0]
        if self._modules.role_of(target) == "require":  # a bundle's own helpers
            if name == "n":
                self.flow(call, Value("getter", value))
            return True
        if target.op != Op.ID or target.of is not None or target.name not in _LANGUAGE:
            return False
        if name == "assign":
            self._assign(value, call, slot)
            return True
        if name == "setPrototypeOf" and slot > 1 and value.kind == "api":
            self._taint(call.kids[1], value._replace(via=value.via or self._via(call)))
        if name == "entries" and value.kind == "api":
            self.flow(call, Value("entries", None, value.via))
        elif name == "fromEntries" and value.kind == "entries":
            self.flow(call, Value("api", None, value.via or self._via(call)))
            return True
        elif name in _PASSED_ON:
            self.flow(call, value)
        elif name == "get" and slot == 1 and len(call.kids) > 2:
            self._taken_by_name(value, call)
        elif name == "apply" and slot == 1:
            self._called(value, call)
        elif name == "defineProperty":
            self._define(value, call, slot)
        return name in _PASSED_ON or name in _LOOKED_AT or name in ("get", "defineProperty", "apply")

    def _taken_by_name(self, value: Value, call: Node) -> None:
        """`Reflect.get(value, name)`."""
        taken = value._replace(via=value.via or BUILT) if value.kind == "api" else value
        for name in self.backward.texts(call.kids[2]):
            if name is None:
                self.open[call, "name"] = None
            else:
                self._member(taken, name, lambda found: self.flow(call, found))

    def _assign(self, value: Value, call: Node, slot: int) -> None:
        if slot == 1:
            self._put_all(value, call)
        else:
            copy = value._replace(via=value.via or self._via(call)) if value.kind == "api" else value
            self._taint(call.kids[1], copy)
        self.flow(call, value)

    def _define(self, value: Value, call: Node, slot: int) -> None:
        for name in self.backward.texts(call.kids[2]) if len(call.kids) > 2 else ():
            if slot == 1 and name is not None:
                self._put(value, call, name, [])
            for thing in self._owners(call.kids[1]) if slot == 3 and name is not None else ():
                self._member(value, "value", lambda found, thing=thing, name=name: self._add_field(thing, name, found))  # type: ignore[misc]

    def _escape(self, value: Value, node: Node) -> None:
        """A value is handed to code that can't be followed."""
        if value.kind == "api":
            self.open[node, "handed"] = None
        elif value.kind == "method":
            self._use(value, node)
        elif value.kind == "param":
            self._happened(value, "escaped")
        elif value.kind == "any":
            self.open[node, "name"] = None
        elif value.kind == "function" and (node, value.what) not in self._escaped:
            self._escaped.add((node, value.what))
            for one in list(self._returns[value.what]):
                self._escape(one, node)
        elif value.kind == "object" and isinstance(value.what, Node) and (node, value.what) not in self._escaped:
            self._escaped.add((node, value.what))
            self._escape_members(value.what, node)

    def _escape_members(self, thing: Node, node: Node) -> None:
        """An object is handed to code that can't be followed: one that has a few members, as options and queues have.

        What has many is the API as a wrapper offers it: nobody calls all of it.
        """
        held = [value for (owner, _name), values in self._fields.items() if owner is thing for value in values]
        if sum(value.kind == "method" for value in held) > _FEW:
            self.open[node, "handed"] = None
            return
        for value in held:
            self._escape(value, node)

    # Functions of the program ----------------------------------------------------------------------------------------

    def _give(self, function: Node, place: int, value: Value, call: Node) -> None:
        """A function is given a value for one of its parameters."""
        params = params_of(function)
        if place < 0:
            return
        if place >= len(params) or params[place].op == Op.SPREAD:
            if (params and params[-1].op == Op.SPREAD) or _takes_all(function):
                self._escape(value, call)
            return
        if is_interop(function):
            self.flow(call, value if value.kind == "wrapped" else Value("wrapped", value))
            return
        self._give_param(function, place, value, call)
        if value.kind not in ("method", "any", "param"):
            self._bind(params[place], value)

    def _give_param(self, function: Node, place: int, value: Value, call: Node) -> None:
        key = (function, place)
        self._sites[key].append((value, call))
        self._bind(params_of(function)[place], Value("param", key))
        for outcome in list(self._outcomes[key]):
            self._apply(outcome, value, call)

    def _happened(self, param: Value, outcome: str) -> None:
        """Something happens to whatever is given for a parameter."""
        if outcome not in self._outcomes[param.what]:
            self._outcomes[param.what][outcome] = None
            for value, call in list(self._sites[param.what]):
                self._apply(outcome, value, call)

    def _apply(self, outcome: str, value: Value, call: Node) -> None:
        if value.kind not in ("method", "any", "param"):
            if outcome == "returned":
                self.flow(call, value)
        elif outcome == "called":
            if value.kind == "param":
                self._called(value, call)
            elif value.kind == "any":
                self.open[call, "name"] = None
            else:
                self._use(value, call)
        elif outcome == "escaped":
            self._escape(value, call)
        else:
            self.flow(call, value._replace(via=value.via or self._via(call)) if outcome == "wrapper" else value)

    # What is given back ----------------------------------------------------------------------------------------------

    def _return(self, function: Node, value: Value) -> None:
        if function.op not in FUNCTIONS:
            return
        if value.kind == "param" and value.what[0] is function:
            self._happened(value, "returned")
            return
        if self._is_given_back(function, value):
            return
        known = self._returns[function]
        if any(one.is_same(value) for one in known):
            return
        known.append(value)
        place = self._modules.getters.get(function)
        if place is not None:
            self._add_field(*place, value)
        self._return_of_property(function, value)
        self._start_function(function)
        for call in list(self._callers[function]):
            self.flow(call, value)

    def _is_given_back(self, function: Node, value: Value) -> bool:
        """Whether a function returns a value because it is given it: then only that call has it."""
        for place in range(len(params_of(function))):
            key = (function, place)
            is_returned = "returned" in self._outcomes.get(key, ())
            if is_returned and any(one.is_same(value) for one, _call in self._sites[key]):
                return True
        return False

    def _return_of_property(self, function: Node, value: Value) -> None:
        """`Object.defineProperty(a, "b", {get: function () {return value}})`."""
        around = function.up.up if function.up is not None and function.up.op == Op.PROP else None
        if around is None or around.op != Op.OBJECT or around.up is None or around.up.op != Op.CALL:
            return
        call = around.up
        callee = call.kids[0]
        if callee.op == Op.MEMBER and callee.name == "defineProperty" and around.slot == 3:
            for name in self.backward.texts(call.kids[2]):
                for thing in self._owners(call.kids[1]) if name is not None else ():
                    self._add_field(thing, name or "", value)

    def _start_function(self, function: Node) -> None:
        self._started.add(function)
        value = Value("function", function)
        self.flow(function, value)
        up = function.up
        if up is not None and up.op in (Op.OBJECT, Op.CLASS):
            self._add_field(up, function.name, value)
        if function.name and function.up is not None:  # by its own name, from inside
            for use in _own_uses(function):
                self.flow(use, value)

    # What is given to functions of the language ----------------------------------------------------------------------

    def _then(self, value: Value, call: Node) -> None:
        """What a promise gives is given to the function behind it."""
        for thing in (
            self.backward.things(call.kids[1]) if len(call.kids) > 1 and value.kind in ("api", "object") else ()
        ):
            if isinstance(thing, Node) and thing.op in FUNCTIONS and params_of(thing):
                self._bind(params_of(thing)[0], value)

    def _of_array(self, value: Value, call: Node, name: str) -> None:
        """`[wx].forEach(api => …)`; any other method of an array gives one of its elements, or an array of them."""
        if name in EACH:
            for thing in self.backward.things(call.kids[1]) if len(call.kids) > 1 else ():
                if isinstance(thing, Node) and thing.op in FUNCTIONS:
                    for pattern in params_of(thing)[:2]:
                        self._each_element(value, pattern)
        self.flow(call, value)
        for slot in range(len(value.what.kids)):
            self._member(value, str(slot), lambda found: self.flow(call, found))

    def _each_element(self, value: Value, pattern: Node) -> None:
        for slot in range(len(value.what.kids)):
            self._member(value, str(slot), lambda found: self._bind(pattern, found))

    def _each_entry(self, value: Value, node: Node, name: str) -> None:
        """`Object.entries(wx).forEach(([name, method]) => …)`."""
        call = node.up
        if call is None or call.op != Op.CALL or len(call.kids) < 2:
            return
        for thing in self.backward.things(call.kids[1]):
            if isinstance(thing, Node) and thing.op in FUNCTIONS:
                for pattern in params_of(thing)[:2]:
                    self._bind_entry(pattern, value)
        if name in ("map", "filter"):
            self.flow(call, value)

    def _called_by(self, value: Value, node: Node, name: str) -> None:
        """`f.call(…)`, `f.apply(…)`, `f.bind(…)`."""
        call = node.up
        if call is None or call.op != Op.CALL or node.slot != 0:
            if value.kind == "method":
                self._use(value, node)
        elif name == "bind":
            self.flow(call, value)
        else:
            self._called(value, call)


def _own_uses(function: Node) -> list[Node]:
    """Return where a named function expression calls itself by its name."""
    stack, found = [function.kids[1]], []
    while stack:
        node = stack.pop()
        if node.op == Op.ID and isinstance(node.of, Binding) and function in node.of.targets:
            found.append(node)
        stack += node.kids
    return found


def _takes_all(function: Node) -> bool:
    """Whether a function takes what it is given by `arguments`."""
    return any(node.op == Op.ID and node.of is None and node.name == "arguments" for node in below(function.kids[1]))


def _is_in_returned(call: Node, function: Node, backward: Backward) -> bool:
    """Whether a call is in a function that `function` returns: then `function` is a wrapper, and calls nothing."""
    inner: list[Node] = []
    for around in functions_around(call):
        if around is function:
            things = [thing for value in returned(function) for thing in backward.things(value)]
            return any(one in things for one in inner)
        inner.append(around)
    return False
