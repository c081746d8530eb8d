"""Where a name is passed on to other names of its file: `var r = require`, `!function (e, t) {…}(module, require)`."""

from __future__ import annotations

from .nodes import FUNCTIONS, Node, Op
from .package import Binding, params_of, value_of

_STEPS = 20  # expressions around one another that give the value on
_KEEPS = frozenset([Op.CALL, Op.NEW, Op.RETURN, Op.VAR, Op.PROP, Op.COMPUTED, Op.ARRAY, Op.SPREAD])


def passed_to(node: Node) -> tuple[list[Binding], bool]:
    """Return the names that are given the value of an ID, and whether it goes anywhere else but into its own call."""
    found: list[Node] = []
    one, is_lost = node, True
    for _ in range(_STEPS):
        up = one.up
        if up is not None and up.op == Op.ASSIGN and one.slot == 1:
            found.append(up.kids[0])
        elif up is None or (up.op != Op.CHOICE and (up.op != Op.SEQUENCE or one.slot < len(up.kids) - 1)):
            is_lost = False
            break
        one = up
    up = one.up
    if not is_lost and up is not None and up.op in _KEEPS and (up.op != Op.CALL or one is not node or one.slot):
        target = up.kids[0] if up.op == Op.VAR else _param_of(up, one.slot)
        is_lost = target is None
        found += [] if target is None else [target]
    names = [target.of for target in found if target.op == Op.ID and isinstance(target.of, Binding)]
    return names, is_lost or len(names) < len(found)


def _param_of(call: Node, slot: int) -> Node | None:
    """Return the parameter that takes an argument, of a function that is called in one place only."""
    if call.op != Op.CALL:
        return None
    callee = call.kids[0]
    if callee.op == Op.MEMBER and callee.name == "call":
        callee, slot = callee.kids[0], slot - 1
    is_alone = callee.op == Op.ID and isinstance(callee.of, Binding) and len(callee.of.uses) == 1
    function = value_of(callee) if is_alone else callee
    params = params_of(function) if function.op in FUNCTIONS else ()
    return params[slot - 1] if 0 < slot <= len(params) else None
