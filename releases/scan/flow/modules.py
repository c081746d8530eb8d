"""The modules of a package: files that are required, and those that bundlers put into tables.

Forms: CommonJS and ES modules by path; webpack 3 to 5 and what follows it, as tables of `function (module, exports,
require)`, in a bundle of its own or pushed to chunks that share them.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import Literal

from .nodes import FUNCTIONS, Node, Op
from .package import Binding, Package, below, file_of, function_of, params_of, value_of
from .passed import passed_to

Role = Literal["module", "exports", "require"]
_ROLES: tuple[Role, ...] = ("module", "exports", "require")
_NPM_ROLES: tuple[Role, ...] = ("require", "module", "exports")
_NPM_DEFINE = "__DEFINE__"
_NPM_ENTRY = frozenset(["func", "req", "m", "status"])
_SHARED = "chunks"
_BY_PATH = ""  # the space of a file's own names, which are for paths
_CALLED_BY = frozenset(["call", "apply", "bind", "async"])
_ENDINGS = ("", ".js", "/index.js")


class Module:
    """What can be required: a file, or a function in a table. `exported` is what is assigned to `module.exports`."""

    __slots__ = ("exported", "exports", "name", "node", "required")

    def __init__(self, node: Node, name: str) -> None:
        self.node, self.name = node, name
        self.exports: list[Node] = []  # where `exports`, or `module.exports`, stands
        self.exported: list[Node] = []
        self.required: list[Node] = []  # calls that give it


class Modules:
    """Finds modules, and where each is required."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._files = {path: Module(root, path) for path, root in package.files.items()}
        self._tables: dict[str, dict[str, Module]] = defaultdict(dict)
        self._roles: dict[Binding, tuple[Role, Module, str]] = {}
        self._require_of_table: dict[Node, str] = {}  # the bootstrap's own `require`, by its function
        self.getters: dict[Node, tuple[Module, str]] = {}  # functions that give a member of a module's exports
        self._by_member: defaultdict[tuple[Module, str], list[Node]] = defaultdict(list)
        self._lazy: dict[Binding, Module] = {}
        self._names: dict[Module, dict[str, str]] = {}  # of those in npm packages: the numbers of what they require
        self._loaders: set[Node] = set()  # of npm packages: the functions that these numbers are given to
        self.lost: list[Node] = []  # where `require` goes that it can't be followed
        self._find_tables()
        self._find_passed()
        self._find_file_exports()
        self._find_table_exports()
        self._find_requires()

    def of_call(self, call: Node) -> Module | None:
        """Return the module that a call requires."""
        callee = call.kids[0]
        if callee.op == Op.MEMBER and callee.name == "async":
            callee = callee.kids[0]
        if callee.op != Op.ID or len(call.kids) < 2:
            return self._lazy.get(callee.of) if callee.op == Op.ID else None
        key = key_of(call)
        if key.op == Op.NUMBER and (module := self._tables[_path(call)].get(key.name)) and module in self._names:
            return module
        if callee.of is None:
            return self.by_path(call, key.name) if callee.name == "require" and key.op == Op.STRING else None
        role = self._roles.get(callee.of)
        if role is None or role[0] != "require" or key.op not in (Op.STRING, Op.NUMBER):
            return None
        if role[1] in self._names:
            number = self._names[role[1]].get(key.name)
            return self.by_path(call, key.name) if number is None else self._tables[role[2]].get(number)
        return self.by_path(call, key.name) if role[2] == _BY_PATH else self._by_number(role[2], key.name)

    def asks_by_name(self, call: Node) -> bool:
        """Whether a call asks for a module of the package by a name that is not written out: `require("./" + name)`."""
        callee = call.kids[0]
        is_direct = callee.op == Op.ID
        if callee.op == Op.MEMBER and callee.name in _CALLED_BY:
            is_direct = callee.name == "async"
            callee = callee.kids[0]
        if callee.op == Op.MEMBER:
            is_require, is_direct = callee.name == "require" and self._is_own(callee.kids[0], "module"), False
        else:
            is_require = self._is_own(callee, "require")
        is_written = is_direct and len(call.kids) > 1 and key_of(call).op == Op.STRING
        return is_require and not is_written and function_of(call) not in self._loaders

    def _is_own(self, node: Node, name: Role) -> bool:
        """Whether a name is the file's own `require` or `module`, or that of a module in an npm package."""
        if node.op != Op.ID or node.of is None:
            return node.op == Op.ID and node.name == name
        role = self._roles.get(node.of)
        return role is not None and role[0] == name and (role[2] == _BY_PATH or role[1] in self._names)

    def of_table_require(self, function: Node, key: str) -> Module | None:
        """Return the module that a bundle's own `require` gives for a key."""
        table = self._require_of_table.get(function)
        return None if table is None else self._by_number(table, key)

    def role_of(self, node: Node) -> Role | None:
        """Return what a name in a table's function stands for."""
        role = self._roles.get(node.of)
        return None if role is None or role[2] == _BY_PATH else role[0]

    def getters_of(self, module: Module, name: str) -> list[Node]:
        """Return the functions that give a member of a module's exports."""
        return self._by_member.get((module, name), [])

    def module_around(self, node: Node) -> Module:
        """Return the module of the file that a node is in."""
        return self._files[file_of(node).name]

    def exports_of_name(self, node: Node) -> Module | None:
        """Return the module whose exports a name in its function in a table stands for."""
        return self._roles[node.of][1] if self.role_of(node) == "exports" else None

    def exports_of_member(self, node: Node) -> Module | None:
        """Return the module of `module.exports`."""
        target = node.kids[0]
        while target.op == Op.ASSIGN:
            target = target.kids[1]
        if target.op != Op.ID:
            return None
        if target.of is None:
            return self.module_around(node) if target.name == "module" else None
        role = self._roles.get(target.of)
        return role[1] if role is not None and role[0] == "module" else None

    # Tables ---------------------------------------------------------------------------------------------------------

    def _find_tables(self) -> None:
        for call in self._package.calls:
            callee = call.kids[0]
            if callee.op == Op.ID and callee.name == _NPM_DEFINE:
                self._note_npm(call)
            elif callee.op == Op.ID and len(call.kids) == 2 and call.kids[1].op in FUNCTIONS:
                self._note_lazy(call)
            elif callee.op == Op.MEMBER and callee.name == "push" and len(call.kids) > 1:
                pushed = call.kids[1]
                if pushed.op == Op.ARRAY and len(pushed.kids) > 1 and pushed.kids[0].op == Op.ARRAY:
                    self._note_table(pushed.kids[1], _SHARED)
            elif callee.op in FUNCTIONS:
                for place, arg in enumerate(call.kids[1:]):
                    space = f"{_path(call)}:{id(arg)}"
                    if self._note_table(arg, space) and place < len(params_of(callee)):
                        self._note_bootstrap(params_of(callee)[place], space)
        for table in self._package.objects:
            up = table.up
            if {prop.name for prop in table.kids} >= _NPM_ENTRY:
                self._note_npm_entry(table)
            if up is not None and up.op in (Op.VAR, Op.ASSIGN) and table.slot == 1 and up.kids[0].op == Op.ID:
                space = f"{_path(table)}:{id(table)}"
                if self._note_table(table, space):
                    self._note_bootstrap(up.kids[0], space)

    def _note_npm(self, call: Node) -> None:
        """Note a module of a package as WeChat's developer tool builds it: `__DEFINE__(id, function, function)`.

        The last function says which number each name stands for that the module requires.
        """
        if len(call.kids) == 4 and call.kids[1].op == Op.NUMBER and call.kids[2].op in FUNCTIONS:
            self._note_npm_module(call.kids[1].name, call.kids[2], call.kids[3])

    def _note_npm_entry(self, entry: Node) -> None:
        """Note the same where a minifier has put `__DEFINE__` in its place: `modules[id] = {func: …, req: …, m: …}`."""
        up = entry.up
        if up is None or up.op != Op.ASSIGN or up.kids[0].op != Op.MEMBER:
            return
        functions = {prop.name: value_of(prop.kids[0]) for prop in entry.kids if prop.kids}
        if functions["func"].op in FUNCTIONS:
            self._note_npm_module(up.kids[0].name, functions["func"], functions["req"])

    def _note_npm_module(self, number: str, function: Node, names: Node) -> None:
        space = _path(function)
        module = self._tables[space].setdefault(number, Module(function, number))
        self._give_roles(function, _NPM_ROLES, module, space)
        maps = (node for node in below(names) if node.op == Op.OBJECT)
        props = [prop for found in maps for prop in found.kids if prop.op == Op.PROP and prop.kids]
        self._names[module] = {prop.name: prop.kids[0].name for prop in props if prop.kids[0].op == Op.NUMBER}
        self._loaders.update(value_of(node.kids[0]) for node in below(names) if node.op == Op.CALL)

    def _note_lazy(self, call: Node) -> None:
        """Note a module as esbuild writes it: `var name = __commonJS((exports, module) => …)`, required by `name()`."""
        helper, up = value_of(call.kids[0]), call.up
        if helper.op not in FUNCTIONS or up is None or up.op != Op.VAR or up.kids[0].op != Op.ID:
            return
        if not any(node.op == Op.PROP and node.name == "exports" for node in below(helper.kids[1])):
            return
        module = Module(call.kids[1], up.kids[0].name)
        self._give_roles(call.kids[1], ("exports", "module"), module, _path(call))
        self._lazy[up.kids[0].of] = module

    def _give_roles(self, function: Node, roles: tuple[Role, ...], module: Module, space: str) -> None:
        for role, pattern in zip(roles, params_of(function), strict=False):
            if pattern.op == Op.ID and isinstance(pattern.of, Binding):
                self._roles[pattern.of] = (role, module, space)

    def _note_table(self, table: Node, space: str) -> bool:
        if table.op == Op.OBJECT:
            entries = [(kid.name, kid.kids[0]) for kid in table.kids if kid.op == Op.PROP and kid.kids]
        elif table.op == Op.ARRAY:
            entries = [(str(number), kid) for number, kid in enumerate(table.kids)]
        else:
            return False
        functions = [(name, kid) for name, kid in entries if kid.op in FUNCTIONS and len(params_of(kid)) <= 3]
        if not functions or len(functions) < len([kid for _name, kid in entries if kid.op != Op.OTHER]):
            return False
        if not any(_is_module(function) for _name, function in functions):
            return False
        for name, function in functions:
            module = self._tables[space].setdefault(name, Module(function, name))
            if space != _SHARED:
                self._tables[_SHARED].setdefault(name, module)
            self._give_roles(function, _ROLES, module, space)
        return True

    def _note_bootstrap(self, pattern: Node, space: str) -> None:
        """Find the function that takes modules out of the table that is bound to a name."""
        if pattern.op != Op.ID or not isinstance(pattern.of, Binding):
            return
        for use in pattern.of.uses:
            up = use.up
            if up is not None and up.op == Op.INDEX and use.slot == 0 and up.kids[1].op == Op.ID:
                function = function_of(up)
                if function.op in FUNCTIONS and any(param.of is up.kids[1].of for param in params_of(function)):
                    self._require_of_table[function] = space
                    for name in _names_of(function):
                        self._roles.setdefault(name, ("require", Module(function, ""), space))

    def _by_number(self, space: str, key: str) -> Module | None:
        return self._tables[space].get(key) or self._tables[_SHARED].get(key)

    # Exports --------------------------------------------------------------------------------------------------------

    def _find_passed(self) -> None:
        """Find other names of what a file has by itself: its `require`, `module` and `exports`."""
        waiting = [(role, node, self._files[_path(node)]) for role in _ROLES for node in self._package.globals[role]]
        for role, node, module in waiting:
            names, is_lost = passed_to(node)
            if is_lost and role == "require":
                self.lost.append(node)
            for name in names:
                if name not in self._roles:
                    self._roles[name] = (role, module, _BY_PATH)
                    waiting += [(role, use, module) for use in name.uses]

    def _find_file_exports(self) -> None:
        for name, exports in (("exports", True), ("module", False)):
            for node in self._package.globals[name]:
                self._note_exports(self._files[_path(node)], node, is_exports=exports)

    def _find_table_exports(self) -> None:
        for binding, (role, module, _space) in self._roles.items():
            for use in binding.uses if module.name else ():
                if role == "require":
                    self._note_definition(use)
                else:
                    self._note_exports(module, use, is_exports=role == "exports")

    def _note_exports(self, module: Module, node: Node, *, is_exports: bool) -> None:
        up = node.up
        while not is_exports and up is not None and up.op == Op.ASSIGN and up.kids[1] is node:
            node, up = up, up.up  # (m = module).exports = …
        if is_exports:
            module.exports.append(node)
        elif up is not None and up.op == Op.MEMBER and up.name == "exports":
            if up.up is not None and up.up.op == Op.ASSIGN and up.slot == 0:
                module.exported.append(up.up.kids[1])
            else:
                module.exports.append(up)

    def _note_definition(self, require: Node) -> None:
        """Note `n.d(e, "a", function () {…})` and `n.d(e, {a: () => …})`."""
        up = require.up
        call = None if up is None or up.op != Op.MEMBER or up.name != "d" else up.up
        if call is None or call.op != Op.CALL or len(call.kids) < 3:
            return
        exports, what = call.kids[1], call.kids[2]
        role = self._roles.get(exports.of) if exports.op == Op.ID else None
        if role is None:
            return
        if what.op == Op.OBJECT:
            for prop in what.kids:
                if prop.op == Op.PROP and prop.kids and prop.kids[0].op in FUNCTIONS:
                    self._note_getter(prop.kids[0], role[1], prop.name)
        elif len(call.kids) > 3 and call.kids[3].op in FUNCTIONS:
            self._note_getter(call.kids[3], role[1], what.name)

    def _note_getter(self, function: Node, module: Module, name: str) -> None:
        self.getters[function] = (module, name)
        self._by_member[module, name].append(function)

    # Requires -------------------------------------------------------------------------------------------------------

    def _find_requires(self) -> None:
        for call in self._package.calls:
            module = self.of_call(call)
            if module is not None:
                module.required.append(call)

    def by_path(self, call: Node, wanted: str) -> Module | None:
        """Return the module of a file that the file of a call can name so."""
        folder = posixpath.dirname(_path(call))
        tried = [posixpath.normpath(posixpath.join(folder, wanted))]
        if wanted.startswith("/"):
            tried = [posixpath.normpath(wanted).lstrip("/")]
        elif not wanted.startswith("."):
            tried.append(posixpath.normpath(wanted))
            while True:  # npm packages lie beside or above what requires them
                tried.append(posixpath.normpath(posixpath.join(folder, "miniprogram_npm", wanted)))
                if not folder:
                    break
                folder = posixpath.dirname(folder)
        for path in tried:
            for ending in _ENDINGS:
                if path + ending in self._files:
                    return self._files[path + ending]
        return None


def _path(node: Node) -> str:
    return file_of(node).name


def key_of(call: Node) -> Node:
    """Return what a call of `require` asks for; a bundle's first one notes it, too: `n(n.s = 4)`."""
    key = call.kids[1]
    return key.kids[1] if key.op == Op.ASSIGN else key


def _is_module(function: Node) -> bool:
    """Whether a function uses its parameters as a module does: exports, `module.exports`, or `require(…)`."""
    for role, pattern in zip(_ROLES, params_of(function), strict=False):
        for use in pattern.of.uses if pattern.op == Op.ID and isinstance(pattern.of, Binding) else ():
            up = use.up
            if up is None:
                continue
            if role == "module" and up.op == Op.MEMBER and up.name == "exports":
                return True
            if role == "require" and up.op == Op.CALL and (use.slot == 0 or not up.kids[0].kids):
                return True
            if role == "require" and up.op == Op.MEMBER and up.name in ("d", "r", "n", "t"):
                return True
            if role == "exports" and up.op == Op.MEMBER and up.up is not None and up.up.op == Op.ASSIGN:
                return True
    return False


def _names_of(function: Node) -> list[Binding]:
    """Return the names that a function is declared under."""
    up = function.up
    if up is not None and up.op in (Op.VAR, Op.ASSIGN) and up.kids[0].op == Op.ID:
        return [up.kids[0].of] if isinstance(up.kids[0].of, Binding) else []
    return []
