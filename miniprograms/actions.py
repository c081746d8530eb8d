"""The verbs of mini programs and bindings."""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import suppress
from functools import partial
from pathlib import PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.accounts.actions import member_or_managers, members_with, notify
from console.base.accounts.models import Team, User
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.actions import record
from console.base.activity.verbs import Verb
from console.base.core.errors import Overtaken, Refused, refusing_duplicate
from console.base.core.files import refusing_unwritable
from console.base.hosts import decisions
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from miniprograms.models import Binding, Category, IdeDownload, MiniProgram, ProgramUser
from miniprograms.signals import binding_ended, binding_started, shelf_changed
from miniprograms.states import Shelf

DESCRIPTIVE = ("name", "category", "introduction", "description")


def lock(program: MiniProgram) -> MiniProgram:
    """Return the row as it is now, locked until the transaction ends: moves of one program go one after the other."""
    return MiniProgram.objects.select_for_update(no_key=True, of=("self",)).select_related("team").get(pk=program.pk)


def touch(program: MiniProgram, verb: Verb, *, label: str = "", **changes: Any) -> None:
    """Write `changes` and what the list shows as the last change."""
    changes |= {"changed_at": timezone.now(), "last_change": verb, "last_change_label": label}
    MiniProgram.objects.filter(pk=program.pk).update(**changes)
    for name, value in changes.items():
        setattr(program, name, value)


def write_entry(verb: Verb, program: MiniProgram, *, by: User, **entry: Any) -> None:
    """Record an activity entry that belongs to the program."""
    entry.setdefault("on", program)
    record(verb, by=by, team_id=program.team_id, mini_program_id=program.app_id, **entry)


@transaction.atomic
def create(
    *,
    team: Team,
    by: User,
    name: str,
    icon: ContentFile[bytes],
    category: Category,
    introduction: str,
    description: str,
) -> MiniProgram:
    """Create a mini program of the team (L-1); the icon is already re-encoded by the form."""
    now = timezone.now()
    program = MiniProgram(
        team=team,
        created_by=by,
        created_at=now,
        changed_at=now,
        name=name,
        icon=icon,
        category=category,
        introduction=introduction,
        description=description,
    )
    _save_named(program, new_icon=True)
    write_entry(Verb.MINI_PROGRAM_CREATED, program, by=by, after=_described(program))
    return program


@transaction.atomic
def edit(
    program: MiniProgram, *, by: User, revision: int, icon: ContentFile[bytes] | None = None, **fields: Any
) -> MiniProgram:
    """Change the descriptive fields (L-3); saving what is there already changes nothing.

    `revision` is the one that the editor saw; raises Overtaken when it is old, Refused for a name that the team has.
    """
    current = lock(program)
    if current.revision != revision:
        raise Overtaken(_("Someone else changed this mini program while you were editing."))
    before = _described(current)
    for name in DESCRIPTIVE:
        setattr(current, name, fields[name])
    after = _described(current)
    if after == before and not icon:
        return current
    if icon:
        before["icon"] = _short(current.icon)
        transaction.on_commit(partial(current.icon.storage.delete, str(current.icon.name)), robust=True)
        current.icon = icon
    current.revision += 1
    _save_named(current, new_icon=bool(icon))
    touch(current, Verb.MINI_PROGRAM_EDITED)
    if icon:
        after["icon"] = _short(current.icon)
    write_entry(Verb.MINI_PROGRAM_EDITED, current, by=by, before=before, after=after)
    return current


def _save_named(program: MiniProgram, *, new_icon: bool) -> None:
    """Save; a name that the team has, and an icon that can't be stored, are refused, and the new icon is not kept."""
    taken = _("The team already has a mini program with this name.")
    try:
        with refusing_duplicate("mini_program_name_once_in_team", taken, field="name"), refusing_unwritable("icon"):
            program.save()
    except Exception:
        with suppress(OSError):  # The sweep finds it.
            if new_icon:
                program.icon.storage.delete(str(program.icon.name))
        raise


def _short(icon: FieldFile) -> str:
    """Return a few letters that tell one icon from another in the log."""
    return PurePath(icon.name or "").stem[:8]


def _described(program: MiniProgram) -> dict[str, Any]:
    return {name: str(getattr(program, name)) for name in DESCRIPTIVE} | {"category": program.category.name}


def user_of(program: MiniProgram, *, application: HostApplication, account: str) -> ProgramUser:
    """Return the application's account as the program knows it, made when it is new (K-4); many may ask at once."""
    found = {"mini_program": program, "application": application, "account": account}
    if user := ProgramUser.objects.filter(**found).first():
        return user
    new = {"openid": "o" + secrets.token_urlsafe(20), "unionid": _unionid(program.team_id, application, account)}
    return ProgramUser.objects.get_or_create(**found, defaults=new)[0]


def _unionid(team_id: int, application: HostApplication, account: str) -> str:
    """Return what all programs of the team call the account; derived, so that two made at once agree."""
    known = ProgramUser.objects.filter(application=application, account=account, mini_program__team_id=team_id)
    if unionid := known.values_list("unionid", flat=True).first():
        return unionid
    name = json.dumps([team_id, application.pk, account])
    return "u" + base64.urlsafe_b64encode(salted_hmac("unionid", name, algorithm="sha256").digest()[:20]).decode()[:27]


@transaction.atomic
def take_off_shelf(program: MiniProgram, *, by: User, reason: str) -> MiniProgram:
    """Stop every application from getting the program, at once (L-4)."""
    return _shelve(program, Shelf.OFF, Verb.MINI_PROGRAM_TAKEN_OFF_SHELF, by=by, reason=reason)


@transaction.atomic
def put_on_shelf(program: MiniProgram, *, by: User, reason: str = "") -> MiniProgram:
    """Serve exactly the same online version again (L-4)."""
    return _shelve(program, Shelf.ON, Verb.MINI_PROGRAM_PUT_ON_SHELF, by=by, reason=reason)


def _shelve(program: MiniProgram, shelf: Shelf, verb: Verb, *, by: User, reason: str) -> MiniProgram:
    program = lock(program)
    if program.shelf == shelf:
        raise Overtaken(
            _("The mini program is already on the shelf.")
            if shelf == Shelf.ON
            else _("The mini program is already off the shelf.")
        )
    before = {"shelf": program.shelf}
    touch(program, verb, shelf=shelf)
    write_entry(verb, program, by=by, before=before, after={"shelf": shelf}, reason=reason)
    shelf_changed.send(sender=MiniProgram, mini_program=program, by=by)
    return program


@transaction.atomic
def request_binding(program: MiniProgram, *, application: HostApplication, reason: str, by: User) -> Binding:
    """Ask a host application for a binding (L-6)."""
    program = lock(program)
    if not HostApplication.objects.open_for_binding_by(program.team_id).filter(pk=application.pk).exists():
        raise Refused(_("This application does not take bindings."), field="application")
    if program.bindings.live().filter(application=application).exists():
        raise Refused(_("This application is already bound, or was already asked."), field="application")
    binding = decisions.ask(Binding(mini_program=program, application=application, requested_by=by, reason=reason))
    touch(program, Verb.BINDING_REQUESTED, label=application.name)
    _note_binding(Verb.BINDING_REQUESTED, binding, by=by, reason=reason, before=None)
    return binding


@transaction.atomic
def withdraw_binding(binding: Binding, *, by: User) -> Binding:
    """Take back a request that nobody has decided, and tell who would have; raises Overtaken when someone has."""
    program = lock(binding.mini_program)
    decisions.move(binding, source=DecisionState.WAITING, state=DecisionState.WITHDRAWN)
    touch(program, Verb.BINDING_WITHDRAWN, label=binding.application.name)
    _note_binding(Verb.BINDING_WITHDRAWN, binding, by=by, before=DecisionState.WAITING)
    _tell_reviewers(binding, gettext_lazy("The binding request of %(program)s was withdrawn"), by=by)
    return binding


@transaction.atomic
def decide_binding(binding: Binding, *, approve: bool, by: User, note: str = "") -> Binding:
    """Approve or reject; approval accepts the version online at this moment for the application (L-6)."""
    program = lock(binding.mini_program)
    decisions.settle(binding, approve=approve, by=by, note=note)
    verb = Verb.BINDING_APPROVED if approve else Verb.BINDING_REJECTED
    if approve:
        Binding.objects.filter(pk=binding.pk).update(accepted_number=program.online_number)
        binding.accepted_number = program.online_number
        binding_started.send(sender=Binding, binding=binding)
    touch(program, verb, label=binding.application.name)
    _note_binding(verb, binding, by=by, reason=note, before=DecisionState.WAITING)
    text = (
        gettext_lazy("%(application)s approved the binding of %(program)s")
        if approve
        else gettext_lazy("%(application)s rejected the binding of %(program)s")
    )
    notify(
        member_or_managers(binding.requested_by, team=program.team),
        kind=NotificationKind.DECISION,
        text=lambda: str(text) % {"application": binding.application, "program": program},
        detail=lambda: note,
        url=program.get_absolute_url(),
    )
    return binding


@transaction.atomic
def unbind(binding: Binding, *, by: User, reason: str = "") -> Binding:
    """End a binding from the mini program's side: the application no longer gets the program, and is told (L-6)."""
    _end_binding(binding, Verb.BINDING_ENDED, by=by, reason=reason)
    _tell_reviewers(binding, gettext_lazy("%(program)s was unbound from %(application)s"), by=by, detail=reason)
    return binding


@transaction.atomic
def remove_from_application(binding: Binding, *, by: User, reason: str) -> Binding:
    """End a binding from the application's side, with a reason, and tell who manages the program (L-6)."""
    if not reason.strip():
        raise Refused(_("Say why: the mini program's team will read it."), field="note")
    _end_binding(binding, Verb.BINDING_REMOVED, by=by, reason=reason)
    notify(
        [user for user in members_with(binding.mini_program.team, Permission.MANAGE) if user != by],
        kind=NotificationKind.DECISION,
        text=lambda: (
            _("%(application)s removed %(program)s")
            % {"application": binding.application, "program": binding.mini_program}
        ),
        detail=lambda: reason,
        url=binding.mini_program.get_absolute_url(),
    )
    return binding


def _tell_reviewers(binding: Binding, text: Promise, *, by: User, detail: str = "") -> None:
    notify(
        [user for user in decisions.reviewers_of(binding.application) if user != by],
        kind=NotificationKind.REVIEW,
        text=lambda: str(text) % {"program": binding.mini_program, "application": binding.application},
        detail=lambda: detail,
        url=binding.get_absolute_url(),
    )


def _end_binding(binding: Binding, verb: Verb, *, by: User, reason: str) -> Binding:
    program = lock(binding.mini_program)
    decisions.move(
        binding,
        source=DecisionState.APPROVED,
        state=DecisionState.ENDED,
        ended_at=timezone.now(),
        ended_by=by,
        end_reason=reason.strip(),
    )
    touch(program, verb, label=binding.application.name)
    _note_binding(verb, binding, by=by, reason=reason, before=DecisionState.APPROVED)
    binding_ended.send(sender=Binding, binding=binding, by=by, removed=verb == Verb.BINDING_REMOVED)
    return binding


def _note_binding(verb: Verb, binding: Binding, *, by: User, before: str | None, reason: str = "") -> None:
    write_entry(
        verb,
        binding.mini_program,
        by=by,
        on=binding,
        label=f"{binding.mini_program} – {binding.application}",
        application_id=binding.application.application_id,
        before={"state": before} if before else None,
        after={"state": binding.state},
        reason=reason,
    )


# What operators keep ----------------------------------------------------------------------------------------------

Kept = Category | IdeDownload


@transaction.atomic
def keep(row: Kept, *, by: User) -> None:
    """Save a category or an IDE download; saving what is there already changes nothing."""
    old = type(row)._default_manager.select_for_update().filter(pk=row.pk).first()
    before, after = _values(old) if old else None, _values(row)
    if before != after:
        row.save()
        verb = _verb("edited" if old else "created", row)
        record(verb, by=by, on=row, label=_name(row), before=before, after=after)


@transaction.atomic
def discard(row: Kept, *, by: User) -> None:
    """Delete a category that no mini program has, or an IDE download."""
    record(_verb("deleted", row), by=by, on=row, label=_name(row), before=_values(row))
    row.delete()


def _name(row: Kept) -> str:
    """Return what the log calls it: as it is kept, whatever the language of who reads."""
    return row.name if isinstance(row, Category) else str(row)


def _verb(move: str, row: Kept) -> Verb:
    return Verb(f"{'category' if isinstance(row, Category) else 'ide_download'}.{move}")


def _values(row: Kept) -> dict[str, str]:
    return {
        field.name: str(field.value_from_object(row))
        for field in row._meta.concrete_fields
        if field.editable and not field.primary_key
    }
