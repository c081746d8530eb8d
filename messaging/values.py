"""Which values a keyword takes, by its type (M-5). Pure: no database, no Django settings."""

from __future__ import annotations

from collections.abc import Sequence


def why_not(kind: str, value: str, *, options: Sequence[str] = ()) -> str:
    """Return why `value` can't stand for a keyword of this type, in words; "" when it can."""
    raise NotImplementedError
