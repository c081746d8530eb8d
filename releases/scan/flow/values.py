"""The values that are followed, and what holds them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from ..facts import Reason
from .backward import Backward
from .modules import Modules
from .nodes import Node, Op
from .package import Package, file_of

Kind = Literal[
    "api", "method", "any", "entries", "function", "object", "param", "wrapped", "getter", "global"
]  # fmt: skip
BUILT = "="  # `via` of a method whose name the script puts together
GLOBALS = ("globalThis", "global", "self", "window")
_EVERYWHERE = 1_000  # nodes that an object can be at; one that is at more is a framework's, which keeps it for others
NAME = re.compile(r"[A-Za-z_$][\w$]*")


class Value(NamedTuple):
    """What can be at a node, by `kind`:

    - api: the host's API object; method: its method `what`; any: a method of it whose name is known at run time only;
      entries: its names and methods, as Object.entries gives them
    - function `what`; object `what`: an object, class, function or module that has a member which is followed
    - param `what`: whatever is given for a parameter, as (function, place)
    - wrapped, getter: the value `what` behind what compilers and bundlers put around a module
    - global: the global object

    `via` is what the API object was passed on by, "" where it was not.
    """

    kind: Kind
    what: Any = None
    via: str = ""

    def is_same(self, other: Value) -> bool:
        """Whether it is the same value, however it came there."""
        return self.kind == other.kind and self.what == other.what


class Use(NamedTuple):
    """A method of the API that is called, or handed on to be called, at a node."""

    name: str
    node: Node
    via: str


API, GLOBAL = Value("api"), Value("global")


class Flow:
    """What is known of a package while values are followed through it.

    `wrapper_of` names the framework that hands the API on in a file, "" for the program. `names` are the methods that
    are believed of an object onto which the API was copied.
    """

    def __init__(
        self, package: Package, modules: Modules, *, wrapper_of: Callable[[str], str], names: frozenset[str]
    ) -> None:
        self.backward = Backward(package, modules)
        self.uses: dict[tuple[str, Node], Use] = {}
        self.calls: list[tuple[str, Node]] = []  # of methods
        self.open: dict[tuple[Node, Reason], None] = {}  # where something can't be followed
        self._package, self._modules, self._wrapper_of, self._names = package, modules, wrapper_of, names
        self._seen: set[tuple[Node, Kind, Any]] = set()
        self._at: defaultdict[Node, list[Value]] = defaultdict(list)
        self._queue: deque[tuple[Node, Value]] = deque()
        self._spread_to: Counter[Any] = Counter()

    def flow(self, node: Node, value: Value) -> None:
        """Let a value be at a node."""
        key = (node, value.kind, value.what)
        if key in self._seen:
            return
        if value.kind in ("object", "function"):
            self._spread_to[value.what] += 1
            if self._spread_to[value.what] > _EVERYWHERE:
                self.open[node, "handed"] = None
                return
        self._seen.add(key)
        self._at[node].append(value)
        self._queue.append((node, value))

    def _via(self, node: Node) -> str:
        """Return what passes the API object on at a node: a framework, or a function of the program."""
        framework = self._wrapper_of(file_of(node).name)
        if framework:
            return framework
        callee = node.kids[0] if node.op in (Op.CALL, Op.NEW) else None
        while callee is not None and callee.op in (Op.SEQUENCE, Op.MEMBER, Op.ID):
            if callee.name:
                return callee.name
            callee = callee.kids[-1] if callee.kids else None
        return "copy"

    def _use(self, value: Value, node: Node) -> None:
        self.uses.setdefault((value.what, node), Use(value.what, node, value.via))
