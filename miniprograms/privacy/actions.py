"""The verbs of the privacy agreement: save the draft, publish it."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core import times
from console.base.core.errors import ActionRefused, Conflict
from miniprograms.actions import lock
from miniprograms.models import MiniProgram
from miniprograms.privacy import events, rules
from miniprograms.privacy.comparison import says_the_same
from miniprograms.privacy.models import FACTS, STATED, FoundData, PrivacyAgreement, PrivacyDraft
from miniprograms.privacy.placeholders import filled_texts, template_in
from miniprograms.privacy.states import Language


def draft_of(program: MiniProgram) -> PrivacyDraft | None:
    """Return the program's draft, with who saved it; None before the first save."""
    return PrivacyDraft.objects.filter(mini_program=program).select_related("changed_by").first()


def first_draft(program: MiniProgram) -> PrivacyDraft:
    """Return what an editor starts from, not saved, revision 0: our template, and the data that the package uses.

    Where a version is online without a draft, what it states.
    """
    draft = PrivacyDraft(mini_program=program, revision=0)
    if online := PrivacyAgreement.objects.online_of(program):
        for name in STATED:
            setattr(draft, name, getattr(online, name))
        return draft
    found = FoundData.objects.filter(mini_program=program).first()
    draft.data = [[data_type, ""] for data_type in (found.data_types if found else [])]
    for language in Language:
        setattr(draft, language.field, template_in(language))
    return draft


@transaction.atomic
def save_draft(
    program: MiniProgram, *, by: User, revision: int, at: datetime | None = None, **stated: Any
) -> PrivacyDraft:
    """Save the draft (S-1); saving what is there already changes nothing. Returns the draft.

    `stated` are fields of `Statements`, checked by the form; what is not named stays as it is, in a first draft as
    the template. `revision` is the one that the editor saw, 0 for a first draft; raises Conflict when it is old.
    """
    program = lock(program)
    draft = draft_of(program)
    if revision != (draft.revision if draft else 0):
        raise Conflict(_("Someone else changed the draft while you were editing."))
    before = _plain(draft) if draft else {}
    draft = draft or first_draft(program)
    for name in STATED:
        setattr(draft, name, stated.get(name, getattr(draft, name)))
    after = _plain(draft)
    if draft.pk and after == before:
        return draft
    draft.mini_program, draft.changed_by, draft.changed_at = program, by, at or timezone.now()
    draft.revision += 1
    draft.save()
    before, after = _differing(before, after)
    emit(events.PrivacySaved(program, by=by, at=draft.changed_at, before=before, after=after))
    return draft


@transaction.atomic
def publish(
    program: MiniProgram,
    *,
    by: User,
    revision: int,
    asks_again: bool,
    note: str = "",
    at: datetime | None = None,
) -> PrivacyAgreement:
    """Put the draft online as the next number (S-2), its texts filled in; the first one always asks users (S-4).

    `revision` is the one that the publisher saw; raises Conflict when it is old or someone else has published it,
    ActionRefused while the draft lacks something or says what is online.
    """
    program, at = lock(program), at or timezone.now()
    draft, online = draft_of(program), PrivacyAgreement.objects.online_of(program)
    if draft and draft.revision != revision:
        raise Conflict(_("Someone else just changed the draft. Read it again before you publish it."))
    unchanged = says_the_same(draft, online, program)
    if online and unchanged and online.published_by_id != by.pk:
        words = _("Already done: %(person)s published this draft as version %(number)d.")
        raise Conflict(words % {"person": online.published_by, "number": online.number})
    reason = rules.why_not_publish(draft, online, unchanged=unchanged, today=times.platform_day(at))
    if draft is None or reason:
        raise ActionRefused(reason)
    agreement = PrivacyAgreement.objects.create(
        **{name: getattr(draft, name) for name in FACTS},
        **filled_texts(draft, program),
        mini_program=program,
        number=online.number + 1 if online else 1,
        asks_again=asks_again or online is None,
        note=note,
        published_by=by,
        published_at=at,
    )
    before = {"number": online.number} if online else None
    after = {"number": agreement.number, "asks_again": agreement.asks_again}
    emit(events.PrivacyPublished(agreement, by=by, at=at, before=before, after=after, reason=note))
    return agreement


def _plain(draft: PrivacyDraft) -> dict[str, Any]:
    """Return what a draft states as the log keeps it: the types one by one, texts by a hash that tells them apart."""
    plain: dict[str, Any] = {f"data.{data_type}": purpose for data_type, purpose in draft.data}
    if draft.third_parties:
        plain["third_parties"] = [f"{name or '…'}: {' '.join(rest).strip()}" for name, *rest in draft.third_parties]
    for name in ("contact_email", "contact_phone", "contact_other", "retention"):
        if value := getattr(draft, name):
            plain[name] = value
    if draft.effective_on:
        plain["effective_on"] = draft.effective_on.isoformat()
    for language in draft.languages:
        plain[language.field] = sha256(draft.text_in(language).encode()).hexdigest()[:8]
    return plain


def _differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return only what differs; of the third parties, which went and which came."""
    keys = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    old, new = ({name: side[name] for name in keys if name in side} for side in (before, after))
    if "third_parties" in keys:
        had, has = before.get("third_parties", []), after.get("third_parties", [])
        old["third_parties"] = [row for row in had if row not in has]
        new["third_parties"] = [row for row in has if row not in had]
    return old, new
