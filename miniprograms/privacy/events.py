"""What happens to privacy agreements."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.activity.fields import Field, LongText, Number
from miniprograms.events import PartEvent, ProgramEvent
from miniprograms.privacy.states import DataType

AGREEMENT = {
    **{f"data.{data_type}": Field(data_type.label) for data_type in DataType},
    "contact_email": Field(_("Contact by e-mail")),
    "contact_phone": Field(_("Contact by phone")),
    "contact_other": Field(_("Other contact")),
    "retention": Field(_("Retention")),
    "effective_on": Field(_("Effective from")),
    "third_parties": Field(_("Third parties")),
    "text_en": LongText(_("Text in English")),
    "text_zh": LongText(_("Text in Chinese")),
}


class PrivacySaved(ProgramEvent):
    name, icon, colour = "privacy.saved", "edit", "blue"
    log = _("Privacy agreement edited")
    in_list = _("Privacy agreement edited")
    fields = AGREEMENT


class PrivacyPublished(PartEvent):
    name, icon, colour = "privacy.published", "rocket", "green"
    log = _("Privacy agreement published")
    in_list = _("Privacy agreement %(label)s published")
    fields = {"asks_again": Field(_("Users must agree again")), "number": Number(_("Number"))}

    @property
    def short(self) -> str:
        return str(self.on.number)
