"""The verbs of templates: a mini program's own (M-2, M-3) and the public library's (M-1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict, refuse_if, refusing_duplicate
from messaging import events, rules
from messaging.models import Message, MyTemplate, PublicKeyword, PublicTemplate
from messaging.states import MessageState
from miniprograms.actions import lock
from miniprograms.models import MiniProgram

COPIED = ("key", "name", "name_zh", "kind", "example", "example_zh", "options")
WORDS = ("name", "name_zh", "example", "example_zh", "options")
FIRST_NUMBER = 1001


# My templates -----------------------------------------------------------------------------------------------------


@transaction.atomic
def add_template(
    program: MiniProgram,
    *,
    public_template: PublicTemplate,
    numbers: Sequence[int],
    note: str,
    by: User,
    at: datetime | None = None,
) -> MyTemplate:
    """Add a template with these keywords of the public one, in this order (M-2).

    Raises ActionRefused (`numbers`) when the program has one with the same set of keywords.
    """
    program, at = lock(program), at or timezone.now()
    offered = PublicTemplate.objects.listed().filter(pk=public_template.pk).first()
    if offered is None:
        raise ActionRefused(_("This template is no longer in the library."))
    refuse_if(rules.why_not_add(MyTemplate.objects.live().filter(mini_program=program).count()))
    known = {keyword.number: keyword for keyword in offered.keywords.all()}
    refuse_if(rules.why_not_keywords(numbers, known.keys()), "numbers")
    chosen = [known[number] for number in numbers]
    template = MyTemplate(
        mini_program=program,
        public_template=offered,
        title=offered.title,
        title_zh=offered.title_zh,
        kind=offered.kind,
        keywords=[{name: getattr(keyword, name) for name in COPIED} for keyword in chosen],
        keyword_set=keyword_set(numbers),
        note=note,
        created_by=by,
        created_at=at,
    )
    with refusing_duplicate("my_template_keywords_once", rules.same_keywords(), field="numbers"):
        template.save()
    after = {"keywords": ", ".join(keyword.name for keyword in chosen)} | ({"note": note} if note else {})
    emit(events.TemplateAdded(template, by=by, at=at, after=after))
    return template


def keyword_set(numbers: Iterable[int]) -> str:
    """Return what two templates from one public template may not both have, whatever the order: 1,2,4."""
    return ",".join(map(str, sorted(numbers)))


class Left(NamedTuple):
    """What a template that is about to be deleted still has."""

    consents: int
    waiting: int


def left_of(template: MyTemplate) -> Left:
    """Return how many users could still be sent something, and how many messages wait for delivery."""
    usable = template.consents.filter(Q(held=True) | Q(granted__gt=F("used")))
    messages = Message.objects.filter(mini_program=template.mini_program_id, template=template)
    return Left(usable.count(), messages.filter(state=MessageState.WAITING).count())


@transaction.atomic
def delete_template(template: MyTemplate, *, by: User, note: str = "", at: datetime | None = None) -> MyTemplate:
    """Delete for good: its consents are worth nothing from now on, what was accepted is still delivered (M-3)."""
    program, at = lock(template.mini_program), at or timezone.now()
    if not MyTemplate.objects.live().filter(pk=template.pk).update(deleted_at=at):
        raise Conflict(_("Already done: someone else deleted this template."))
    template.deleted_at = at
    template.mini_program = program
    emit(events.TemplateDeleted(template, by=by, at=at, reason=note))
    return template


# The public library: what operators keep --------------------------------------------------------------------------


@transaction.atomic
def keep_public_template(
    template: PublicTemplate,
    *,
    keywords: Iterable[PublicKeyword] = (),
    removed: Iterable[PublicKeyword] = (),
    by: User,
) -> PublicTemplate:
    """Save a public template with those of its keywords that are new or changed, and without the `removed` ones (M-1).

    A template and a keyword get their number here, once; a saved keyword keeps its type, too, as both are what servers
    send: `thing4`. Saving what is there already changes nothing. Templates in use are copies and stay as they are.
    """
    refuse_if(rules.why_not_kind(template.kind, template.category), "kind")
    old = PublicTemplate.objects.select_for_update().filter(pk=template.pk).first()
    if old is None and template.pk:
        raise Conflict(_("Already done: someone else deleted this template."))
    before = _described(old) if old else None
    if old is None:
        _hold_numbers()
        highest = PublicTemplate.objects.aggregate(highest=Max("number"))["highest"] or 0
        template.number = max(highest + 1, FIRST_NUMBER)
    template.save()
    PublicKeyword.objects.filter(template=template, pk__in=[keyword.pk for keyword in removed]).delete()
    _save_keywords(template, keywords, free=_free_number(template, removed))
    after = _described(template)
    if after != before:
        event = events.PublicTemplateEdited if old else events.PublicTemplateCreated
        emit(event(template, by=by, before=before, after=after))
    return template


def _save_keywords(template: PublicTemplate, keywords: Iterable[PublicKeyword], *, free: int) -> None:
    for keyword in keywords:
        if keyword.pk:
            words = {name: getattr(keyword, name) for name in WORDS}
            if not template.keywords.filter(pk=keyword.pk).update(**words):
                raise Conflict(_("Someone else removed the keyword %(keyword)s.") % {"keyword": keyword})
        else:
            keyword.template, keyword.number, free = template, free, free + 1
            keyword.save()


def _hold_numbers() -> None:
    """Let nobody else take the next number until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE messaging_publictemplate IN SHARE ROW EXCLUSIVE MODE")


def _free_number(template: PublicTemplate, removed: Iterable[PublicKeyword]) -> int:
    """Return the first number that no keyword of the template has or had in a template in use."""
    sets = template.selections.values_list("keyword_set", flat=True).distinct()
    had = {int(number) for each in sets for number in each.split(",")}
    had |= {keyword.number for keyword in removed}
    has = template.keywords.aggregate(highest=Max("number"))["highest"] or 0
    return max(has, *had, 0) + 1


@transaction.atomic
def discard_public_template(template: PublicTemplate, *, by: User) -> None:
    """Delete a public template that nobody ever selected; any other raises ActionRefused: it can only be unlisted."""
    current = PublicTemplate.objects.select_for_update().filter(pk=template.pk).first()
    if current is None:
        raise Conflict(_("Already done: someone else deleted this template."))
    refuse_if(rules.why_not_discard(current.title, current.selections.count()))
    emit(events.PublicTemplateDeleted(current, by=by, before=_described(current)))
    current.delete()


def _described(template: PublicTemplate) -> dict[str, Any]:
    """Return what entries hold: the template, and each keyword in one line under its name in `data`."""
    described = {
        "number": template.number,
        "english_title": template.title,
        "chinese_title": template.title_zh,
        "type": template.kind,
        "category": template.category,
        "offered": template.is_listed,
    }
    for keyword in template.keywords.order_by("number"):
        words = [keyword.name, keyword.name_zh, keyword.example, keyword.example_zh, *keyword.options]
        described[keyword.key] = " / ".join(words)
    return described
