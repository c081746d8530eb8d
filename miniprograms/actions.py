"""The verbs of mini programs and bindings."""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from console.base.accounts.models import Team, User
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict, refuse_if, refusing_duplicate
from console.base.core.holding import delete_after_commit
from console.base.core.images import draw_icon
from console.base.hosts import decisions, icons
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from miniprograms import events, rules
from miniprograms.events import ProgramEvent
from miniprograms.models import Binding, Category, IdeDownload, MiniProgram, ProgramUser
from miniprograms.signals import binding_ended, binding_requested, binding_started, shelf_changed
from miniprograms.states import Shelf

DESCRIPTIVE = ("name", "category", "introduction", "description")


def lock(program: MiniProgram) -> MiniProgram:
    """Return the row as it is now, locked until the transaction ends: moves of one program go one after the other."""
    return MiniProgram.objects.select_for_update(no_key=True, of=("self",)).select_related("team").get(pk=program.pk)


def create(
    *,
    team: Team,
    by: User,
    name: str,
    category: Category,
    introduction: str,
    description: str,
    icon: ContentFile[bytes] | None = None,
    application: HostApplication | None = None,
    at: datetime | None = None,
) -> MiniProgram:
    """Create a mini program of the team (L-1), and ask `application` for a binding, with the introduction as reason.

    The icon is already re-encoded by the form; without one it is drawn from the name. Raises ActionRefused.
    """
    now = at or timezone.now()
    with icons.stored(icon or draw_icon(name)) as stored, transaction.atomic():
        program = MiniProgram(
            team=team,
            created_by=by,
            created_at=now,
            changed_at=now,
            name=name,
            icon=stored,
            category=category,
            introduction=introduction,
            description=description,
        )
        _save_named(program)
        emit(events.MiniProgramCreated(program, by=by, at=now, after=_described(program)))
        if application:
            request_binding(program, application=application, reason=introduction, by=by, at=now)
        return program


def edit(
    program: MiniProgram,
    *,
    by: User,
    revision: int,
    icon: ContentFile[bytes] | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> MiniProgram:
    """Change the descriptive fields (L-3); saving what is there already changes nothing.

    `revision` is the one that the editor saw; raises Conflict when it is old, ActionRefused for a name that is taken.
    """
    with icons.stored(icon) as stored, transaction.atomic():
        current = lock(program)
        if current.revision != revision:
            raise Conflict(_("Someone else changed this mini program while you were editing. Reload the page."))
        before = _described(current)
        for name in DESCRIPTIVE:
            setattr(current, name, fields[name])
        after = _described(current)
        if after == before and not stored:
            return current
        if stored:
            before["icon"] = _short(current.icon)
            delete_after_commit(current.icon.storage, str(current.icon.name))
            current.icon = stored
            after["icon"] = _short(current.icon)
        current.revision += 1
        _save_named(current)
        emit(events.MiniProgramEdited(current, by=by, at=at, before=before, after=after))
        return current


def _save_named(program: MiniProgram) -> None:
    """Save; a name that the team has is refused."""
    taken = _("The team already has a mini program with this name. Choose another one.")
    with refusing_duplicate("mini_program_name_once_in_team", taken, field="name"):
        program.save()


def _short(icon: FieldFile) -> str:
    """Return a few letters that distinguish icons in the log."""
    return PurePath(icon.name or "").stem[:8]


def _described(program: MiniProgram) -> dict[str, Any]:
    return {name: str(getattr(program, name)) for name in DESCRIPTIVE} | {"category": program.category.name}


def user_of(program: MiniProgram, *, application: HostApplication, account: str) -> ProgramUser:
    """Return the application's account as the program knows it, made when it is new (K-4); many may ask together."""
    found = {"mini_program": program, "application": application, "account": account}
    if user := ProgramUser.objects.filter(**found).first():
        return user
    new = {"openid": "o" + secrets.token_urlsafe(20), "unionid": _unionid(program.team_id, application, account)}
    return ProgramUser.objects.get_or_create(**found, defaults=new)[0]


def _unionid(team_id: int, application: HostApplication, account: str) -> str:
    """Return what all programs of the team call the account; derived, so that two made at the same time agree."""
    known = ProgramUser.objects.filter(application=application, account=account, mini_program__team_id=team_id)
    if unionid := known.values_list("unionid", flat=True).first():
        return unionid
    name = json.dumps([team_id, application.pk, account])
    return "u" + base64.urlsafe_b64encode(salted_hmac("unionid", name, algorithm="sha256").digest()[:20]).decode()[:27]


@transaction.atomic
def take_off_shelf(program: MiniProgram, *, by: User, reason: str, at: datetime | None = None) -> MiniProgram:
    """Stop every application from getting the program, immediately (L-4)."""
    return _shelve(program, Shelf.OFF, events.MiniProgramTakenOffShelf, by=by, at=at, reason=reason)


@transaction.atomic
def put_on_shelf(program: MiniProgram, *, by: User, reason: str = "", at: datetime | None = None) -> MiniProgram:
    """Serve exactly the same online version again (L-4)."""
    return _shelve(program, Shelf.ON, events.MiniProgramPutOnShelf, by=by, at=at, reason=reason)


def _shelve(
    program: MiniProgram, shelf: Shelf, event: type[ProgramEvent], *, by: User, at: datetime | None, reason: str
) -> MiniProgram:
    program = lock(program)
    if program.shelf == shelf:
        raise Conflict(
            _("Already done: the mini program is on the shelf.")
            if shelf == Shelf.ON
            else _("Already done: the mini program is off the shelf.")
        )
    before = {"shelf": program.shelf}
    program.write(shelf=shelf)
    entry = emit(event(program, by=by, at=at, before=before, after={"shelf": shelf}, reason=reason))
    shelf_changed.send(sender=MiniProgram, mini_program=program, by=by, at=entry.at)
    return program


@transaction.atomic
def request_binding(
    program: MiniProgram, *, application: HostApplication, reason: str, by: User, at: datetime | None = None
) -> Binding:
    """Ask a host application for a binding (L-6)."""
    program = lock(program)
    if not HostApplication.objects.open_for_binding_by(program.team_id).filter(pk=application.pk).exists():
        raise ActionRefused(_("This app does not accept bindings."), field="application")
    if program.bindings.live().filter(application=application).exists():
        raise ActionRefused(_("This app is already bound or has a pending request."), field="application")
    binding = Binding(mini_program=program, application=application, requested_by=by, reason=reason)
    decisions.ask(binding, at=at)
    emit(events.BindingRequested(binding, was=None, by=by, at=at, reason=reason))
    binding_requested.send(sender=Binding, binding=binding, by=by, at=at)
    return binding


@transaction.atomic
def withdraw_binding(binding: Binding, *, by: User, at: datetime | None = None) -> Binding:
    """Withdraw a request that nobody has decided, and notify its reviewers; raises Conflict when someone has."""
    binding.mini_program = lock(binding.mini_program)
    decisions.move(binding, source=DecisionState.WAITING, state=DecisionState.WITHDRAWN)
    emit(events.BindingWithdrawn(binding, was=DecisionState.WAITING, by=by, at=at))
    return binding


@transaction.atomic
def decide_binding(binding: Binding, *, approve: bool, by: User, note: str = "", at: datetime | None = None) -> Binding:
    """Approve or reject; approval accepts the version online at this moment for the application (L-6)."""
    binding.mini_program = program = lock(binding.mini_program)
    decisions.settle(binding, approve=approve, by=by, at=at, note=note)
    if approve:
        Binding.objects.filter(pk=binding.pk).update(accepted_number=program.online_number)
        binding.accepted_number = program.online_number
        binding_started.send(sender=Binding, binding=binding, at=at)
    event = events.BindingApproved if approve else events.BindingRejected
    emit(event(binding, was=DecisionState.WAITING, by=by, at=at, reason=note))
    return binding


@transaction.atomic
def unbind(binding: Binding, *, by: User, reason: str = "", at: datetime | None = None) -> Binding:
    """End a binding from the mini program's side: the application no longer gets the program, and is notified (L-6)."""
    return _end_binding(binding, events.BindingEnded, by=by, at=at, reason=reason)


@transaction.atomic
def remove_from_application(binding: Binding, *, by: User, reason: str, at: datetime | None = None) -> Binding:
    """End a binding from the application's side, with a reason, and notify who manages the program (L-6)."""
    if not reason.strip():
        raise ActionRefused(_("Enter a reason. The mini program’s team will see it."), field="note")
    return _end_binding(binding, events.BindingRemoved, by=by, at=at, reason=reason)


def _end_binding(
    binding: Binding, event: type[events.BindingEvent], *, by: User, at: datetime | None, reason: str
) -> Binding:
    binding.mini_program, at = lock(binding.mini_program), at or timezone.now()
    end = {"ended_at": at, "ended_by": by, "end_reason": reason.strip()}
    decisions.move(binding, source=DecisionState.APPROVED, state=DecisionState.ENDED, **end)
    emit(event(binding, was=DecisionState.APPROVED, by=by, at=at, reason=reason))
    removed = event is events.BindingRemoved
    binding_ended.send(sender=Binding, binding=binding, by=by, removed=removed, at=at)
    return binding


# What operators keep ----------------------------------------------------------------------------------------------

Kept = Category | IdeDownload
CREATED = {Category: events.CategoryCreated, IdeDownload: events.IdeDownloadCreated}
EDITED = {Category: events.CategoryEdited, IdeDownload: events.IdeDownloadEdited}
DELETED = {Category: events.CategoryDeleted, IdeDownload: events.IdeDownloadDeleted}


@transaction.atomic
def keep(row: Kept, *, by: User) -> None:
    """Save a category or an IDE download; saving what is there already changes nothing.

    Raises ActionRefused for a name, or a version and system, that is there already, Conflict when the row is gone.
    """
    old = _current(row) if row.pk else None
    before, after = _values(old) if old else None, _values(row)
    if before != after:
        with _refusing_second(row):
            row.save()
        event = (EDITED if old else CREATED)[type(row)]
        emit(event(row, by=by, before=before, after=after))


@transaction.atomic
def discard(row: Kept, *, by: User) -> None:
    """Delete a category that no mini program has, or an IDE download; raises Conflict when it is gone already."""
    current = _current(row)
    if isinstance(current, Category):
        refuse_if(rules.why_not_discard(str(current), current.miniprogram_set.count()))
    emit(DELETED[type(row)](current, by=by, before=_values(current)))
    current.delete()


def _current(row: Kept) -> Kept:
    """Return the row as it is now, locked, so that no mini program gets the category meanwhile."""
    current: Kept | None = type(row)._default_manager.select_for_update().filter(pk=row.pk).first()
    if current is None:
        raise Conflict(_("Already done: %(row)s was deleted.") % {"row": row})
    return current


def _refusing_second(row: Kept) -> AbstractContextManager[None]:
    if isinstance(row, Category):
        return refusing_duplicate(
            "miniprograms_category_name", _("This category name is taken. Choose another one."), field="name"
        )
    words = _("This version already has a download for this system.")
    return refusing_duplicate("ide_download_once", words, field="version")


def _values(row: Kept) -> dict[str, str]:
    return {
        field.name: str(field.value_from_object(row))
        for field in row._meta.concrete_fields
        if field.editable and not field.primary_key
    }
