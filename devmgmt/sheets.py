"""Server domains as a file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.core.sheets import Column

DOMAINS: tuple[Column, ...] = (
    (_("Type"), lambda domain: domain.kind),
    (_("Address"), lambda domain: domain.origin),
)
