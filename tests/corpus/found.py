"""What a scan says, in the words of the corpus: the only place here that knows what a scan looks like."""

from __future__ import annotations

import msgspec

from releases.scan import Scan, scan
from tests.corpus.truth import Program


class Found(msgspec.Struct, kw_only=True):
    """What the scan found in a program. `marks` say what it could not follow, and where."""

    apis: set[str]
    called: set[str]
    mentioned: set[str]
    secrets: list[str]
    marks: list[str]


def look(program: Program) -> Found:
    """Scan a program."""
    return found(scan(program.files()))


def found(result: Scan) -> Found:
    """Translate what a scan says. A button that gives personal data counts as the API of its name."""
    called = {origin.use.name for origin in result.origins if getattr(origin, "is_called", bool(origin.kind))}
    return Found(
        apis={use.name.replace("button.", "wx.", 1) for use in result.apis},
        called=called,
        mentioned={origin.use.name for origin in result.origins} - called,
        secrets=[secret.kind for secret in result.secrets],
        marks=_marks(result),
    )


def _marks(result: Scan) -> list[str]:
    unread = [f"{unread.path}: {unread.why}" for unread in result.unread]
    if not hasattr(result, "open"):
        return unread + [f"{place.path}:{place.line}: a computed name" for place in result.computed.places]
    return unread + [f"{mark.path}:{mark.line}: {mark.reason}" for mark in result.open]
