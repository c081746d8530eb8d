"""Questions about privacy agreements and about the personal data that packages use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Func, Max, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from miniprograms.models import MiniProgram
    from miniprograms.privacy.models import FoundData, PrivacyAgreement

TEXTS = ("text_en", "text_zh")


class PrivacyAgreementQuerySet(models.QuerySet["PrivacyAgreement"]):
    """Which published versions."""

    def of_program(self, program: MiniProgram) -> PrivacyAgreementQuerySet:
        """All versions of the program, the newest first."""
        return self.filter(mini_program=program)

    def online(self) -> PrivacyAgreementQuerySet:
        """The version of each program that is in force: its highest number (S-2)."""
        return self.order_by("mini_program_id", "-number").distinct("mini_program_id")

    def online_of(self, program: MiniProgram) -> PrivacyAgreement | None:
        """The program's version that is online; None while it has none."""
        return self.of_program(program).order_by("-number").first()

    def without_texts(self) -> PrivacyAgreementQuerySet:
        """The same rows, their texts read only when somebody asks."""
        return self.defer(*TEXTS)

    def needs_new_consent(self, program: MiniProgram, accepted: int) -> bool:
        """Whether a user who agreed to version `accepted` (0 for none) has to agree again (S-4); one query.

        Yes when a later version asks again, and for a number that was never published; no while nothing is online.
        """
        found = self.of_program(program).aggregate(
            online=Max("number"), asking=Max("number", filter=Q(asks_again=True))
        )
        if found["online"] is None:
            return False
        return not (found["asking"] or 1) <= accepted <= found["online"]


class FoundDataQuerySet(models.QuerySet["FoundData"]):
    """Which findings."""

    def undeclared_in(self, agreements: PrivacyAgreementQuerySet) -> FoundDataQuerySet:
        """Those with a type of data that the newest of the program's `agreements` does not name (S-3)."""
        types = Func(F("data"), template="jsonb_path_query_array(%(expressions)s, '$[*][0]')")
        types.output_field = models.JSONField()
        online = agreements.filter(mini_program=OuterRef("mini_program")).order_by("-number")
        declared = Subquery(online.annotate(types=types).values("types")[:1])
        used = Func(F("data_types"), function="to_jsonb", output_field=models.JSONField())
        rows = self.annotate(declared=Coalesce(declared, Value([], models.JSONField())))
        return rows.exclude(declared__contains=used)
