"""The security log as CSV."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _

from console.base.accounts.models import SecurityEntry

MOST = 20_000  # rows of one file, the newest: some megabytes


def _harmless(value: Any) -> str:
    """Return the value so that no spreadsheet takes it for a formula: anybody may type an address."""
    text = str(value if value is not None else "")
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def security_csv(entries: QuerySet[SecurityEntry], *, name: str, with_places: bool = True) -> HttpResponse:
    """Return the entries, newest first, as a file: time in UTC, person, e-mail, what, how often, detail, from where."""
    file = StringIO("\ufeff")
    file.seek(1)
    writer = csv.writer(file)
    head = [_("Time (UTC)"), _("Person"), _("E-mail"), _("Event"), _("Times"), _("Details")]
    writer.writerow(head + ([_("Address"), _("Browser")] if with_places else []))
    for row in entries.select_related("user").order_by("-pk")[:MOST].iterator(chunk_size=1000):
        values: list[Any] = [f"{row.at:%Y-%m-%d %H:%M:%S}", row.user or "", row.email, row.about.words, row.count]
        values += [row.detail, row.address, row.agent] if with_places else [row.detail]
        writer.writerow([_harmless(value) for value in values])
    answer = HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
