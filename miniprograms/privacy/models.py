"""Privacy agreements: one draft for a program, and numbered versions of which the highest is online."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from miniprograms.models import MiniProgram
from miniprograms.privacy.querysets import FoundDataQuerySet, PrivacyAgreementQuerySet
from miniprograms.privacy.states import DATA_OF_API, DataType, Language

LONGEST_TEXT = 50_000
FACTS = (
    "data",
    "third_parties",
    "contact_email",
    "contact_phone",
    "contact_other",
    "retention",
    "effective_on",
)
STATED = (*FACTS, "text_en", "text_zh")


class Statements(models.Model):
    """What an agreement says, as facts and as text (S-1).

    `data` is [[data type, purpose], …] and `third_parties` is [[name, purpose, link], …]. The texts are Markdown;
    one of the two languages may be missing.
    """

    data = models.JSONField(default=list)
    third_parties = models.JSONField(default=list)
    contact_email = models.EmailField(_("e-mail"), blank=True)
    contact_phone = models.CharField(_("phone"), max_length=40, blank=True)
    contact_other = models.CharField(_("other contact"), max_length=200, blank=True)
    retention = models.CharField(_("retention"), max_length=200, blank=True)
    effective_on = models.DateField(_("effective from"), null=True, blank=True)
    text_en = models.TextField(_("text in English"), blank=True, validators=[MaxLengthValidator(LONGEST_TEXT)])
    text_zh = models.TextField(_("text in Chinese"), blank=True, validators=[MaxLengthValidator(LONGEST_TEXT)])

    class Meta:
        abstract = True

    @property
    def declared(self) -> list[str]:
        """The types of data that it names."""
        return [data_type for data_type, _purpose in self.data]

    @property
    def languages(self) -> list[Language]:
        """The languages that it has a text in."""
        return [language for language in Language if self.text_in(language)]

    @property
    def language_names(self) -> list[str]:
        """Each in itself, for a list of them: “English”, “中文”."""
        return [str(language.label) for language in self.languages]

    def text_in(self, language: Language) -> str:
        """Its text in a language, Markdown; "" when it has none."""
        return str(getattr(self, language.field))


class PrivacyDraft(Statements):
    """What the license holder works on. `revision` rises with each save, so a second editor sees a conflict (L-3)."""

    mini_program = models.OneToOneField(MiniProgram, on_delete=models.CASCADE, related_name="privacy_draft")
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.mini_program)


class PrivacyAgreement(Statements):
    """A published version, append-only by trigger; the highest number is online (S-2)."""

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="privacy_agreements")
    number = models.PositiveIntegerField()
    asks_again = models.BooleanField(help_text="who agreed to an earlier version has to agree anew (S-4)")
    note = models.CharField(max_length=500, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    objects = PrivacyAgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["mini_program", "number"], name="privacy_agreement_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="privacy_agreement_number"),
            models.CheckConstraint(condition=~Q(text_en="", text_zh=""), name="privacy_agreement_has_text"),
            # Nobody has agreed to anything yet.
            models.CheckConstraint(condition=Q(number__gt=1) | Q(asks_again=True), name="privacy_agreement_first_asks"),
        ]

    def __str__(self) -> str:
        return f"{self.mini_program} {self.number}"

    def get_absolute_url(self) -> str:
        """The version's page in the console."""
        return reverse("privacy:version", args=[self.mini_program.app_id, self.number])

    def get_public_url(self) -> str:
        """The page of this version that everybody may open, without the host."""
        return reverse("privacy:public_version", args=[self.mini_program.app_id, self.number])


class FoundData(models.Model):
    """The types of personal data that the newest report found in a package of the program (S-3).

    Written by the app that reads packages, which this one must not import. `apis` are the names in the code that give
    these types, as `DATA_OF_API` writes them.
    """

    mini_program = models.OneToOneField(MiniProgram, on_delete=models.CASCADE, related_name="found_data")
    version_number = models.CharField(max_length=14)
    data_types = ArrayField(models.CharField(max_length=20, choices=DataType))
    apis = ArrayField(models.CharField(max_length=100), default=list)
    found_at = models.DateTimeField()

    objects = FoundDataQuerySet.as_manager()

    def __str__(self) -> str:
        return self.version_number

    def apis_of(self, data_type: str) -> list[str]:
        """What in the code gives this type."""
        return [api for api in self.apis if DATA_OF_API.get(api) == data_type]
