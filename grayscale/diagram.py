"""The lifecycle of tasks as a picture, drawn from the model's transitions: a new one is in it by itself (G-10).

States that something leads out of are in a line, the final ones beside it. Along the line arrows are straight, a pair
of them beside each other; what is not next to each other is joined by a bow. The same for narrow screens, downwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from console.base.core.states import badge_of
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState

NODE = (132, 36)
GAP = 136  # between the nodes of a line, wide
STEP = 66  # between the nodes of a line, narrow
BESIDE = 78  # between the line and the final states, wide
TOP = 10  # above the first node, for the words of an arrow
NARROW_NODE_X = 78
BUS = 28  # from a node's edge to the line that leads to the final states
APART = 7  # half the distance of a pair


@dataclass(frozen=True)
class Node:
    """A state, and the upper left corner of its box."""

    state: str
    label: str
    x: int
    y: int

    @property
    def width(self) -> int:
        return NODE[0]

    @property
    def height(self) -> int:
        return NODE[1]

    @property
    def colour(self) -> str:
        """As everywhere where the state is shown."""
        return badge_of(self.state)[0]

    @property
    def dot(self) -> int:
        return self.x + 24

    @property
    def words(self) -> int:
        return self.x + 36

    @property
    def baseline(self) -> int:
        return self.middle[1] + 5

    @property
    def middle(self) -> tuple[int, int]:
        return self.x + NODE[0] // 2, self.y + NODE[1] // 2


@dataclass(frozen=True)
class Arrow:
    """A move: the path of its line, and its words at a point; no words where they stand at another arrow."""

    path: str
    label: str = ""
    x: int = 0
    y: int = 0
    anchor: str = "middle"


@dataclass
class Picture:
    """What the template draws; `words` says the same to who does not see it."""

    css: str
    width: int = 0
    height: int = 0
    nodes: list[Node] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def moves() -> list[tuple[str, str, str]]:
    """Return (from, to, words at the arrow) of each transition of the model."""
    state = GrayscaleTask._meta.get_field("state")
    found: list[Any] = list(state.get_all_transitions(GrayscaleTask))
    order = TaskState.values
    rows = [(str(move.source), str(move.target), str(move.custom.get("label", move.name))) for move in found]
    return sorted(rows, key=lambda row: (order.index(row[0]), order.index(row[1])))


def pictures(rows: list[tuple[str, str, str]] | None = None) -> list[Picture]:
    """Return the picture for wide and the one for narrow screens."""
    rows = moves() if rows is None else rows
    return [_draw(rows, Picture("diagram-wide"), down=False), _draw(rows, Picture("diagram-narrow"), down=True)]


def _draw(rows: list[tuple[str, str, str]], picture: Picture, *, down: bool) -> Picture:
    leaving = {source for source, _target, _label in rows}
    line = [state for state in TaskState.values if state in leaving]
    final = [state for state in TaskState.values if state not in leaving]
    bows = [row for row in rows if _is_bow(row, line)]
    place = _Placing(line, final, down=down, above=24 * len(bows))
    nodes = place.nodes()
    pairs = {(source, target) for source, target, _label in rows}
    worded = _worded(rows, line)
    for row in rows:
        source, target, label = row
        ends = nodes[source], nodes[target]
        if target in final:
            arrow = place.to_final(*ends, label if row in worded else "")
        elif row in bows:
            arrow = place.bow(*ends, label, 24 * (bows.index(row) + 1))
        else:
            arrow = place.straight(*ends, label, (target, source) in pairs)
        picture.arrows.append(arrow)
    picture.nodes = list(nodes.values())
    names = {state.value: state.label for state in TaskState}
    picture.words = [f"{names[source]} → {names[target]}: {label}" for source, target, label in rows]
    picture.width, picture.height = place.size()
    return picture


def _worded(rows: list[tuple[str, str, str]], line: list[str]) -> set[tuple[str, str, str]]:
    """Return of the moves that read the same and lead to one state those that carry the words.

    The one from the middle of the line, where there is room, if there is one.
    """
    middle = line[len(line) // 2]
    first: dict[tuple[str, str], tuple[str, str, str]] = {}
    for row in sorted(rows, key=lambda row: row[0] != middle):
        first.setdefault(row[1:], row)
    return set(first.values())


def _is_bow(row: tuple[str, str, str], line: list[str]) -> bool:
    source, target, _label = row
    return source in line and target in line and abs(line.index(source) - line.index(target)) != 1


@dataclass
class _Placing:
    """The positions of things, in a line to the right or `down`; `above` is the room that bows need."""

    line: list[str]
    final: list[str]
    down: bool
    above: int

    def nodes(self) -> dict[str, Node]:
        found = {}
        for place, state in enumerate(self.line):
            along = place * ((NODE[1] + STEP) if self.down else (NODE[0] + GAP))
            x, y = (NARROW_NODE_X + self.above, 2 + along) if self.down else (2 + along, TOP + self.above)
            found[state] = Node(state, str(TaskState(state).label), x, y)
        for place, state in enumerate(self.final):
            x, y = self._final_at(place)
            found[state] = Node(state, str(TaskState(state).label), x, y)
        return found

    def _final_at(self, place: int) -> tuple[int, int]:
        if self.down:
            return NARROW_NODE_X + self.above, 2 + (len(self.line) + place) * (NODE[1] + STEP)
        return 2 + len(self.line) // 2 * (NODE[0] + GAP), TOP + self.above + (place + 1) * (NODE[1] + BESIDE)

    def size(self) -> tuple[int, int]:
        rows = len(self.line) + len(self.final)
        if self.down:
            return NARROW_NODE_X + self.above + NODE[0] + 62, rows * (NODE[1] + STEP) - STEP + 4
        wide = len(self.line) * (NODE[0] + GAP) - GAP + 4
        return wide, self.above + NODE[1] + len(self.final) * (NODE[1] + BESIDE) + TOP + 4

    def straight(self, source: Node, target: Node, label: str, paired: bool) -> Arrow:
        """From one to the next, or back; a pair stands apart."""
        (x1, y1), (x2, y2) = source.middle, target.middle
        forward = (y2 > y1) if self.down else (x2 > x1)
        off = (APART if not forward else -APART) if paired else 0
        sign = 1 if forward else -1
        if self.down:
            off = -off
            half = NODE[1] // 2
            path = f"M{x1 + off} {y1 + sign * (half + 2)}V{y2 - sign * (half + 5)}"
            right = off > 0  # Beside a single arrow the words stand left: the way to the final state is right.
            return Arrow(path, label, x1 + off + (8 if right else -8), (y1 + y2) // 2 + 4, "start" if right else "end")
        half = NODE[0] // 2
        path = f"M{x1 + sign * (half + 2)} {y1 + off}H{x2 - sign * (half + 5)}"
        return Arrow(path, label, (x1 + x2) // 2, y1 + off + (-7 if off <= 0 else 17))

    def to_final(self, source: Node, target: Node, label: str) -> Arrow:
        """Straight where the final state is next, else around the corner."""
        (x1, y1), (x2, y2) = source.middle, target.middle
        if self.down:
            return self._down_to_final(source, target, label)
        if x1 == x2:
            return Arrow(
                f"M{x1} {y1 + NODE[1] // 2 + 2}V{target.y - 5}",
                label,
                x1 + 9,
                (y1 + NODE[1] // 2 + target.y) // 2 + 4,
                "start",
            )
        sign = 1 if x2 > x1 else -1
        path = f"M{x1} {source.y + NODE[1] + 2}V{y2 - 12}q0 12 {sign * 12} 12H{x2 - sign * (NODE[0] // 2 + 5)}"
        return Arrow(path, label, (x1 + x2) // 2, y2 - 8)

    def _down_to_final(self, source: Node, target: Node, label: str) -> Arrow:
        (x1, y1), (_x2, y2) = source.middle, target.middle
        edge = x1 + NODE[0] // 2
        bus = edge + BUS
        path = f"M{edge + 2} {y1}H{bus - 10}q10 0 10 10V{y2 - 10}q0 10 -10 10H{edge + 5}"
        return Arrow(path, label, x1 + NODE[0] // 2, target.y - 12, "end") if label else Arrow(path)

    def bow(self, source: Node, target: Node, label: str, height: int) -> Arrow:
        """Between states that are not next to each other, or a state and itself."""
        (x1, y1), (x2, y2) = source.middle, target.middle
        if self.down:
            edge = source.x
            path = f"M{edge - 2} {y1 - 6}h-{height}V{y2 + 6}H{edge - 5}"
            return Arrow(path, label, edge - height, (y1 + y2) // 2 - 8, "start")
        path = f"M{x1 - 12} {source.y - 2}v-{height - 8}H{x2 + 12}V{target.y - 5}"
        return Arrow(path, label, (x1 + x2) // 2, source.y - height + 2)
