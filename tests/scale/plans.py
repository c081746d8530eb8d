"""A plan, and what is wrong with it on large tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from tests.scale.sizes import BIG, ROWS

MOST_SORTED = 500_000  # rows in one sort; half a second
MOST_READ = 2_500_000  # rows by an index, without a LIMIT that ends it: some seconds
# What has read all its input before its first row: no LIMIT above it shortens that.
BLOCKING = {"Sort", "Aggregate", "Hash", "HashAggregate", "SetOp", "WindowAgg", "BitmapAnd", "BitmapOr", "ModifyTable"}
Node = dict[str, Any]


@dataclass
class Plan:
    """What the planner would do: the indexes it takes on large tables, the most rows it reads, its problems."""

    sql: str
    cost: float
    indexes: set[str] = field(default_factory=set)
    most: int = 0
    problems: list[str] = field(default_factory=list)


def explain(sql: str, params: Any, *, by_index: bool = False) -> Plan:
    """Ask for the plan of a statement with these parameters; nothing is run. `by_index`: as retention asks."""
    with transaction.atomic(), connection.cursor() as cursor:
        if by_index:
            cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (found,) = cursor.fetchone()
    root: Node = found[0]["Plan"]
    plan = Plan(sql, root["Total Cost"])
    for node, is_bounded in _walk(root, is_bounded=False):
        _judge(plan, node, is_bounded=is_bounded)
    return plan


def _walk(node: Node, *, is_bounded: bool) -> Iterator[tuple[Node, bool]]:
    """Yield each node, and whether a LIMIT above ends it early."""
    kind = node["Node Type"]
    yield node, is_bounded
    if kind == "Limit":
        is_bounded = True
    elif kind in BLOCKING or node.get("Subplan Name", "").startswith("CTE"):
        is_bounded = False
    for child in node.get("Plans", ()):
        # The inner side of a semi join ends at its first row, a LIMIT of its own is met below.
        yield from _walk(child, is_bounded=is_bounded)


def _judge(plan: Plan, node: Node, *, is_bounded: bool) -> None:
    kind, table, rows = node["Node Type"], node.get("Relation Name", ""), int(node["Plan Rows"])
    is_big = ROWS.get(table, (0, 0))[0] >= BIG
    if is_big and kind == "Seq Scan":
        plan.problems.append(f"reads all of {table}")
    if is_big and "Index Name" in node:
        plan.indexes.add(node["Index Name"])
    if kind == "Bitmap Index Scan" and _is_of_big(node["Index Name"]):
        plan.indexes.add(node["Index Name"])
    if is_big and not is_bounded:
        plan.most = max(plan.most, rows)
        if rows > MOST_READ:
            plan.problems.append(f"reads {rows:,} rows of {table}")
    if kind == "Sort" and (below := int(node["Plans"][0]["Plan Rows"])) > MOST_SORTED:
        plan.problems.append(f"sorts {below:,} rows")


def _is_of_big(index: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = %s::regclass", [index])
        return ROWS.get(cursor.fetchone()[0], (0, 0))[0] >= BIG
