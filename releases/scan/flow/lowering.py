"""From the parser's tree of a script to the small one."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node as Syntax

from .es_modules import SKIPPED, EsModules
from .literals import unescaped
from .nodes import Node, Op

DEEPEST = 1_500  # nodes within one another
_CHOICES = frozenset(["||", "&&", "??"])
_CHOOSING = frozenset(["||=", "&&=", "??="])


class TooDeepError(Exception):
    """The script is nested deeper than any that people or bundlers write."""


def lower(root: Syntax, source: bytes) -> Node:
    """Return the small tree of a whole script. Raises TooDeepError."""
    return _Lowering(source).file(root)


class _Lowering(EsModules):
    def __init__(self, source: bytes) -> None:
        self._source = source
        self._depth = 0

    def file(self, root: Syntax) -> Node:
        return Node(Op.FILE, 1, "", tuple(self._statements(root)))

    # What every kind of node goes through ---------------------------------------------------------------------------

    def node(self, syntax: Syntax) -> Node:
        """Lower one; a kind that is not known holds what is below it, as OTHER."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise TooDeepError
        kind = _KINDS.get(syntax.type, _Lowering._other)
        node = kind(self, syntax)
        self._depth -= 1
        return node

    def _new(self, op: Op, syntax: Syntax, name: str = "", kids: list[Node] | None = None) -> Node:
        return Node(op, syntax.start_point[0] + 1, name, tuple(kids) if kids else ())

    def _text(self, syntax: Syntax) -> str:
        return self._source[syntax.start_byte : syntax.end_byte].decode(errors="replace")

    def _field(self, syntax: Syntax, name: str) -> Node:
        found = syntax.child_by_field_name(name)
        return self._new(Op.OTHER, syntax) if found is None else self.node(found)

    def _below(self, syntax: Syntax) -> list[Node]:
        return [self.node(child) for child in syntax.named_children if child.type not in SKIPPED]

    def _statements(self, syntax: Syntax) -> list[Node]:
        return [node for node in self._below(syntax) if node.kids or node.op != Op.OTHER]

    def _other(self, syntax: Syntax) -> Node:
        """Keep what is evaluated below; a name or a text whose value ends here does nothing."""
        return self._new(Op.OTHER, syntax, "", [kid for kid in self._below(syntax) if not _does_nothing(kid)])

    # Statements -----------------------------------------------------------------------------------------------------

    def _block(self, syntax: Syntax) -> Node:
        return self._new(Op.BLOCK, syntax, "", self._statements(syntax))

    def _expression_statement(self, syntax: Syntax) -> Node:
        kids = self._below(syntax)
        return kids[0] if len(kids) == 1 else self._new(Op.OTHER, syntax, "", kids)

    def _declaration(self, syntax: Syntax) -> Node:
        how = "var" if syntax.type == "variable_declaration" else "let"
        kids = []
        for child in syntax.named_children:
            if child.type == "variable_declarator":
                parts = [self._field(child, "name")]
                if child.child_by_field_name("value") is not None:
                    parts.append(self._field(child, "value"))
                kids.append(self._new(Op.VAR, child, how, parts))
        return kids[0] if len(kids) == 1 else self._new(Op.OTHER, syntax, "", kids)

    def _return(self, syntax: Syntax) -> Node:
        return self._new(Op.RETURN, syntax, "", self._below(syntax))

    def _handed(self, syntax: Syntax) -> Node:
        """Write `throw a`, `yield a` and `with (a)` as calls that nothing is known of: they hand `a` on."""
        name = self._new(Op.ID, syntax, syntax.type.partition("_")[0])
        return self._new(Op.CALL, syntax, "", [name, *self._below(syntax)])

    def _for_in(self, syntax: Syntax) -> Node:
        left, right = self._field(syntax, "left"), self._field(syntax, "right")
        operator = syntax.child_by_field_name("operator")
        how = "of" if operator is not None and operator.type == "of" else "in"
        kind = syntax.child_by_field_name("kind")
        if kind is not None:
            left = self._new(Op.VAR, syntax, "var" if kind.type == "var" else "let", [left])
        walked = self._new(Op.FOR_IN, syntax, how, [left, right])
        return self._new(Op.BLOCK, syntax, "", [walked, self._field(syntax, "body")])

    def _catch(self, syntax: Syntax) -> Node:
        return self._new(Op.CATCH, syntax, "", [self._field(syntax, "parameter"), self._field(syntax, "body")])

    # Functions and classes ------------------------------------------------------------------------------------------

    def _function(self, syntax: Syntax) -> Node:
        name, params = syntax.child_by_field_name("name"), syntax.child_by_field_name("parameters")
        single, body = syntax.child_by_field_name("parameter"), syntax.child_by_field_name("body")
        patterns = [self.node(single)] if single is not None else [] if params is None else self._below(params)
        if body is None:
            inner = self._new(Op.BLOCK, syntax)
        elif body.type == "statement_block":
            inner = self.node(body)
        else:
            inner = self._new(Op.BLOCK, body, "", [self._new(Op.RETURN, body, "", [self.node(body)])])
        op = Op.ARROW if syntax.type == "arrow_function" else Op.FUNCTION
        # A method's name is that of the property, which nothing inside can call it by.
        own = "" if name is None or syntax.type == "method_definition" else self._text(name)
        function = self._new(op, syntax, own, [self._new(Op.PARAMS, syntax, "", patterns), inner])
        if syntax.type.endswith("function_declaration"):
            return self._new(Op.VAR, syntax, "function", [self._new(Op.ID, syntax, own), function])
        return function

    def _class(self, syntax: Syntax) -> Node:
        name, body = syntax.child_by_field_name("name"), syntax.child_by_field_name("body")
        heritage = next((child for child in syntax.named_children if child.type == "class_heritage"), None)
        kids = [self._new(Op.OTHER, syntax) if heritage is None else self._below(heritage)[0]]
        for member in [] if body is None else body.named_children:
            if member.type == "method_definition":
                kids.append(self._method(member))
            elif member.type == "field_definition" and (key := member.child_by_field_name("property")):
                kids.append(self._keyed(member, key, self._field(member, "value")))
            elif member.type == "class_static_block":
                kids.append(self._new(Op.PROP, member, "", [self._other(member)]))
        own = "" if name is None else self._text(name)
        node = self._new(Op.CLASS, syntax, own, kids)
        if syntax.type == "class_declaration":
            return self._new(Op.VAR, syntax, "let", [self._new(Op.ID, syntax, own), node])
        return node

    def _method(self, syntax: Syntax) -> Node:
        key = syntax.child_by_field_name("name")
        function = self._function(syntax)
        is_getter = any(child.type == "get" for child in syntax.children)
        if is_getter:  # Reading it calls it.
            function = self._new(Op.CALL, syntax, "", [function])
        return self._new(Op.OTHER, syntax, "", [function]) if key is None else self._keyed(syntax, key, function)

    # Objects and patterns -------------------------------------------------------------------------------------------

    def _key(self, syntax: Syntax) -> str:
        return self._string_text(syntax) if syntax.type == "string" else self._text(syntax)

    def _keyed(self, syntax: Syntax, key: Syntax, value: Node) -> Node:
        if key.type == "computed_property_name":
            kids = self._below(key)
            if len(kids) == 1 and kids[0].op == Op.STRING:
                return self._new(Op.PROP, syntax, kids[0].name, [value])
            return self._new(Op.COMPUTED, syntax, "", [self._new(Op.SEQUENCE, key, "", kids), value])
        return self._new(Op.PROP, syntax, self._key(key), [value])

    def _object(self, syntax: Syntax) -> Node:
        kids = []
        for child in syntax.named_children:
            if child.type in ("pair", "pair_pattern"):
                key = child.child_by_field_name("key")
                kids += [] if key is None else [self._keyed(child, key, self._field(child, "value"))]
            elif child.type in ("shorthand_property_identifier", "shorthand_property_identifier_pattern"):
                name = self._text(child)
                kids.append(self._new(Op.PROP, child, name, [self._new(Op.ID, child, name)]))
            elif child.type == "method_definition":
                kids.append(self._method(child))
            elif child.type == "object_assignment_pattern":
                left, right = self._field(child, "left"), self._field(child, "right")
                pattern = self._new(Op.DEFAULT, child, "", [self._new(Op.ID, child, left.name), right])
                kids.append(self._new(Op.PROP, child, left.name, [pattern]))
            elif child.type in ("spread_element", "rest_pattern"):
                kids.append(self._spread(child))
            elif child.type not in SKIPPED:
                kids.append(self._new(Op.PROP, child, "", [self.node(child)]))
        return self._new(Op.OBJECT, syntax, "", kids)

    def _array(self, syntax: Syntax) -> Node:
        return self._new(Op.ARRAY, syntax, "", self._below(syntax))

    def _spread(self, syntax: Syntax) -> Node:
        return self._new(Op.SPREAD, syntax, "", self._below(syntax))

    def _default(self, syntax: Syntax) -> Node:
        return self._new(Op.DEFAULT, syntax, "", [self._field(syntax, "left"), self._field(syntax, "right")])

    # Expressions ----------------------------------------------------------------------------------------------------

    def _identifier(self, syntax: Syntax) -> Node:
        return self._new(Op.ID, syntax, self._text(syntax))

    def _nothing(self, syntax: Syntax) -> Node:
        return self._new(Op.ID, syntax, "undefined")

    def _unary(self, syntax: Syntax) -> Node:
        if self._source.startswith(b"void", syntax.start_byte):
            return self._nothing(syntax)
        node = self._other(syntax)
        is_delete = self._source.startswith(b"delete", syntax.start_byte)
        if is_delete and node.kids and node.kids[0].op in (Op.MEMBER, Op.INDEX):
            node.kids = node.kids[0].kids  # What is deleted is not read.
        return node

    def _this(self, syntax: Syntax) -> Node:
        return self._new(Op.THIS, syntax)

    def _member(self, syntax: Syntax) -> Node:
        name = syntax.child_by_field_name("property")
        return self._new(Op.MEMBER, syntax, "" if name is None else self._text(name), [self._field(syntax, "object")])

    def _subscript(self, syntax: Syntax) -> Node:
        target, key = self._field(syntax, "object"), self._field(syntax, "index")
        if key.op in (Op.STRING, Op.NUMBER):
            return self._new(Op.MEMBER, syntax, key.name, [target])
        return self._new(Op.INDEX, syntax, "", [target, key])

    def _call(self, syntax: Syntax) -> Node:
        is_new = syntax.type == "new_expression"
        callee, args = (
            self._field(syntax, "constructor" if is_new else "function"),
            syntax.child_by_field_name("arguments"),
        )
        if args is not None and args.type == "template_string":  # A tag is given what is put into its template.
            kids = [kid for part in args.named_children for kid in self._below(part)]
        else:
            kids = [] if args is None else self._below(args)
        return self._new(Op.NEW if is_new else Op.CALL, syntax, "", [callee, *kids])

    def _dynamic_import(self, syntax: Syntax) -> Node:
        return self._new(Op.ID, syntax, "require")

    def _assignment(self, syntax: Syntax) -> Node:
        return self._new(Op.ASSIGN, syntax, "", [self._field(syntax, "left"), self._field(syntax, "right")])

    def _augmented(self, syntax: Syntax) -> Node:
        operator = syntax.child_by_field_name("operator")
        how = "" if operator is None else operator.type
        left, right = self._field(syntax, "left"), self._field(syntax, "right")
        if how in _CHOOSING:
            return self._new(Op.ASSIGN, syntax, "", [left, right])
        if how == "+=":  # What was there before is another expression that is assigned.
            return self._new(Op.ASSIGN, syntax, "+", [left, self._new(Op.CONCAT, syntax, "+=", [right])])
        return self._new(Op.OTHER, syntax, "", [left, right])

    def _binary(self, syntax: Syntax) -> Node:
        operator = syntax.child_by_field_name("operator")
        how = "" if operator is None else operator.type
        if how in _CHOICES:
            return self._new(Op.CHOICE, syntax, how, self._chain(syntax, _CHOICES))
        if how == "+":
            return self._new(Op.CONCAT, syntax, "", self._chain(syntax, {"+"}))
        return self._other(syntax)

    def _chain(self, syntax: Syntax, operators: frozenset[str] | set[str]) -> list[Node]:
        """Return the operands of `a + b + c`, which nests to the left, as deep as it is long."""
        right: list[Node] = []
        left: Syntax | None = syntax
        while left is not None and left.type == "binary_expression":
            operator = left.child_by_field_name("operator")
            if operator is None or operator.type not in operators:
                break
            right.append(self._field(left, "right"))
            left = left.child_by_field_name("left")
        if left is not None:
            right.append(self.node(left))
        return right[::-1]

    def _ternary(self, syntax: Syntax) -> Node:
        choice = self._new(
            Op.CHOICE, syntax, "?", [self._field(syntax, "consequence"), self._field(syntax, "alternative")]
        )
        return self._new(Op.SEQUENCE, syntax, "", [self._field(syntax, "condition"), choice])

    def _sequence(self, syntax: Syntax) -> Node:
        kids = self._below(syntax)
        flat = [*kids[0].kids, *kids[1:]] if kids and kids[0].op == Op.SEQUENCE else kids
        return flat[0] if len(flat) == 1 else self._new(Op.SEQUENCE, syntax, "", flat)

    def _string(self, syntax: Syntax) -> Node:
        return self._new(Op.STRING, syntax, self._string_text(syntax))

    def _string_text(self, syntax: Syntax) -> str:
        return unescaped(self._source[syntax.start_byte + 1 : syntax.end_byte - 1].decode(errors="replace"))

    def _template(self, syntax: Syntax) -> Node:
        kids: list[Node] = []
        begin = syntax.start_byte + 1
        for child in syntax.named_children:
            if child.type == "template_substitution":
                kids += self._piece(syntax, begin, child.start_byte)
                kids.append(self._new(Op.SEQUENCE, child, "", self._below(child)))
                begin = child.end_byte
        kids += self._piece(syntax, begin, syntax.end_byte - 1)
        if len(kids) == 1 and kids[0].op == Op.STRING:
            return kids[0]
        return self._new(Op.CONCAT, syntax, "", kids) if kids else self._new(Op.STRING, syntax)

    def _piece(self, syntax: Syntax, begin: int, end: int) -> list[Node]:
        text = unescaped(self._source[begin:end].decode(errors="replace"))
        return [self._new(Op.STRING, syntax, text)] if text else []

    def _number(self, syntax: Syntax) -> Node:
        return self._new(Op.NUMBER, syntax, self._text(syntax))


def _does_nothing(node: Node) -> bool:
    if node.op == Op.STRING:
        return "//" not in node.name
    return node.op in (Op.ID, Op.NUMBER, Op.THIS) or (node.op == Op.OTHER and not node.kids)


_KINDS: dict[str, Callable[[_Lowering, Syntax], Node]] = {
    "statement_block": _Lowering._block,
    "switch_body": _Lowering._block,
    "for_statement": _Lowering._block,
    "expression_statement": _Lowering._expression_statement,
    "variable_declaration": _Lowering._declaration,
    "lexical_declaration": _Lowering._declaration,
    "return_statement": _Lowering._return,
    "throw_statement": _Lowering._handed,
    "yield_expression": _Lowering._handed,
    "with_statement": _Lowering._handed,
    "for_in_statement": _Lowering._for_in,
    "catch_clause": _Lowering._catch,
    "import_statement": _Lowering._import,
    "export_statement": _Lowering._export,
    "function_declaration": _Lowering._function,
    "generator_function_declaration": _Lowering._function,
    "function_expression": _Lowering._function,
    "generator_function": _Lowering._function,
    "arrow_function": _Lowering._function,
    "class": _Lowering._class,
    "class_declaration": _Lowering._class,
    "object": _Lowering._object,
    "object_pattern": _Lowering._object,
    "array": _Lowering._array,
    "array_pattern": _Lowering._array,
    "spread_element": _Lowering._spread,
    "rest_pattern": _Lowering._spread,
    "assignment_pattern": _Lowering._default,
    "identifier": _Lowering._identifier,
    "undefined": _Lowering._identifier,
    "shorthand_property_identifier_pattern": _Lowering._identifier,
    "null": _Lowering._nothing,
    "unary_expression": _Lowering._unary,
    "this": _Lowering._this,
    "import": _Lowering._dynamic_import,
    "member_expression": _Lowering._member,
    "subscript_expression": _Lowering._subscript,
    "call_expression": _Lowering._call,
    "new_expression": _Lowering._call,
    "assignment_expression": _Lowering._assignment,
    "augmented_assignment_expression": _Lowering._augmented,
    "binary_expression": _Lowering._binary,
    "ternary_expression": _Lowering._ternary,
    "sequence_expression": _Lowering._sequence,
    "parenthesized_expression": _Lowering._sequence,
    "await_expression": _Lowering._sequence,
    "string": _Lowering._string,
    "template_string": _Lowering._template,
    "number": _Lowering._number,
}
