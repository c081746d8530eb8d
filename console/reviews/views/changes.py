"""What a version changes against the one that is online, for its developers and for reviewers (V-9)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from console.accounts.access import SignedInRequest, route
from console.accounts.permissions import Permission
from console.reviews.access import open_review_for
from console.reviews.comparison import Comparison, base_of, compare, view_file
from console.reviews.comparison import tree as rows_of
from console.reviews.views.reports import of_review, of_version
from releases.access import version_for
from releases.models import Package, ReviewDecision, Version
from releases.states import VersionState

OPEN_FILES = 40
MAX_DIGITS = 7  # of a line's number
WAS_ONLINE = (VersionState.ONLINE, VersionState.RETIRED)
KINDS = ("changed", "added", "removed")


@route(Permission.VIEW, load=version_for)
def changes(request: SignedInRequest, version: Version) -> HttpResponse:
    """Which files differ from the online version, as a tree."""
    tree = _tree(request, version, base_of(version))
    return render(request, "releases/changes.html", of_version(version) | tree)


@route(Permission.VIEW, load=version_for)
def file(request: SignedInRequest, version: Version) -> HttpResponse:
    """One file, before and after, side by side."""
    return _file(request, version, base_of(version), of_version(version), template="releases/file.html")


@route(Permission.DECIDE, load=open_review_for)
def review_changes(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """Which files differ from the online version, for who decides."""
    context = of_review(decision)
    tree = review_tree(request, decision.audit.version, bound=context["compares"])
    return render(request, "reviews/changes.html", context | tree)


@route(Permission.DECIDE, load=open_review_for)
def review_file(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """One file, before and after, for who decides."""
    context = of_review(decision)
    version = decision.audit.version
    online = base_of(version) if context["compares"] and version.state not in WAS_ONLINE else None
    return _file(request, version, online, context, template="reviews/file.html")


def review_tree(request: SignedInRequest, version: Version, *, bound: bool) -> dict[str, Any]:
    """Return the files that differ, for who decides; a version is compared until it is published."""
    if version.state in WAS_ONLINE:
        return {"comparison": None, "online": None}
    return _tree(request, version, base_of(version) if bound else None)


def _tree(request: SignedInRequest, version: Version, online: Version | None) -> dict[str, Any]:
    """Return the files that differ as the tree shows them; `?kind=` keeps those of one kind."""
    comparison = compare(version.package, online.package if online else None)
    kinds = _kinds(comparison)
    kind = request.GET.get("kind", "")
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


def _file(
    request: SignedInRequest, version: Version, online: Version | None, context: dict[str, Any], *, template: str
) -> HttpResponse:
    """Show one file of the packages, whose path `?path=` names, at `?line=`; the part alone inside the tree's page."""
    path = request.GET.get("path", "")
    if not path:
        return redirect(context["changes_url"])
    old = online.package if online else None
    view = view_file(version.package, old, path, line=_line(request.GET.get("line", "")))
    if view is None:
        raise Http404
    context |= {"file": view, "online": online, **_neighbours(version.package, old, path)}
    alone = request.headers.get("HX-Target") == "file"
    return render(request, "reviews/file_pane.html" if alone else template, context)


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
