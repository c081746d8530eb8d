"""Reasons of what can't be done are true, and dialogs of it don't open (V-8, V-12, V-13); numbers of uploads (V-1)."""

from __future__ import annotations

import html

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from releases import actions, rules
from releases.presenters.versions import overview_of
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return factories.make_program()


def overview(program):
    program.refresh_from_db()
    return overview_of(program)


def page(client, program, name="versions", *arguments):
    return html.unescape(client.get(reverse(f"releases:{name}", args=[program.app_id, *arguments])).content.decode())


# Cards ---------------------------------------------------------------------------------------------------------------

LOWER = "The approved version 1.10.0 is not higher than the online version 2.0.0."


def test_an_approved_version_below_the_online_one(program, signed_in):
    factories.make_approved(program, "1.9.0")
    factories.make_approved(program, "1.10.0")
    factories.make_online(program, "2.0.0")
    assert (overview(program).candidate, overview(program).why_not_publish) == (None, LOWER)
    assert LOWER in page(signed_in(program.created_by), program)


def test_nothing_is_approved(program):
    assert overview(program).why_not_publish == "Publishing needs an approved version."
    factories.make_version(program, "1.0.0")
    assert overview(program).why_not_publish == "Publishing needs an approved version."


def test_the_audited_version_is_online_or_was_rolled_back(program, signed_in):
    client = signed_in(program.created_by)
    first = factories.make_online(program, "1.0.0")
    assert overview(program).why_not_publish == "1.0.0 is already online."
    assert "1.0.0 is already online." in page(client, program)
    factories.make_online(program, "1.1.0")
    first.refresh_from_db()
    actions.roll_back(first, by=program.created_by)
    reason = "1.1.0 was rolled back and can’t go online again. Upload its package under a new version number."
    assert overview(program).why_not_publish == reason
    assert reason in page(client, program)


def test_a_version_in_audit_waits_for_who_has_not_decided(program):
    application = factories.make_binding(program).application
    factories.make_audit(program, "1.0.0")
    reason = f"Waiting for {application}. Every bound app must approve before you can publish."
    assert overview(program).why_not_publish_running == reason


def test_a_version_in_audit_below_the_online_one_waits_for_nobody(program, signed_in):
    factories.make_online(program, "2.0.0")
    factories.make_audit(program, "1.9.0")
    reason = "1.9.0 isn’t higher than the online version, 2.0.0."
    assert overview(program).why_not_publish_running == reason
    text = page(signed_in(program.created_by), program)
    assert reason in text
    assert "Waiting for" not in text


def test_with_every_version_submitted_there_is_nothing_to_submit(program):
    assert overview(program).why_not_submit == "Upload a version first."
    factories.make_online(program, "1.0.0")
    assert overview(program).why_not_submit == "All versions have been submitted. Upload a new one first."


def test_a_binding_that_was_requested_is_waited_for(program, signed_in):
    client = signed_in(program.created_by)
    assert "No host app is bound yet." in page(client, program, "upload")
    factories.make_version(program, "1.0.0")
    assert "Request a binding" in page(client, program)
    application = factories.make_binding(program, state="waiting").application
    reason = f"Waiting for {application} to decide on the binding."
    assert overview(program).why_not_submit == reason
    assert refused_dialog(client, "submit", program.app_id, "1.0.0") == reason
    for name, arguments in (("versions", ()), ("upload", ()), ("detail", ("1.0.0",))):
        text = page(client, program, name, *arguments)
        assert reason in text, name
        assert "Request a binding" not in text, name
        assert "No host app is bound yet." not in text, name


@pytest.mark.parametrize(
    ("number", "state", "reason"),
    [
        ("1.0.0", "development", "1.0.0 isn’t higher than the online version, 2.0.0."),
        ("3.0.0", "development", "3.0.0 hasn’t passed the audit."),
        ("3.0.0", "rejected", "3.0.0 was rejected. Upload the corrected package under a new version number."),
    ],
)
def test_why_a_version_can_not_be_published(program, number, state, reason):
    online = factories.make_online(program, "2.0.0")
    version = factories.make_version(program, number)
    if state == "rejected":
        audit = actions.submit(version, by=program.created_by)
        decision = audit.decisions.get()
        actions.decide(decision, approve=False, by=factories.make_reviewer(decision.application), note="No")
        version.refresh_from_db()
    assert rules.why_not_publish(program, version, online=online) == reason


def test_what_was_rolled_back_is_not_to_be_rolled_back_to(program):
    first, second = factories.make_online(program, "1.0.0"), factories.make_online(program, "1.1.0")
    first.refresh_from_db()
    reason = "1.0.0 was online before. Roll back to use it again."
    assert rules.why_not_publish(program, first, online=second) == reason
    actions.roll_back(first, by=program.created_by)
    second.refresh_from_db()
    reason = "1.1.0 was rolled back and can’t go online again. Upload its package under a new version number."
    assert rules.why_not_publish(program, second, online=first) == reason


# The next step across programs ---------------------------------------------------------------------------------------


def next_step(client):
    return client.get(reverse("releases:overview")).content.decode()


def test_off_the_shelf_the_next_step_is_what_can_be_done(program, signed_in):
    factories.make_approved(program, "1.0.0")
    factories.make_version(program, "1.1.0")
    client = signed_in(program.created_by)
    assert "Publish 1.0.0…" in next_step(client)
    program.write(shelf="off")
    text = next_step(client)
    assert "Submit for audit…" in text
    assert "Publish 1.0.0…" not in text


def test_who_may_not_publish_is_shown_what_they_may(program, signed_in):
    factories.make_approved(program, "1.0.0")
    factories.make_version(program, "1.1.0")
    developer = factories.make_member(program.team, "developer")
    assert "Submit for audit…" in next_step(signed_in(developer))


def test_without_any_step_the_reason_is_shown(program, signed_in):
    factories.make_approved(program, "1.0.0")
    program.write(shelf="off")
    assert "Put it back on the shelf first." in next_step(signed_in(program.created_by))


# Dialogs -------------------------------------------------------------------------------------------------------------


def refused_dialog(client, name, *arguments):
    """Open a dialog by its address and by htmx; return the reason that both were given."""
    address = reverse(f"releases:{name}", args=arguments)
    answer = client.get(address)
    (words,) = map(str, get_messages(answer.wsgi_request))
    assert answer.status_code == 302
    client.get(answer.url)
    by_htmx = client.get(address, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert (by_htmx.status_code, by_htmx["HX-Redirect"]) == (200, answer.url)
    assert words in html.unescape(client.get(answer.url).content.decode())
    return words


def test_dialogs_of_what_can_not_be_done_do_not_open(program, signed_in):
    client = signed_in(program.created_by)
    version = factories.make_version(program, "1.0.0")
    arguments = program.app_id, "1.0.0"
    assert refused_dialog(client, "publish", *arguments) == "1.0.0 hasn’t passed the audit."
    assert refused_dialog(client, "withdraw", *arguments) == "1.0.0 is not in audit."
    assert refused_dialog(client, "submit", *arguments).startswith("No host app is bound.")
    assert refused_dialog(client, "roll_back", program.app_id) == "Rolling back needs an online version."
    assert refused_dialog(client, "cancel_trial", program.app_id) == "The trial version no longer exists."
    factories.make_binding(program)
    actions.submit(version, by=program.created_by)
    assert refused_dialog(client, "submit", *arguments) == "1.0.0 is already in audit."


def test_a_refusal_after_the_dialog_was_opened_keeps_the_note(program, signed_in):
    version = factories.make_version(program, "1.0.0")
    address = reverse("releases:withdraw", args=[program.app_id, version.number])
    answer = signed_in(program.created_by).post(address, {"note": "Typed already"})
    assert answer.status_code == 422
    assert "Typed already" in answer.content.decode()
    assert "1.0.0 is not in audit." in answer.content.decode()


# Numbers of uploads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("highest", "proposed"),
    [
        ("", "1.0.0"),
        ("1.9.0", "1.9.1"),
        ("1.2.9999", "1.3.0"),
        ("1.9999.9999", "2.0.0"),
        ("9999.9999.9999", ""),
    ],
)
def test_the_next_number_is_proposed(program, signed_in, highest, proposed):
    if highest:
        factories.make_version(program, highest)
        factories.make_version(program, "0.0.1")
    client = signed_in(program.created_by)
    form = client.get(reverse("releases:upload", args=[program.app_id])).context["form"]
    assert form["number"].value() == proposed


def test_the_form_says_from_which_number_on_can_be_published(program, signed_in):
    factories.make_online(program, "2.0.0")
    text = page(signed_in(program.created_by), program, "upload")
    assert "Only numbers above the online version 2.0.0 can be published." in text


def test_the_form_says_what_else_is_accepted_and_who_publishes(program, signed_in):
    text = page(signed_in(factories.make_member(program.team, "developer")), program, "upload")
    assert "By team administrators and license holders." in text
    assert "or a zip of the built project." in text


def test_a_number_below_the_online_one_is_warned_about_and_uploaded(program, signed_in):
    factories.make_online(program, "2.0.0")
    client = signed_in(program.created_by)
    typed = {"file": factories.make_zip(), "number": "1.10.0", "notes": "A correction"}
    text = client.post(reverse("releases:upload", args=[program.app_id]), typed, follow=True)
    text = html.unescape(text.content.decode())
    warning = "1.10.0 can’t be published: it is not higher than the online version 2.0.0."
    assert warning in text
    assert "1.10.0 uploaded and checked." in text
    assert program.versions.numbered("1.10.0").get().notes == "A correction"
    assert "1.10.0 isn’t higher than the online version, 2.0.0." in page(client, program, "detail", "1.10.0")
    assert warning in page(client, program, "submit", "1.10.0")


def test_a_higher_number_is_no_warning(program, signed_in):
    factories.make_online(program, "1.9.0")
    typed = {"file": factories.make_zip(), "number": "1.10.0", "notes": ""}
    answer = signed_in(program.created_by).post(reverse("releases:upload", args=[program.app_id]), typed, follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["1.10.0 uploaded and checked."]
