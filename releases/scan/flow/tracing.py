"""Following values forward: from where the host's API object stands to where its methods are called.

A value is the API object, one of its methods, or what they pass through: an object with a member that holds one, a
function that returns one, a parameter that is given one. Each of these is followed only once something is in it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from .calls import Calls
from .nodes import Node, Op
from .package import function_of, is_target, value_of
from .things import arguments_of
from .values import API, BUILT, GLOBAL, GLOBALS, NAME, Value

_MAKES_CODE = ("eval", "Function")
_REACHES = re.compile(r"\b(?:wx|this|global\w*|self|window|require|eval|Function|import)\b|[\[\\]")
_TARO_HOOK = "initNativeApi"
_CHECKED = 256  # steps between two looks at the clock


class OutOfTimeError(Exception):
    """Following took all the processor time that it may take."""


class Tracer(Calls):
    """Follows the API object through a package, until the processor time `end`."""

    def __init__(self, *args: Any, end: float, **named: Any) -> None:
        super().__init__(*args, **named)
        self._end, self._steps = end, 0

    def run(self) -> None:
        """Follow everything from where the API object is in the scripts. Raises OutOfTimeError."""
        for node in self._package.globals["wx"]:
            self.flow(node, API)
        for name in GLOBALS:
            for node in self._package.globals[name]:
                self.flow(node, GLOBAL)
        for node in self._modules.lost:
            self.open[node, "handed"] = None
        for call in self._package.calls:
            self._count_step()
            self._seed(call)
        self.drain()
        self._note_given_this()
        self._drop_own()

    def _seed(self, call: Node) -> None:
        callee = call.kids[0]
        if callee.op == Op.ID and callee.of is None and callee.name in _MAKES_CODE and len(call.kids) > 1:
            self._seed_code(call)
        if self._modules.asks_by_name(call):
            self._seed_module(call)
        if callee.name == "Proxy" and len(call.kids) > 2:
            self._seed_proxy(call)
        self._seed_taro(call)
        if callee.op == Op.CALL and len(call.kids) == 2:
            module = self.backward.module_of(call)
            if module is not None:
                module.required.append(call)
        for this in self._package.this_of.get(callee, ()):
            if this.up is not None and this.up.op == Op.RETURN:  # `function () {return this}()` is the global object
                self.flow(call, GLOBAL)

    def _seed_taro(self, call: Node) -> None:
        """Taro's hook gives its object what `wx` has: `hooks.call("initNativeApi", taro)`, earlier a method's call."""
        callee, args = call.kids[0], arguments_of(call)
        if callee.op == Op.MEMBER and callee.name == "call":
            callee = value_of(callee.kids[0])
        if callee.op == Op.MEMBER and callee.name == _TARO_HOOK and args:
            self._taint(args[0], Value("api", None, "Taro"))
        elif len(call.kids) > 2 and call.kids[1].op == Op.STRING and call.kids[1].name == _TARO_HOOK:
            self._taint(call.kids[2], Value("api", None, "Taro"))

    def _seed_module(self, call: Node) -> None:
        """A module by a name that is not written out is open, unless the package has none of that name."""
        args = arguments_of(call)[:1]
        texts = self.backward.texts(args[0]) if args else [None]
        if any(text is None or self._modules.by_path(call, text) is not None for text in texts):
            self.open[call, "name"] = None

    def _seed_proxy(self, call: Node) -> None:
        """Note the functions that give what is taken of a proxy, wherever its handler is written."""
        for handler in self.backward.things(call.kids[2]):
            for value in self.backward.member(handler, "get"):
                for function in self.backward.things(value) if isinstance(value, Node) else ():
                    self._traps[function].append(call)

    def _seed_code(self, call: Node) -> None:
        """`Function("return this")` gives the global object; other code is open, unless it is known to name nothing."""
        texts = [text for arg in call.kids[1:] for text in self.backward.texts(arg)]
        if texts == ["return this"]:
            self.flow(call, GLOBAL)
        elif any(text is None or _REACHES.search(text) for text in texts):
            self.open[call, "code"] = None

    def is_known(self, node: Node) -> bool:
        """Whether it is known what an expression is, as far as that matters here."""
        return bool(node.op == Op.THIS or self._at.get(node) or self.backward.things(node))

    def passed_on(self) -> Iterator[tuple[Node, str]]:
        """Yield where the API object or a method of it came, with what it was passed on by."""
        for node, values in self._at.items():
            yield from ((node, value.via) for value in values if value.via and value.kind in ("api", "method"))

    def drain(self) -> None:
        """Follow what is left."""
        while self._queue:
            self._count_step()
            node, value = self._queue.popleft()
            if node.up is not None:
                self._step(node, node.up, value)

    def _count_step(self) -> None:
        self._steps += 1
        if self._steps % _CHECKED == 0 and time.process_time() > self._end:
            raise OutOfTimeError

    def _step(self, node: Node, up: Node, value: Value) -> None:
        op, slot = up.op, node.slot
        if op in (Op.VAR, Op.ASSIGN):
            if slot == 1:
                self._bind(up.kids[0], value)
                if op == Op.ASSIGN:
                    self.flow(up, value)
        elif op == Op.DEFAULT:
            if slot == 1:
                self._bind(up.kids[0], value)
        elif op == Op.MEMBER:
            self._member_at(value, up, up.name)
        elif op == Op.INDEX:
            if slot == 0:
                self._index(value, up)
        elif op in (Op.CALL, Op.NEW):
            if slot == 0:
                self._called(value, up)
            else:
                self._passed(value, up, slot)
        elif op == Op.CHOICE or (op == Op.SEQUENCE and slot == len(up.kids) - 1):
            self.flow(up, value)
        elif op == Op.PROP:
            if up.up is not None and not is_target(up):
                self._add_field(up.up, up.name, value)
                if value.kind == "api" and up.name == "__proto__":
                    self.flow(up.up, value._replace(via=value.via or self._via(up)))
                elif value.kind == "api":
                    self._give_by_name(up, value)
        elif op == Op.COMPUTED:
            self._computed(value, up, slot)
        elif op == Op.SPREAD:
            self._spread(value, up)
        elif op == Op.ARRAY:
            self._add_field(up, str(slot), value)
        elif op == Op.RETURN:
            self._return(function_of(up), value)
        elif op == Op.FOR_IN and slot == 1 and value.kind == "entries":
            self._bind_entry(up.kids[0].kids[0] if up.kids[0].op == Op.VAR else up.kids[0], value)
        elif op == Op.FOR_IN and slot == 1 and up.name == "of" and _is_array(value):
            self._each_element(value, up.kids[0].kids[0] if up.kids[0].op == Op.VAR else up.kids[0])
        elif op == Op.CLASS and slot == 0:
            self._extend(value, up)

    def _member_at(self, value: Value, node: Node, name: str) -> None:
        """A member of a value is taken at a node."""
        if is_target(node):
            self._put(value, node, name, self._given[node])
            return
        if name == "then" and node.up is not None and node.up.op == Op.CALL and node.slot == 0:
            self._then(value, node.up)
        elif value.kind == "entries":
            self._each_entry(value, node, name)
        elif _is_array(value) and node.up is not None and node.up.op == Op.CALL and node.slot == 0:
            self._of_array(value, node.up, name)
        elif value.kind in ("method", "any", "param", "function") and name in ("call", "apply", "bind"):
            self._called_by(value, node, name)
        elif value.kind == "method":
            self._use(value, node)
        else:
            self._member(value, name, lambda found: self.flow(node, found))

    def _index(self, value: Value, node: Node) -> None:
        if value.kind in ("function", "param", "wrapped", "getter", "method", "any", "entries"):
            return
        for name in self.backward.texts(node.kids[1]):
            if name is None or not NAME.fullmatch(name):
                self._take_any(value, node)
            elif value.kind == "api" and value.via == "":
                self._member_at(Value("api", None, BUILT), node, name)
            else:
                self._member_at(value, node, name)


def _is_array(value: Value) -> bool:
    return value.kind == "object" and isinstance(value.what, Node) and value.what.op == Op.ARRAY
