"""What a version changes against the one that is online, as pages show it (V-9)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from releases.models import Package, Version
from releases.report.comparison import Comparison, compare, view_file
from releases.report.comparison import tree as rows_of

OPEN_FILES = 40
MAX_DIGITS = 7  # of a line's number
KINDS = ("changed", "added", "removed")


def tree(asked: QueryDict, version: Version, online: Version | None) -> dict[str, Any]:
    """Return the files that differ as the tree shows them; `?kind=` keeps those of one kind."""
    comparison = compare(version.package, online.package if online else None)
    kinds = _kinds(comparison)
    kind = asked.get("kind", "")
    files = [file for file in comparison.files if kind not in KINDS or file.kind == kind]
    return {
        "comparison": comparison,
        "online": online,
        "kinds": [(value, *facts) for value, facts in kinds.items()],
        "kind": kind if kind in KINDS else "",
        "rows": rows_of(files),
        "open_files": OPEN_FILES,
        "first": comparison.first,
    }


def _kinds(comparison: Comparison) -> dict[str, tuple[str, int]]:
    return {
        "": (_("All"), comparison.total),
        "changed": (_("Changed"), len(comparison.changed)),
        "added": (_("Added"), len(comparison.added)),
        "removed": (_("Removed"), len(comparison.removed)),
    }


def file(asked: QueryDict, version: Version, online: Version | None) -> dict[str, Any]:
    """Return the file that `?path=` names, before and after, at `?line=`; raises Http404 when neither has it."""
    path = str(asked["path"])
    old = online.package if online else None
    view = view_file(version.package, old, path, line=_line(asked.get("line", "")), as_written="as_written" in asked)
    if view is None:
        raise Http404
    return {"file": view, "online": online, **_neighbours(version.package, old, path)}


def _line(text: str) -> int:
    """Return a line's number; 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS else 0


def _neighbours(new: Package, old: Package | None, path: str) -> dict[str, Any]:
    """Return which of the files that differ this is, and those before and after it."""
    paths = [file.path for file in compare(new, old).files]
    if path not in paths:
        return {}
    place = paths.index(path)
    return {
        "place": place + 1,
        "places": len(paths),
        "before": paths[place - 1] if place else "",
        "after": paths[place + 1] if place + 1 < len(paths) else "",
    }
