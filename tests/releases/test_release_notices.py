"""Who is notified of another online version: the program's managers, and the administrators of its applications."""

import pytest
from django.urls import reverse
from django.utils.translation import gettext, override

from console.base.accounts.models import Notification
from console.base.accounts.permissions import ApplicationRole
from console.base.accounts.states import NotificationKind
from releases import actions
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    """City Bus: its license holder publishes, an administrator and a viewer belong to the team."""
    program = factories.make_program(name="City Bus")
    for role in ("admin", "developer", "viewer"):
        factories.make_member(program.team, role)
    return program


def told():
    """Each notification of a release as (person, text, detail, address)."""
    rows = Notification.objects.filter(kind=NotificationKind.RELEASE).order_by("id")
    return [(row.user, row.text, row.detail, row.url) for row in rows]


def admin_of(program):
    return program.team.memberships.get(role="admin").user


def test_publish_and_roll_back(program):
    by = program.created_by
    first = factories.make_online(program, "1.0.0")
    second = factories.make_approved(program, "1.1.0")
    Notification.objects.all().delete()

    actions.publish(second, by=by, note="New timetable")
    first.refresh_from_db()
    actions.roll_back(first, by=admin_of(program))

    assert told() == [
        (admin_of(program), "City Bus 1.1.0 is online", f"By {by}.\nNew timetable", second.get_absolute_url()),
        (by, "City Bus was rolled back to 1.0.0", f"By {admin_of(program)}.", first.get_absolute_url()),
    ]


def test_administrators_of_bound_applications_on_their_own_side(program):
    bound = factories.make_application(name="Metro Wallet")
    other = factories.make_application(name="Elsewhere")
    administrator = factories.make_reviewer(bound, ApplicationRole.APP_ADMIN)
    factories.make_reviewer(bound)
    factories.make_reviewer(other, ApplicationRole.APP_ADMIN)
    gone = factories.make_reviewer(bound, ApplicationRole.APP_ADMIN)
    gone.is_active = False
    gone.save()
    factories.make_binding(program, bound)
    version = factories.make_approved(program)
    Notification.objects.all().delete()

    actions.publish(version, by=program.created_by)

    page = reverse("hosts:programs", args=[bound.application_id])
    assert [(user, url) for user, _text, _detail, url in told()] == [
        (admin_of(program), version.get_absolute_url()), (administrator, page),
    ]  # fmt: skip


def test_once_though_there_are_several_reasons(program):
    applications = [factories.make_application(program.team) for _number in range(2)]
    for application in applications:
        application.people.create(user=admin_of(program), role=ApplicationRole.APP_ADMIN)
        application.people.create(user=program.created_by, role=ApplicationRole.APP_ADMIN)
        factories.make_binding(program, application)
    version = factories.make_approved(program)
    Notification.objects.all().delete()

    actions.publish(version, by=program.created_by)

    assert [(user, url) for user, _text, _detail, url in told()] == [(admin_of(program), version.get_absolute_url())]


def test_in_the_language_of_each(program):
    reader = admin_of(program)
    reader.language = "zh-hans"
    reader.save()
    version = factories.make_approved(program)

    actions.publish(version, by=program.created_by)

    with override("zh-hans"):
        words = gettext("%(program)s %(version)s is online") % {"program": program, "version": "1.0.0"}
    assert [text for user, text, _detail, _url in told() if user == reader] == [words]
