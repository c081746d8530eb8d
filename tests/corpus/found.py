"""What a scan says, in the words of the corpus: the only place here that knows what a scan looks like."""

from __future__ import annotations

import msgspec

from releases.scan import Scan
from releases.scan.scanning import scan
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
    """Translate what a scan says. What only a framework's runtime does is not the program's."""
    called = {origin.use.name for origin in result.origins if origin.is_called and origin.use.how != "framework"}
    return Found(
        apis={use.name for use in result.apis if use.how != "framework"},
        called=called,
        mentioned={origin.use.name for origin in result.origins} - called,
        secrets=[secret.kind for secret in result.secrets],
        marks=[f"{unread.path}: {unread.why}" for unread in result.unread]
        + [f"{mark.path}:{mark.line}: {mark.reason}" for mark in result.open if not mark.framework],
    )
