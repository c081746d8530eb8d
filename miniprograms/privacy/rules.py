"""What a text may write, what a draft still lacks, and why it can't be published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from console.base.core.text import all_of
from miniprograms.privacy.models import PrivacyAgreement, PrivacyDraft, Statements
from miniprograms.privacy.states import Language, Placeholder

WRITTEN = re.compile(r"\{\{([^{}\n]{0,60})\}\}")  # Bounded, so that no text costs more than one look at each place.
ALONE = re.compile(r" {0,3}\{\{([^{}\n]{0,60})\}\} *")
MOST_PLACEHOLDERS = 200  # In a text; more would make a text of any length out of a short one.
MOST_PROBLEMS = 5
TEXTS = tuple(language.field for language in Language)


@dataclass(frozen=True)
class Lack:
    """Something without which the draft can't be published: what, and the fields of the form that ask for it."""

    what: str
    fields: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Where the form asks for it, to link to."""
        return {"party_name": "parties", **dict.fromkeys(TEXTS, "texts")}.get(self.fields[0], f"id_{self.fields[0]}")


def placeholders_in(text: str) -> list[str]:
    """Return the names that the text writes as {{name}}, known or not, in their order."""
    return [name.strip() for name in WRITTEN.findall(text)]


def problems_in(text: str) -> list[str]:
    """Return a sentence for each placeholder that can't be filled: unknown, or a list inside a line or there twice."""
    written, found = placeholders_in(text), []
    known = ", ".join(placeholder.code for placeholder in Placeholder)
    for name in sorted(set(written) - set(Placeholder.values)):
        words = (
            _("Unknown placeholder {{%(name)s}}. Use one of these: %(known)s.")
            if name
            else _("The placeholder {{}} has no name. Use one of these: %(known)s.")
        )
        found.append(words % {"name": name, "known": known})
    inside = {
        name
        for line in text.split("\n")
        if "{{" in line and not ALONE.fullmatch(line)
        for name in placeholders_in(line)
    }
    for placeholder in Placeholder:
        if placeholder.is_list and placeholder.value in inside:
            found.append(_("%(code)s becomes a list. Put it on its own line.") % {"code": placeholder.code})
        if placeholder.is_list and written.count(placeholder.value) > 1:
            found.append(_("%(code)s becomes a list. Use it only once.") % {"code": placeholder.code})
    if len(written) > MOST_PLACEHOLDERS:
        found.append(_("Use at most %(most)d placeholders.") % {"most": MOST_PLACEHOLDERS})
    return found[:MOST_PROBLEMS]


def unnamed_in(text: str, stated: Statements) -> list[Placeholder]:
    """Return the facts that are stated and that the text names nowhere: a reader will not see them."""
    there = placeholders_in(text)
    facts = {
        Placeholder.DATA: stated.data,
        Placeholder.THIRD_PARTIES: stated.third_parties,
        Placeholder.CONTACT: has_contact(stated),
        Placeholder.RETENTION: stated.retention,
        Placeholder.EFFECTIVE_DATE: stated.effective_on,
    }
    return [placeholder for placeholder, fact in facts.items() if fact and placeholder.value not in there]


def has_contact(stated: Statements) -> bool:
    """Whether users can reach someone (S-1)."""
    return any((stated.contact_email, stated.contact_phone, stated.contact_other))


def lacks(draft: PrivacyDraft, *, today: date) -> list[Lack]:
    """Return what the draft needs before it can be published, in the order of the form (S-1)."""
    return [Lack(what, tuple(fields)) for what, *fields in _lacks(draft, today)]


def _lacks(draft: PrivacyDraft, today: date) -> Iterator[tuple[str, ...]]:
    if without := [f"purpose_{data_type}" for data_type, purpose in draft.data if not purpose]:
        yield _("the purpose of each data type"), *without
    if not has_contact(draft):
        yield _("a contact"), "contact_email"
    if not draft.retention:
        yield _("how long data is kept"), "retention"
    if not draft.effective_on:
        yield _("the effective date"), "effective_on"
    elif draft.effective_on < today:
        yield _("an effective date that is today or later"), "effective_on"
    if not all(name and purpose for name, purpose, _link in draft.third_parties):
        yield _("the name and purpose of each third party"), "party_name"
    if not draft.languages:
        yield _("a text"), *TEXTS
    for language in draft.languages:
        if problems_in(draft.text_in(language)):
            words = _("only known placeholders in the %(language)s text")
            yield words % {"language": _name(language)}, language.field


def lacks_words(missing: list[Lack]) -> str:
    """Return what is missing as a part of a sentence: “a contact and the effective date”."""
    return all_of([lack.what for lack in missing])


def _name(language: Language) -> str:
    return {Language.EN: _("English"), Language.ZH: _("Chinese")}[language]


def why_not_publish(
    draft: PrivacyDraft | None, online: PrivacyAgreement | None, *, unchanged: bool, today: date
) -> str:
    """Return why the draft can't be published; "" when it can. `unchanged`: it would read as `online` reads (S-2)."""
    if draft is None:
        return _("Write the agreement first.")
    if online and unchanged:
        return _("The draft is the same as version %(number)d, which is online.") % {"number": online.number}
    if missing := lacks(draft, today=today):
        return _("The draft needs %(what)s.") % {"what": lacks_words(missing)}
    return ""
