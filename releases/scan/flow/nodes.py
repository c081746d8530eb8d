"""The small tree that is made of a script: what matters for the flow of values, and nothing else."""

from __future__ import annotations

import enum
from typing import Any

import msgspec


class Op(enum.IntEnum):
    """What a node is; behind each, what its `name` and its `kids` are."""

    OTHER = 0  # kids: what is evaluated, and whose values end here
    FILE = 1  # kids: statements
    FUNCTION = 2  # name of itself, kids: PARAMS, BLOCK
    ARROW = 3  # the same, but `this` is that of the function around it
    PARAMS = 4  # kids: patterns
    BLOCK = 5  # kids: statements
    RETURN = 6  # kids: the value
    VAR = 7  # name: "var" or "let", kids: pattern and, unless nothing is assigned, the value
    ASSIGN = 8  # kids: target, value
    ID = 9  # name
    MEMBER = 10  # name of the property, kids: the object
    INDEX = 11  # kids: object, key
    CALL = 12  # kids: callee, arguments
    NEW = 13  # the same
    OBJECT = 14  # kids: PROP, COMPUTED, SPREAD
    PROP = 15  # name, kids: value; in a pattern: the pattern
    COMPUTED = 16  # kids: key, value
    ARRAY = 17  # kids: elements
    STRING = 18  # name: its text
    CONCAT = 19  # kids: what is put together
    NUMBER = 20  # name: its text
    CHOICE = 21  # kids: one of them is the value
    SEQUENCE = 22  # kids: the last is the value
    THIS = 23
    SPREAD = 24  # kids: what is spread; in a pattern: what takes the rest
    CLASS = 25  # name of itself, kids: what it extends or OTHER, PROP, COMPUTED
    DEFAULT = 26  # kids: pattern, value; in patterns only
    FOR_IN = 27  # name: "in" or "of", kids: pattern, what is walked
    CATCH = 28  # kids: pattern or OTHER, BLOCK


FUNCTIONS = frozenset([Op.FUNCTION, Op.ARROW])


class Node(msgspec.Struct, array_like=True, omit_defaults=True, eq=False, gc=False):
    """A node. What is behind `kids` is set by `package`: its parent, its place among that one's kids, and for an
    ID, or a THIS, what it stands for.
    """

    op: int
    line: int
    name: str = ""
    kids: tuple[Node, ...] = ()
    up: Node | None = None
    slot: int = 0
    of: Any = None


def well_formed(text: str) -> str:
    """Return a text with the halves of characters that JavaScript writes put together, U+FFFD for one that is alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
