"""Submitting, withdrawing and deciding (V-7, V-9, V-10, V-11)."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from miniprograms import actions as programs
from releases import actions
from releases.models import Version
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    """A program bound to two applications."""
    program = factories.make_program()
    factories.make_binding(program)
    factories.make_binding(program)
    return program


def decision_of(audit, index=0):
    decision = audit.decisions.select_related("application", "audit__version__mini_program").all()[index]
    return decision, factories.make_reviewer(decision.application)


def state(audit):
    audit.refresh_from_db()
    return Version.objects.get(pk=audit.version_id).state, audit.state


def test_submit_asks_every_bound_application_and_tells_its_reviewers(program):
    reviewer = factories.make_reviewer(program.bindings.first().application)
    audit = actions.submit(factories.make_version(program), by=program.created_by)
    assert state(audit) == ("in_audit", "in_audit")
    assert re.fullmatch(r"20\d{6}\d{10}", audit.number)
    assert sorted(decision.application_id for decision in audit.decisions.all()) == sorted(
        binding.application_id for binding in program.bindings.all()
    )
    assert Notification.objects.filter(user=reviewer).count() == 1
    program.refresh_from_db()
    assert program.in_audit_number == "1.0.0"


def test_a_number_that_another_audit_of_the_day_has_is_not_given_again(program, monkeypatch):
    other = factories.make_program()
    factories.make_binding(other)
    digits = iter([7, 7, 7, 8])
    monkeypatch.setattr("releases.models.secrets.randbelow", lambda limit: next(digits))
    audits = [actions.submit(factories.make_version(each), by=each.created_by) for each in (other, program)]
    assert [audit.number[8:] for audit in audits] == ["0000000007", "0000000008"]


def test_submit_works_off_the_shelf(program):
    programs.take_off_shelf(program, by=program.created_by, reason="Holidays")
    assert state(actions.submit(factories.make_version(program), by=program.created_by))[0] == "in_audit"


def test_submit_refused_when_nothing_is_bound():
    version = factories.make_version(factories.make_program())
    with pytest.raises(ActionRefused, match="No host app is bound"):
        actions.submit(version, by=version.uploaded_by)


def test_submit_one_at_a_time(program):
    factories.make_audit(program, "1.0.0")
    second = factories.make_version(program, "1.1.0")
    with pytest.raises(ActionRefused, match=r"1\.0\.0 is in audit"):
        actions.submit(second, by=program.created_by)


def test_approved_when_all_have_approved(program):
    audit = factories.make_audit(program)
    decision, reviewer = decision_of(audit, 0)
    actions.decide(decision, approve=True, by=reviewer)
    assert state(audit) == ("in_audit", "in_audit")
    decision, reviewer = decision_of(audit, 1)
    actions.decide(decision, approve=True, by=reviewer, note="Good")
    assert state(audit) == ("approved", "approved")
    program.refresh_from_db()
    assert program.in_audit_number == ""


def test_rejected_at_the_first_rejection(program):
    audit = factories.make_audit(program)
    decision, reviewer = decision_of(audit, 0)
    actions.decide(decision, approve=False, by=reviewer, note="Crashes")
    assert state(audit) == ("rejected", "rejected")
    assert [row.state for row in audit.decisions.all()] == ["rejected", "withdrawn"]
    told = Notification.objects.filter(user=audit.submitted_by).latest("id")
    assert told.detail.startswith("Crashes")
    version = Version.objects.get(pk=audit.version_id)
    with pytest.raises(ActionRefused, match="Upload the corrected package under a new version number"):
        actions.submit(version, by=program.created_by)


def test_who_was_asked_and_has_not_decided_is_told_that_it_is_over(program):
    """Each with the page of its application; which other one rejects, and why, is none of theirs (P-1)."""
    first, second = [binding.application for binding in program.bindings.all()]
    people = {application: factories.make_reviewer(application) for application in (first, second)}

    def told():
        rows = Notification.objects.filter(user__in=people.values())
        return list(rows.values_list("user", "kind", "text", "detail", "url"))

    audit = factories.make_audit(program)
    asked = {row.application: row for row in audit.decisions.select_related("application")}
    actions.decide(asked[first], approve=True, by=people[first])
    Notification.objects.all().delete()
    actions.withdraw(Version.objects.get(), by=program.created_by, reason="Typo")
    words = f"The audit of {program} 1.0.0 was withdrawn"
    assert told() == [(people[second].pk, "review", words, "Typo", asked[second].get_absolute_url())]

    again = actions.submit(Version.objects.get(), by=program.created_by)
    asked = {row.application: row for row in again.decisions.select_related("application")}
    Notification.objects.all().delete()
    actions.decide(asked[first], approve=False, by=people[first], note="Our secret reason")
    words = f"{program} 1.0.0 was rejected by another app. You no longer need to decide"
    assert told() == [(people[second].pk, "review", words, "", asked[second].get_absolute_url())]


def test_rejection_needs_a_note(program):
    decision, reviewer = decision_of(factories.make_audit(program))
    with pytest.raises(ActionRefused, match="needs a note") as refused:
        actions.decide(decision, approve=False, by=reviewer, note="  ")
    assert refused.value.field == "note"


def test_nobody_decides_their_own_submission(program):
    """P-2."""
    decision, reviewer = decision_of(factories.make_audit(program))
    decision.requested_by = reviewer
    decision.save()
    with pytest.raises(ActionRefused, match="Someone else must decide"):
        actions.decide(decision, approve=True, by=reviewer)


def test_one_decision_each(program):
    decision, reviewer = decision_of(factories.make_audit(program))
    actions.decide(decision, approve=True, by=reviewer)
    with pytest.raises(ActionRefused, match="this is now approved"):
        actions.decide(decision, approve=False, by=reviewer, note="No")


def test_decision_on_a_withdrawn_audit(program):
    audit = factories.make_audit(program)
    decision, reviewer = decision_of(audit)
    actions.withdraw(Version.objects.get(pk=audit.version_id), by=program.created_by)
    with pytest.raises(Conflict, match="This audit is closed"):
        actions.decide(decision, approve=True, by=reviewer)


def test_withdraw_returns_to_development_and_can_be_submitted_again(program):
    audit = factories.make_audit(program)
    version = Version.objects.get(pk=audit.version_id)
    actions.withdraw(version, by=program.created_by, reason="Typo")
    assert state(audit) == ("development", "withdrawn")
    assert [row.state for row in audit.decisions.all()] == ["withdrawn", "withdrawn"]
    assert actions.submit(version, by=program.created_by).number != audit.number


def test_unbinding_during_an_audit_goes_on_without_the_application(program):
    audit = factories.make_audit(program)
    decision, reviewer = decision_of(audit, 0)
    actions.decide(decision, approve=True, by=reviewer)
    left = program.bindings.get(application=decision_of(audit, 1)[0].application)
    programs.unbind(left, by=program.created_by)
    assert state(audit) == ("approved", "approved")
    told = Notification.objects.filter(user=audit.submitted_by).latest("id")
    assert f"{left.application} was unbound and no longer decides" in told.text
    newest = ActivityEntry.objects.order_by("-pk")[:2]
    assert [(entry.verb, entry.actor_id) for entry in reversed(newest)] == [
        ("binding.ended", program.created_by.pk),
        ("version.approved", program.created_by.pk),
    ]
    assert newest[0].reason == f"{left.application} was unbound."


def test_an_application_bound_during_an_audit_is_asked_too(program):
    audit = factories.make_audit(program)
    binding = factories.make_binding(program, state="waiting")
    reviewer = factories.make_reviewer(binding.application)
    programs.decide_binding(binding, approve=True, by=reviewer)
    assert audit.decisions.count() == 3
    for index in range(2):
        decision, other = decision_of(audit, index)
        actions.decide(decision, approve=True, by=other)
    assert state(audit) == ("in_audit", "in_audit")
    assert Notification.objects.filter(user=reviewer, text__contains="1.0.0").count() == 1

    programs.unbind(binding, by=program.created_by)
    assert state(audit) == ("approved", "approved")


def test_an_application_that_is_bound_again_during_an_audit_is_asked_again(program):
    audit = factories.make_audit(program)
    binding = program.bindings.bound().first()
    programs.unbind(binding, by=program.created_by)
    again = factories.make_binding(program, binding.application, state="waiting")
    programs.decide_binding(again, approve=True, by=factories.make_reviewer(binding.application))
    assert [row.state for row in audit.decisions.all()] == ["waiting", "waiting"]


def test_unbinding_the_last_application_ends_the_audit(program):
    audit = factories.make_audit(program)
    for binding in program.bindings.bound():
        programs.unbind(binding, by=program.created_by)
    assert state(audit) == ("development", "withdrawn")
    program.refresh_from_db()
    assert program.in_audit_number == ""


def test_the_approval_of_an_application_that_is_not_bound_any_more_approves_nothing(program):
    audit = factories.make_audit(program)
    decision, reviewer = decision_of(audit, 0)
    actions.decide(decision, approve=True, by=reviewer)
    approving = program.bindings.get(application=decision.application)
    programs.unbind(approving, by=program.created_by)
    assert state(audit) == ("in_audit", "in_audit")
    programs.unbind(program.bindings.bound().get(), by=program.created_by)
    assert state(audit) == ("development", "withdrawn")
    assert sorted(row.state for row in audit.decisions.all()) == ["approved", "withdrawn"]
    program.refresh_from_db()
    assert program.in_audit_number == ""


def test_records_page_names_who_decided_what(program, signed_in):
    """V-11: number, version, submitter, per-application result, reviewer, note, time and package hash."""
    audit = factories.make_audit(program)
    decision, reviewer = decision_of(audit, 0)
    actions.decide(decision, approve=False, by=reviewer, note="Crashes on the first page")
    text = signed_in(program.created_by).get(reverse("releases:audits", args=[program.app_id])).content.decode()
    for words in (audit.number, str(audit.submitted_by), decision.application.name, reviewer.name, decision.note):
        assert words in text
    assert audit.package_sha256 in text


def test_pages_submit_and_withdraw(program, signed_in):
    version = factories.make_version(program)
    developer = factories.make_member(program.team, "developer")
    client = signed_in(developer)
    args = [program.app_id, version.number]
    assert client.post(reverse("releases:submit", args=args)).status_code == 302
    audit = version.audits.get()
    page = client.get(reverse("releases:audit", args=[program.app_id, audit.number])).content.decode()
    assert audit.number in page
    assert client.post(reverse("releases:submit", args=args)).status_code == 422
    assert client.post(reverse("releases:withdraw", args=args), {"note": "Typo"}).status_code == 302
    assert state(audit) == ("development", "withdrawn")
    assert client.post(reverse("releases:withdraw", args=args)).status_code == 422


@pytest.mark.parametrize("name", ["submit", "withdraw"])
def test_pages_other_team_and_lower_role(name, program, signed_in):
    address = reverse(f"releases:{name}", args=[program.app_id, factories.make_version(program).number])
    assert signed_in(factories.make_member(program.team, "viewer")).post(address).status_code == 403
    assert signed_in(factories.make_member(factories.make_team(), "admin")).post(address).status_code == 404


@pytest.mark.parametrize("name", ["versions", "audit"])
def test_pages_flag_what_waits_too_long(name, program, signed_in):
    audit = actions.submit(factories.make_version(program), by=program.created_by)
    arguments = [program.app_id] if name == "versions" else [program.app_id, audit.number]
    client, url = signed_in(program.created_by), reverse(f"releases:{name}", args=arguments)
    page = client.get(url).content.decode()
    assert "Overdue" not in page
    assert "waiting 0 h" not in page

    audit.decisions.filter(pk=decision_of(audit)[0].pk).update(requested_at=timezone.now() - timedelta(hours=49))

    page = client.get(url).content.decode()
    assert page.count("</span>Overdue</span>") == 1
    assert page.count("text-orange") == 1
    assert "waiting 49 h" in page


def test_who_manages_is_told_when_the_submitter_has_left(program):
    audit = actions.submit(factories.make_version(program), by=program.created_by)
    program.team.memberships.filter(user=program.created_by).delete()
    holder, developer = (factories.make_member(program.team, role) for role in ("license_holder", "developer"))
    decision, reviewer = decision_of(audit)

    actions.decide(decision, approve=True, by=reviewer)

    told = [user.notifications.count() for user in (holder, developer, program.created_by)]
    assert told == [1, 0, 0]
