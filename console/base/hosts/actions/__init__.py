"""The verbs of the host side: applications, their people, keys and sensitive APIs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.actions import given_by
from console.base.accounts.identity.granting import ByProvider
from console.base.accounts.models import Membership, Team, User
from console.base.accounts.permissions import ApplicationRole
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict, refuse_if, refusing_duplicate
from console.base.core.holding import delete_after_commit
from console.base.hosts import events, icons, rules
from console.base.hosts.actions import ending
from console.base.hosts.models import (
    ApplicationKey,
    ApplicationMember,
    DefaultApi,
    HostApplication,
    SensitiveApi,
)
from console.base.hosts.people import administrators_of
from console.base.hosts.signing import make_signing_key

DESCRIPTIVE = ("name", "description", "listed")


# Applications -----------------------------------------------------------------------------------------------------


def lock(application: HostApplication) -> HostApplication:
    """Return the row as it is now, locked until the transaction ends: changes of people go one after the other."""
    return HostApplication.objects.select_for_update(no_key=True).get(pk=application.pk)


def create_application(
    *,
    team: Team,
    by: User,
    name: str,
    description: str,
    listed: bool,
    icon: ContentFile[bytes] | str | None = None,
    at: datetime | None = None,
) -> HostApplication:
    """Create a host application with a first device key; `by` becomes its administrator.

    The icon's name is given where it is stored already.
    """
    at = at or timezone.now()
    described = {"name": name, "description": description, "listed": listed}
    with icons.stored(icon) as stored, transaction.atomic():
        application = HostApplication(team=team, icon=stored, created_at=at, **described)
        _save_named(application)
        ApplicationMember.objects.create(application=application, user=by, role=ApplicationRole.APP_ADMIN, since=at)
        give_default_apis(application)
        key = ApplicationKey.objects.create(application=application, created_by=by, created_at=at)
        make_signing_key(application, by=by, at=at)
        after = {**_described(application), "administrator": str(by), "key": str(key)}
        emit(events.ApplicationCreated(application, by=by, at=at, after=after))
        return application


def give_default_apis(application: HostApplication) -> None:
    """Fill the list of sensitive APIs of a new application (D-3)."""
    _hold_defaults()
    SensitiveApi.objects.bulk_create(
        SensitiveApi(application=application, name=api.name, title=api.title, restricted=api.restricted)
        for api in DefaultApi.objects.all()
    )


def edit_application(
    application: HostApplication,
    *,
    by: User,
    revision: int,
    icon: ContentFile[bytes] | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> HostApplication:
    """Change the descriptive fields; saving what is there already changes nothing.

    `revision` is the one that the editor saw; raises Conflict when it is old.
    """
    with icons.stored(icon) as stored, transaction.atomic():
        current = lock(application)
        if current.revision != revision:
            raise Conflict(_("Someone else changed this app while you were editing. Reload the page."))
        before = _described(current)
        for name in DESCRIPTIVE:
            setattr(current, name, fields[name])
        if _described(current) == before and not stored:
            return current
        if stored:
            if current.icon:
                delete_after_commit(current.icon.storage, str(current.icon.name))
            current.icon = stored
        current.revision += 1
        _save_named(current)
        after = _described(current) | ({"icon": current.icon.name} if stored else {})
        emit(events.ApplicationEdited(current, by=by, at=at, before=before, after=after))
        return current


def _save_named(application: HostApplication) -> None:
    """Save; a name that the team has is refused."""
    taken = _("The team already has an app with this name. Choose another one.")
    with refusing_duplicate("application_name_once_in_team", taken, field="name"):
        application.save()


def _described(application: HostApplication) -> dict[str, Any]:
    return {name: getattr(application, name) for name in DESCRIPTIVE}


# People -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_person(
    application: HostApplication, *, user: User, role: str, by: User | ByProvider, at: datetime | None = None
) -> ApplicationMember:
    """Give a member of the owning team a role on the host side, and notify them.

    The membership is read after the lock that `leave` also takes, so nobody stays who leaves the team at the same time.
    """
    return _add(lock(application), user=user, role=role, by=by, at=at or timezone.now())


def _add(
    application: HostApplication, *, user: User, role: str, by: User | ByProvider, at: datetime
) -> ApplicationMember:
    """Give the role, as a part of a verb that holds the application's lock."""
    if not Membership.objects.filter(team_id=application.team_id, user=user).exists():
        raise ActionRefused(_("Only members of the app’s team can be added."), field="user")
    first = {"role": role, "since": at, "given_by": given_by(by)}
    person, new = ApplicationMember.objects.get_or_create(application=application, user=user, defaults=first)
    if not new:
        raise Conflict(
            _("%(person)s is already a member of this app: %(role)s.")
            % {"person": user, "role": person.get_role_display()},
            field="user",
        )
    emit(events.ReviewerAdded(person, by=by, at=at, after={"role": role}))
    return person


@transaction.atomic
def change_role(
    person: ApplicationMember, *, role: str, by: User | ByProvider, at: datetime | None = None
) -> ApplicationMember:
    """Change a person's role and notify them; the last application administrator keeps theirs.

    Reviewers whom one had invited who no longer administers the application are invited no longer.
    """
    ending.lock_team(person)
    _application, current = _locked(person)
    if current.role == role:
        return current
    _refuse_last_administrator(current)
    sent = ending.sent_by(current)
    _give(current, role=role, by=by, at=at)
    ending.withdraw_all(sent, by=by, at=at)
    return current


def _give(current: ApplicationMember, *, role: str, by: User | ByProvider, at: datetime | None) -> ApplicationMember:
    """Give the person another role, as a part of a verb that holds the application's lock."""
    before = {"role": current.role}
    current.role, current.given_by = role, given_by(by)
    current.save(update_fields=["role", "given_by"])
    emit(events.ReviewerRoleChanged(current, by=by, at=at, before=before, after={"role": role}))
    return current


@transaction.atomic
def appoint_administrator(
    application: HostApplication, *, user: User, by: User, at: datetime | None = None
) -> ApplicationMember:
    """Make a member of the owning team application administrator, as its administrators do where none can sign in.

    Raises Conflict where one can, ActionRefused for who is no member or can't sign in.
    """
    application, at = lock(application), at or timezone.now()
    if refusal := rules.why_not_appoint(application):
        raise Conflict(refusal)
    if not user.is_active:
        raise ActionRefused(_("Only active members of the app’s team can be appointed."), field="user")
    role = ApplicationRole.APP_ADMIN
    if person := application.people.filter(user=user).select_related("user").first():
        person.application = application
        return _give(person, role=role, by=by, at=at)
    return _add(application, user=user, role=role, by=by, at=at)


@transaction.atomic
def remove_person(person: ApplicationMember, *, by: User | ByProvider, at: datetime | None = None) -> None:
    """Take a person's host side role, from the next request on (P-3), and notify them; withdraw whom they invited.

    The last application administrator stays.
    """
    ending.lock_team(person)
    _application, current = _locked(person)
    _refuse_last_administrator(current)
    emit(events.ReviewerRemoved(current, by=by, at=at, before={"role": current.role}))
    ending.withdraw_all(ending.sent_by(current), by=by, at=at)
    current.delete()


def leave(team: Team, user: User, *, by: User | ByProvider, at: datetime | None = None) -> None:
    """Take the host side roles of someone who leaves the team; inside the caller's transaction (P-3).

    Each application's log has an entry; the person is notified of the team alone.

    Raises ActionRefused when an application would be left without an administrator; an operator, who is not in the
    team, reads no name of it (P-1).
    """
    inside = by == user or (isinstance(by, User) and Membership.objects.filter(team=team, user=by).exists())
    # Before the roles are read, as by every change of an application's people: two can't both go as not the last.
    list(HostApplication.objects.filter(team=team).order_by("pk").select_for_update(no_key=True))
    roles = ApplicationMember.objects.filter(application__team=team, user=user).select_related("application", "user")
    for person in roles.prefetch_related("application__people__user"):
        why_not = rules.why_not_leave(person, administrators_of(person.application))
        refuse_if(rules.why_not_leave_any(person.user) if why_not and not inside else why_not)
        emit(events.ReviewerRemoved(person, by=by, at=at, before={"role": person.role}, quiet=True))
        person.delete()


def _refuse_last_administrator(person: ApplicationMember) -> None:
    refuse_if(rules.why_not_leave(person, administrators_of(person.application)))


def _locked(person: ApplicationMember) -> tuple[HostApplication, ApplicationMember]:
    """Lock the application and return both rows as they are now."""
    application = lock(person.application)
    current = application.people.filter(pk=person.pk).select_related("user").first()
    if current is None:
        raise Conflict(_("Already done: %(person)s was removed.") % {"person": person.user})
    current.application = application
    return application, current


# Keys -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_key(application: HostApplication, *, by: User, at: datetime | None = None) -> ApplicationKey:
    """Make another device key; those in use go on working."""
    at = at or timezone.now()
    key = ApplicationKey.objects.create(application=application, created_by=by, created_at=at)
    emit(events.ApplicationKeyAdded(key, by=by, at=at, after={"key": str(key)}))
    return key


@transaction.atomic
def revoke_key(key: ApplicationKey, *, by: User, reason: str = "", at: datetime | None = None) -> ApplicationKey:
    """End a key for good: devices that carry it get nothing any more, within a second (P-3)."""
    at = at or timezone.now()
    if not ApplicationKey.objects.active().filter(pk=key.pk).update(revoked_at=at):
        raise Conflict(_("Already done: someone else revoked this key."))
    key.revoked_at = at
    emit(events.ApplicationKeyRevoked(key, by=by, at=at, before={"key": str(key)}, reason=reason))
    return key


@transaction.atomic
def export_configuration(key: ApplicationKey, *, by: User, at: datetime | None = None) -> dict[str, Any]:
    """Return what the SDK inside the host application needs to reach the console; each time is on record."""
    application = key.application
    if not ApplicationKey.objects.active().filter(pk=key.pk).exists():
        raise ActionRefused(_("This key was revoked. Choose another one."), field="key")
    emit(events.ConfigurationDownloaded(key, by=by, at=at, after={"key": str(key)}))
    return {
        "application_id": application.application_id,
        "name": application.name,
        "key": key.key,
        "base_url": settings.BASE_URL,
        "runtime_url": f"{settings.BASE_URL.rstrip('/')}/runtime/v1/",
        "signing_keys": [
            {"key_id": signing.key_id, "public_key": signing.public_key}
            for signing in application.signing_keys.active()
        ],
    }


# Sensitive APIs ---------------------------------------------------------------------------------------------------


@transaction.atomic
def add_api(
    application: HostApplication, *, name: str, title: str, by: User, at: datetime | None = None
) -> SensitiveApi:
    """Put an API of the application's own into its list, restricted (D-3)."""
    api = SensitiveApi(application=application, name=name, title=title, restricted=True)
    with refusing_duplicate("sensitive_api_once", _("This API is already in the list."), field="name"):
        api.save()
    emit(events.ApiAdded(api, by=by, at=at, after=_listed(api)))
    return api


@transaction.atomic
def remove_api(api: SensitiveApi, *, by: User, at: datetime | None = None) -> None:
    """Take an API out of the list; those that every application has stay in it (D-3)."""
    _hold_defaults()
    refuse_if(rules.why_not_remove_api(api, DefaultApi.objects.filter(name=api.name).exists()))
    if not SensitiveApi.objects.filter(pk=api.pk).delete()[0]:
        raise _api_conflict(api)
    emit(events.ApiRemoved(api, by=by, at=at, before=_listed(api)))


@transaction.atomic
def restrict_api(api: SensitiveApi, *, by: User, at: datetime | None = None) -> SensitiveApi:
    """Let only those mini programs call it that were granted it, from their next policy on (D-3, D-4)."""
    return _mark_api(api, events.ApiRestricted, restricted=True, by=by, at=at)


@transaction.atomic
def open_api(api: SensitiveApi, *, by: User, at: datetime | None = None) -> SensitiveApi:
    """Let every bound mini program call it, from its next policy on (D-3, D-4)."""
    return _mark_api(api, events.ApiOpened, restricted=False, by=by, at=at)


def _mark_api(
    api: SensitiveApi, event: type[events.ApiEvent], *, restricted: bool, by: User, at: datetime | None
) -> SensitiveApi:
    if not SensitiveApi.objects.filter(pk=api.pk, restricted=not restricted).update(restricted=restricted):
        raise _api_conflict(api)
    api.restricted = restricted
    emit(event(api, by=by, at=at, before={"restricted": not restricted}, after={"restricted": restricted}))
    return api


def _api_conflict(api: SensitiveApi) -> Conflict:
    current = SensitiveApi.objects.filter(pk=api.pk).first()
    if current is None:
        return Conflict(_("Already done: %(api)s was removed from the list.") % {"api": api})
    text = _("Already done: %(api)s is restricted.")
    return Conflict((text if current.restricted else _("Already done: %(api)s is public.")) % {"api": api})


def _listed(api: SensitiveApi | DefaultApi) -> dict[str, Any]:
    return {"name": api.name, "title": api.title, "restricted": api.restricted}


def _hold_defaults() -> None:
    """Let nobody change the default APIs until the transaction ends, so that no list misses one that is just added."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE hosts_defaultapi IN SHARE MODE")


@transaction.atomic
def keep(row: DefaultApi, *, by: User, at: datetime | None = None) -> None:
    """Save a default sensitive API; saving what is there already changes nothing.

    A new one goes into every application's list as public, so that nothing stops that works. Raises ActionRefused for a
    name that is there already, Conflict when the row is gone.
    """
    old = _current_default(row) if row.pk else None
    before, after = _listed(old) if old else None, _listed(row)
    if before == after:
        return
    taken = _("This API is already in the list.")
    with refusing_duplicate("hosts_defaultapi_name", taken, field="name"):
        row.save()
    if old is None:
        applications = HostApplication.objects.all()
        SensitiveApi.objects.bulk_create(
            (SensitiveApi(application=each, name=row.name, title=row.title, restricted=False) for each in applications),
            ignore_conflicts=True,
        )
    event = events.DefaultApiEdited if old else events.DefaultApiCreated
    emit(event(row, by=by, at=at, before=before, after=after))


@transaction.atomic
def discard(row: DefaultApi, *, by: User, at: datetime | None = None) -> None:
    """Delete a default sensitive API; it stays in the lists of the applications, which may take it out from now on.

    Raises Conflict when it is gone already.
    """
    current = _current_default(row)
    emit(events.DefaultApiDeleted(current, by=by, at=at, before=_listed(current)))
    current.delete()


def _current_default(row: DefaultApi) -> DefaultApi:
    """Return the row as it is now, locked."""
    current = DefaultApi.objects.select_for_update().filter(pk=row.pk).first()
    if current is None:
        raise Conflict(_("Already done: %(row)s was deleted.") % {"row": row})
    return current
