"""Publishing (V-12): the verb and its page."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from releases import actions
from releases.models import Release
from tests import factories

pytestmark = pytest.mark.django_db


def url(version):
    return reverse("releases:publish", args=[version.mini_program.app_id, version.number])


def test_puts_the_version_online_and_writes_one_history_row_and_one_entry():
    version = factories.make_approved(factories.make_program())
    before = ActivityEntry.objects.count()
    release = actions.publish(version, by=version.mini_program.created_by, note="First")
    version.refresh_from_db()
    version.mini_program.refresh_from_db()
    assert (version.state, version.mini_program.online_number) == ("online", "1.0.0")
    assert (release.kind, release.from_version, release.to_version, release.note) == (
        "publish",
        None,
        version,
        "First",
    )
    entries = ActivityEntry.objects.all()[: ActivityEntry.objects.count() - before]
    assert [(entry.verb, entry.before, entry.after["online"], entry.reason) for entry in entries] == [
        ("version.published", {"online": None}, "1.0.0", "First")
    ]


def test_retires_the_version_before():
    program = factories.make_program()
    first = factories.make_online(program, "1.9.0")
    factories.make_online(program, "1.10.0")
    first.refresh_from_db()
    assert (first.state, program.versions.online().get().number) == ("retired", "1.10.0")


def test_refuses_a_version_that_is_not_higher():
    program = factories.make_program()
    lower = factories.make_approved(program, "1.9.0")
    factories.make_online(program, "1.10.0")
    with pytest.raises(ActionRefused, match=r"1\.9\.0 isn’t higher than the online version, 1\.10\.0"):
        actions.publish(lower, by=program.created_by)
    assert program.releases.count() == 1


def test_refuses_without_an_audit():
    version = factories.make_version(factories.make_program())
    with pytest.raises(ActionRefused, match="hasn’t passed the audit"):
        actions.publish(version, by=version.uploaded_by)


def test_refuses_off_the_shelf():
    version = factories.make_approved(factories.make_program(shelf="off"))
    with pytest.raises(ActionRefused, match="off the shelf"):
        actions.publish(version, by=version.uploaded_by)


def test_refuses_twice():
    version = factories.make_online(factories.make_program())
    with pytest.raises(ActionRefused, match="is already online"):
        actions.publish(version, by=version.uploaded_by)


def test_refuses_what_was_online_before():
    program = factories.make_program()
    first = factories.make_online(program, "1.0.0")
    factories.make_online(program, "1.1.0")
    with pytest.raises(ActionRefused, match="Roll back to use it again"):
        actions.publish(first, by=program.created_by)


def test_history_can_not_be_changed():
    """V-15: append-only."""
    factories.make_online(factories.make_program())
    for change in (lambda: Release.objects.update(note="x"), lambda: Release.objects.all().delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def test_approval_is_bound_to_the_package(settings):
    """V-6: a package that was exchanged after the approval is not published."""
    program = factories.make_program()
    version = factories.make_approved(program, "1.0.0")
    other = factories.make_version(program, "1.1.0")
    type(version).objects.filter(pk=version.pk).update(package=other.package)
    with pytest.raises(ActionRefused, match="differs from the approved one"):
        actions.publish(version, by=program.created_by)
    assert not program.versions.online().exists()


def test_a_package_can_not_be_changed():
    """V-6: write-once."""
    package = factories.make_version(factories.make_program()).package
    package.entry_page = "pages/other/index"
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        package.save()


def test_page_publishes(signed_in):
    version = factories.make_approved(factories.make_program())
    response = signed_in(version.mini_program.created_by).post(url(version), {"note": "Go"})
    assert (response.status_code, response.url) == (
        302,
        reverse("releases:versions", args=[version.mini_program.app_id]),
    )
    assert version.mini_program.versions.online().get() == version


def test_page_says_what_happens(signed_in):
    program = factories.make_program()
    factories.make_online(program, "1.0.0")
    version = factories.make_approved(program, "1.1.0")
    text = signed_in(program.created_by).get(url(version)).content.decode()
    for words in (
        f"Publish {program} 1.1.0?",
        "on devices of 1 app, at their next start",
        "Devices get 1.1.0 at their next start.",
        "You can roll back to 1.0.0 once.",
    ):
        assert words in text
    assert re.search(r'<link rel="icon" href="[^"<>]+\.svg" type', text), "the icon of the dialog is none of the tab"


def test_the_dialog_advises_a_grayscale_release_only_where_one_is_possible(signed_in):
    program = factories.make_program()
    client, advice = signed_in(program.created_by), "Use a grayscale release to try it on a few devices first."
    first = client.get(url(factories.make_approved(program, "1.0.0"))).content.decode()
    assert "Unknown: no device has 1.0.0 yet." in first
    assert advice not in first
    factories.make_online(program, "1.1.0")
    assert advice in client.get(url(factories.make_approved(program, "1.2.0"))).content.decode()


def test_page_shows_the_refusal_and_keeps_the_note(signed_in):
    version = factories.make_approved(factories.make_program(shelf="off"))
    response = signed_in(version.mini_program.created_by).post(url(version), {"note": "Typed already"})
    assert response.status_code == 422
    assert "off the shelf" in response.content.decode()
    assert "Typed already" in response.content.decode()


def test_page_other_team(signed_in):
    version = factories.make_approved(factories.make_program())
    stranger = factories.make_member(factories.make_team(), "admin")
    assert signed_in(stranger).post(url(version)).status_code == 404


def test_page_lower_role(signed_in):
    version = factories.make_approved(factories.make_program())
    developer = factories.make_member(version.mini_program.team, "developer")
    assert signed_in(developer).post(url(version)).status_code == 403


def test_page_wrong_method(signed_in):
    version = factories.make_approved(factories.make_program())
    assert signed_in(version.mini_program.created_by).put(url(version)).status_code == 405
