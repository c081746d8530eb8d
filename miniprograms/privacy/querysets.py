"""Questions about privacy agreements and about the personal data that packages use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import CharField, Func, Max, OuterRef, Q, Subquery

if TYPE_CHECKING:
    from miniprograms.models import MiniProgram
    from miniprograms.privacy.models import FoundData, PrivacyAgreement

TEXTS = ("text_en", "text_zh")


class PrivacyAgreementQuerySet(models.QuerySet["PrivacyAgreement"]):
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


class _Undeclared(Func):
    """The data types of an array, joined by commas, that an agreement's `data` does not name; "" when it has all."""

    template = "array_to_string(ARRAY(SELECT unnest(%(expressions)s, '$[*][0]') #>> '{}'), ',')"
    arg_joiner = ") EXCEPT SELECT jsonb_path_query("
    arity = 2
    output_field = CharField()


class FoundDataQuerySet(models.QuerySet["FoundData"]):
    def undeclared_in(self, agreements: PrivacyAgreementQuerySet) -> FoundDataQuerySet:
        """Those with types of data that the newest of the program's `agreements` does not name (S-3).

        These types, joined by commas, are in `undeclared`.
        """
        online = agreements.filter(mini_program=OuterRef("mini_program")).order_by("-number")
        rows = self.annotate(undeclared=_Undeclared("data_types", Subquery(online.values("data")[:1])))
        return rows.exclude(undeclared="")
