"""Modules of ES, lowered to what compilers make of them: `require` and `exports`."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tree_sitter import Node as Syntax

from .nodes import Node, Op

SKIPPED = frozenset(["comment", "hash_bang_line", "empty_statement", "debugger_statement", "html_comment"])


class EsModules(ABC):
    """The part of the lowering that knows `import` and `export`."""

    @abstractmethod
    def node(self, syntax: Syntax) -> Node:
        """Lower one."""

    @abstractmethod
    def _new(self, op: Op, syntax: Syntax, name: str = "", kids: list[Node] | None = None) -> Node: ...

    @abstractmethod
    def _text(self, syntax: Syntax) -> str: ...

    @abstractmethod
    def _key(self, syntax: Syntax) -> str: ...

    @abstractmethod
    def _other(self, syntax: Syntax) -> Node: ...

    def _require(self, syntax: Syntax, source: Syntax) -> Node:
        return self._new(Op.CALL, syntax, "", [self._new(Op.ID, syntax, "require"), self.node(source)])

    def _import(self, syntax: Syntax) -> Node:
        source = syntax.child_by_field_name("source")
        clause = next((child for child in syntax.named_children if child.type == "import_clause"), None)
        if source is None:
            return self._other(syntax)
        if clause is None:
            return self._require(syntax, source)
        kids = [self._imported(syntax, child, source) for child in clause.named_children if child.type not in SKIPPED]
        return self._new(Op.OTHER, syntax, "", kids)

    def _imported(self, syntax: Syntax, clause: Syntax, source: Syntax) -> Node:
        module = self._require(syntax, source)
        if clause.type == "identifier":
            value = self._new(Op.MEMBER, syntax, "default", [module])
            return self._new(Op.VAR, syntax, "let", [self.node(clause), value])
        if clause.type == "namespace_import":
            return self._new(Op.VAR, syntax, "let", [self.node(clause.named_children[0]), module])
        props = []
        for one in clause.named_children:
            if one.type == "import_specifier" and (name := one.child_by_field_name("name")):
                alias = one.child_by_field_name("alias") or name
                props.append(self._new(Op.PROP, one, self._key(name), [self._new(Op.ID, one, self._text(alias))]))
        return self._new(Op.VAR, syntax, "let", [self._new(Op.OBJECT, syntax, "", props), module])

    def _export(self, syntax: Syntax) -> Node:
        source, kids = syntax.child_by_field_name("source"), []
        declaration, value = syntax.child_by_field_name("declaration"), syntax.child_by_field_name("value")
        is_default = any(child.type == "default" for child in syntax.children)
        if declaration is not None:
            kids.append(self.node(declaration))
            names = ["default"] if is_default else []
            for name in _declared(kids[-1]):
                names_here = names or [name]
                kids += [self._exported(syntax, each, self._new(Op.ID, syntax, name)) for each in names_here]
            if is_default and not any(_declared(kids[0])):
                kids = [self._exported(syntax, "default", kids[0])]
        if value is not None:
            kids.append(self._exported(syntax, "default", self.node(value)))
        for clause in syntax.named_children:
            if clause.type == "export_clause":
                kids += self._specified(syntax, clause, source)
            elif clause.type == "namespace_export" and source is not None:
                name = self._key(clause.named_children[0])
                kids.append(self._exported(syntax, name, self._require(syntax, source)))
        if source is not None and not kids:  # export * from "…"
            exports = self._new(Op.ID, syntax, "exports")
            assign = self._new(Op.MEMBER, syntax, "assign", [self._new(Op.ID, syntax, "Object")])
            kids.append(self._new(Op.CALL, syntax, "", [assign, exports, self._require(syntax, source)]))
        return self._new(Op.OTHER, syntax, "", kids)

    def _specified(self, syntax: Syntax, clause: Syntax, source: Syntax | None) -> list[Node]:
        kids = []
        for one in clause.named_children:
            name = one.child_by_field_name("name")
            if one.type != "export_specifier" or name is None:
                continue
            alias = one.child_by_field_name("alias") or name
            if source is None:
                value = self._new(Op.ID, one, self._text(name))
            else:
                value = self._new(Op.MEMBER, one, self._key(name), [self._require(syntax, source)])
            kids.append(self._exported(one, self._key(alias), value))
        return kids

    def _exported(self, syntax: Syntax, name: str, value: Node) -> Node:
        target = self._new(Op.MEMBER, syntax, name, [self._new(Op.ID, syntax, "exports")])
        return self._new(Op.ASSIGN, syntax, "", [target, value])


def _declared(node: Node) -> list[str]:
    """Return the names that a lowered declaration declares."""
    if node.op == Op.VAR:
        return _names(node.kids[0])
    return [name for kid in node.kids for name in _declared(kid)] if node.op == Op.OTHER else []


def _names(pattern: Node) -> list[str]:
    if pattern.op == Op.ID:
        return [pattern.name] if pattern.name else []
    kids = pattern.kids[:1] if pattern.op == Op.DEFAULT else pattern.kids
    return [name for kid in kids for name in _names(kid)]
