"""What two versions state differently (S-2), and what a package uses beside what is declared (S-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console.base.core import times
from miniprograms.models import MiniProgram
from miniprograms.privacy.models import FACTS, FoundData, PrivacyAgreement, PrivacyDraft, Statements
from miniprograms.privacy.placeholders import filled_texts
from miniprograms.privacy.states import DataType


@dataclass(frozen=True)
class Change:
    """A fact of one `kind` (“Data type”): its name, what was stated and what is; None where it was or is not there."""

    kind: str
    name: str
    before: str | None
    after: str | None

    @property
    def move(self) -> str:
        """What happened to it: added, removed or changed."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


def changes_between(before: Statements | None, after: Statements) -> list[Change]:
    """Return what `after` states differently, in the order of the form; everything is new where `before` is None."""
    return [
        Change(kind, name, old, new)
        for kind, name, old, new in _pairs(before, after)
        if old != new and (old is not None or new is not None)
    ]


def _pairs(before: Statements | None, after: Statements) -> Iterator[tuple[str, str, str | None, str | None]]:
    old_data, new_data = dict(before.data if before else []), dict(after.data)
    for data_type in DataType:
        old, new = old_data.get(data_type.value), new_data.get(data_type.value)
        yield _("Data type"), str(data_type.label), old, new
    old_parties, new_parties = _parties(before), _parties(after)
    for name in {**old_parties, **new_parties}:
        yield _("Third party"), name, old_parties.get(name), new_parties.get(name)
    for kind, field in (
        (_("E-mail"), "contact_email"),
        (_("Phone"), "contact_phone"),
        (_("Other contact"), "contact_other"),
        (_("Retention"), "retention"),
    ):
        yield kind, "", (getattr(before, field) or None) if before else None, getattr(after, field) or None
    yield _("Effective from"), "", _day(before), _day(after)


def _parties(stated: Statements | None) -> dict[str, str]:
    """Return what each third party is for, with its link."""
    rows = stated.third_parties if stated else []
    return {name: f"{purpose} ({link})" if link else purpose for name, purpose, link in rows}


def _day(stated: Statements | None) -> str | None:
    return times.day_and_year(stated.effective_on) if stated and stated.effective_on else None


def concerns_users(before: Statements | None, after: Statements) -> bool:
    """Whether users should be asked again (S-4): more data, another purpose, or another third party."""
    if before is None:
        return True
    old_data = dict(before.data)
    if any(old_data.get(data_type) != purpose for data_type, purpose in after.data):
        return True
    old_parties = _parties(before)
    return any(old_parties.get(name) != words for name, words in _parties(after).items())


def says_the_same(draft: PrivacyDraft | None, online: PrivacyAgreement | None, program: MiniProgram) -> bool:
    """Whether publishing the draft would put online what is there: the same facts, and the same texts once filled."""
    if draft is None or online is None:
        return False
    if any(getattr(draft, name) != getattr(online, name) for name in FACTS):
        return False
    return all(getattr(online, field) == text for field, text in filled_texts(draft, program).items())


@dataclass(frozen=True)
class DataRow:
    """A type of personal data: what uses it, and who declares it."""

    data_type: DataType
    apis: list[str]
    is_used: bool
    is_declared: bool
    is_drafted: bool

    @property
    def label(self) -> str:
        return str(self.data_type.label)

    @property
    def is_undeclared(self) -> bool:
        """Whether the agreement does not mention it (S-3)."""
        return self.is_used and not self.is_declared


def data_rows(found: FoundData | None, online: Statements | None, draft: PrivacyDraft | None) -> list[DataRow]:
    """Return the types that are used or declared (online, else in the draft): the undeclared first, then the used."""
    used = found.data_types if found else []
    declared = online.declared if online else []
    drafted = draft.declared if draft else []
    rows = [
        DataRow(
            data_type,
            found.apis_of(data_type) if found else [],
            is_used=data_type in used,
            is_declared=data_type in declared,
            is_drafted=data_type in drafted,
        )
        for data_type in DataType
        if data_type in used or data_type in declared
    ]
    return sorted(rows, key=lambda row: (not row.is_undeclared, not row.is_used))
