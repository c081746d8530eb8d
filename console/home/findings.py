"""How much a report found, counted by the database in the kept JSON.

Of whatever shape the JSON is, reading it never fails: a path that is not there has nothing at its end.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case, CharField, Func, IntegerField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

FAILED = "failed"
NONE = "0,0,0,0"
# Of `releases.report.content.Content`: what a reviewer would ask about.
PATHS = (
    "$.secrets[*]",
    "$.domains[*] ? (!exists(@.configured[*]))",
    '$.apis[*] ? (exists(@.standing.* ? (@ == "restricted")))',
    "$.data[*] ? (@.declared == false)",
)


class _Count(Func):
    """How many values the path finds in a JSON column."""

    template = "jsonb_array_length(jsonb_path_query_array(%(expressions)s, '%(path)s'))"
    output_field = IntegerField()


def report_findings() -> Case:
    """Return what a report found as “2,0,1,0”: secrets, hosts not configured, APIs not granted, data not declared."""
    counts: list[Any] = []
    for path in PATHS:
        counts += [Value(","), Cast(Coalesce(_Count("content", path=path), 0), CharField())]
    return Case(When(failed=True, then=Value(FAILED)), default=Concat(*counts[1:]), output_field=CharField())
