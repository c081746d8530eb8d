"""How much a report found, counted by the database in the kept JSON.

Of whatever shape the JSON is, reading it never fails: a path that is not there has nothing at its end.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Case, CharField, Func, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from releases.models import SettledFinding

FAILED = "failed"
NONE = "0,0,0,0"
# Of `releases.report.content.Content`: what a reviewer would ask about.
SECRETS = '$.secrets[*] ? (!(@.kind == "map_key") && !(@.sha256 == $settled[*]))'
PATHS = (
    "$.domains[*] ? (!exists(@.configured[*]))",
    '$.apis[*] ? (exists(@.standing.* ? (@ == "restricted")))',
    "$.data[*] ? (@.declared == false)",
)


class _Count(Func):
    """How many values the path finds in a JSON column."""

    template = "jsonb_array_length(jsonb_path_query_array(%(expressions)s, '%(path)s'))"
    output_field = IntegerField()


class _CountSecrets(Func):
    """How many secrets a JSON column has that were not settled; its second argument is an array of those that were."""

    template = "jsonb_array_length(jsonb_path_query_array(%(expressions)s)))"
    arg_joiner = f", '{SECRETS}', jsonb_build_object('settled', "
    output_field = IntegerField()


def report_findings(*, on: date) -> Case:
    """Return what a report found as “2,0,1,0”: secrets, hosts not configured, APIs not granted, data not declared.

    Without keys of map services, which every client has, and what is settled on that day (V-17).
    """
    settled = SettledFinding.objects.in_force(on=on).filter(mini_program=OuterRef("version__mini_program"))
    hashes = settled.order_by().values("mini_program").annotate(all=JSONBAgg("sha256")).values("all")
    found = [_CountSecrets("content", Subquery(hashes)), *(_Count("content", path=path) for path in PATHS)]
    counts: list[Any] = []
    for count in found:
        counts += [Value(","), Cast(Coalesce(count, 0), CharField())]
    return Case(When(failed=True, then=Value(FAILED)), default=Concat(*counts[1:]), output_field=CharField())
