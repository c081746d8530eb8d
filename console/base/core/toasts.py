"""Toasts that offer to take an act back, where the act has a true inverse."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest


class Undo(NamedTuple):
    """A POST that calls the inverse verb: where to, and with which fields. The view checks them as any others."""

    url: str
    fields: dict[str, str]


def toast(request: HttpRequest, words: str, *, undo: Undo | None = None) -> None:
    """Say that it is done, on the next page; with `undo` beside a button that takes it back."""
    messages.success(request, words, extra_tags=json.dumps(undo) if undo else "")


def undo_of(message: Any) -> Undo | None:
    """Return what a message of `toast` offers."""
    tags = message.extra_tags or ""
    return Undo(*json.loads(tags)) if tags.startswith("[") else None
