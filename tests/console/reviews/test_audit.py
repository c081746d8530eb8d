"""Looking at a version audit and deciding it, for one application (V-9, V-10)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from miniprograms import actions as programs
from releases import actions
from releases.models import ReviewDecision, Version
from tests import factories

APPROVE = {"decision": "approve", "note": ""}
REJECT = {"decision": "reject", "note": "The map is empty."}


@pytest.fixture
def decision(audit):
    return audit.decisions.get()


def url(decision):
    return f"/reviews/audits/{decision.pk}/"


def outcome(decision):
    decision.refresh_from_db()
    version = Version.objects.get(audits=decision.audit_id)
    return decision.state, decision.decided_by, decision.note, version.state


def test_approve(signed_in, reviewer, decision):
    response = signed_in(reviewer).post(url(decision), APPROVE)
    assert (response.status_code, response["Location"]) == (302, "/reviews/")
    assert outcome(decision) == ("approved", reviewer, "", "approved")
    entry = ActivityEntry.objects.first()
    assert (entry.verb, entry.actor_id, entry.application_id) == (
        "version.approved",
        reviewer.pk,
        decision.application.application_id,
    )


def test_reject(signed_in, reviewer, decision):
    client = signed_in(reviewer)
    assert client.post(url(decision), REJECT).status_code == 302
    assert outcome(decision) == ("rejected", reviewer, "The map is empty.", "rejected")
    assert [str(message) for message in client.get("/reviews/").context["messages"]] == [
        "Audit of City Bus 1.1.0: rejected."
    ]


@pytest.mark.parametrize("note", ["", "  \n"])
def test_a_rejection_needs_a_note_and_says_so_beside_the_field(signed_in, reviewer, decision, note):
    response = signed_in(reviewer).post(url(decision), {"decision": "reject", "note": note})
    assert response.status_code == 422
    assert response.context["form"].errors == {"note": ["A rejection needs a note. Say what must change."]}
    assert outcome(decision) == ("waiting", None, "", "in_audit")


def test_neither_approve_nor_reject_does_nothing(signed_in, reviewer, decision):
    assert signed_in(reviewer).post(url(decision), {"note": "Hm"}).status_code == 422
    assert outcome(decision) == ("waiting", None, "", "in_audit")


def test_the_report_compares_with_the_online_version(signed_in, reviewer, application):
    program = factories.make_program(name="Island Ferry")
    factories.make_binding(program, application)
    factories.make_online(program, "1.0.0")
    files = {"app.js": "App({next: 1})\n", "map.js": "module.exports = 1"}
    version = factories.make_version(program, "1.1.0", **files)
    decision = actions.submit(version, by=program.created_by).decisions.get()
    response = signed_in(reviewer).get(url(decision))
    assert response.status_code == 200
    comparison = response.context["comparison"]
    assert [change.path for change in comparison.added] == ["map.js"]
    assert [change.path for change in comparison.changed] == ["app.js", "version.js"]
    assert comparison.removed == []
    assert (comparison.changed[0].size_before, comparison.changed[0].size) == (8, 15)
    assert comparison.total == 3
    assert "Changes from the online version 1.0.0" in response.content.decode()


def test_for_a_first_version_every_file_is_new(signed_in, reviewer, decision):
    response = signed_in(reviewer).get(url(decision))
    comparison = response.context["comparison"]
    assert (len(comparison.added), comparison.removed, comparison.changed) == (7, [], [])
    assert "Nothing to compare with: all files are new" in response.content.decode()


def test_a_version_that_is_online_itself_is_not_compared(signed_in, reviewer, decision):
    actions.decide(decision, approve=True, by=reviewer)
    actions.publish(Version.objects.get(), by=decision.requested_by)
    response = signed_in(reviewer).get(url(decision))
    assert response.context["comparison"] is None
    assert "This version has been online." in response.content.decode()


def test_overdue_says_how_long(signed_in, reviewer, decision):
    ReviewDecision.objects.update(requested_at=timezone.now() - timedelta(hours=52, minutes=5))
    response = signed_in(reviewer).get(url(decision))
    assert "Overdue, waiting 52 h" in response.content.decode()


def test_it_shows_the_others_decisions(signed_in, reviewer, program, application):
    factories.make_binding(program, application)
    sister = factories.make_application(application.team, name="Harbour Super App")
    other = factories.make_binding(program, sister).application
    audit = factories.make_audit(program)
    theirs = audit.decisions.select_related("application", "audit__version__mini_program").get(application=other)
    actions.decide(theirs, approve=True, by=factories.make_reviewer(other))
    response = signed_in(reviewer).get(url(audit.decisions.get(application=application)))
    assert list(response.context["others"]) == [theirs]


def test_it_names_nothing_of_other_teams(signed_in, reviewer, program, application):
    factories.make_binding(program, application)
    hidden = factories.make_binding(program, factories.make_application(name="Hidden Wallet", listed=False)).application
    audit = factories.make_audit(program)
    theirs = audit.decisions.select_related("application", "audit__version__mini_program").get(application=hidden)
    stranger = factories.make_reviewer(hidden)
    actions.decide(theirs, approve=True, by=stranger)
    page = signed_in(reviewer).get(url(audit.decisions.get(application=application))).content.decode()
    assert [words for words in ("Hidden Wallet", stranger.name) if words in page] == []
    assert "1 app of another team also decides." in page


def test_after_unbinding_what_comes_online_stays_unseen(signed_in, reviewer, program, application, audit):
    decision = audit.decisions.get()
    actions.decide(decision, approve=False, by=reviewer, note="No")
    programs.unbind(program.bindings.get(application=application), by=program.created_by)
    factories.make_online(program, "3.14.15")
    page = signed_in(reviewer).get(url(decision)).content.decode()
    assert "3.14.15" not in page


def test_one_who_reviews_for_both_decides_each_alone(signed_in, reviewer, program, application):
    factories.make_binding(program, application)
    other = factories.make_binding(program).application
    decisions = {row.application_id: row for row in factories.make_audit(program).decisions.all()}
    client = signed_in(reviewer)
    assert client.get(url(decisions[other.pk])).status_code == 404
    assert client.post(url(decisions[application.pk]), APPROVE).status_code == 302
    assert outcome(decisions[application.pk])[3] == "in_audit"
    assert outcome(decisions[other.pk])[0] == "waiting"


def test_nobody_decides_their_own_request(signed_in, application, reviewer, program):
    """P-2."""
    factories.join(program.team, reviewer, "developer")
    factories.make_binding(program, application)
    decision = factories.make_audit(program, by=reviewer).decisions.get()
    client = signed_in(reviewer)
    reason = "This is your own request. Someone else must decide."
    page = client.get(url(decision))
    assert page.context["why_not"] == reason
    assert reason in page.content.decode()
    for data in (APPROVE, REJECT):
        response = client.post(url(decision), data)
        assert (response.status_code, response.context["form"].non_field_errors()) == (422, [reason])
    assert outcome(decision) == ("waiting", None, "", "in_audit")


def test_decided_twice(signed_in, reviewer, admin, decision):
    assert signed_in(reviewer).post(url(decision), APPROVE).status_code == 302
    response = signed_in(admin).post(url(decision), REJECT)
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["This audit is closed: approved."]
    assert outcome(decision) == ("approved", reviewer, "", "approved")


def test_the_second_reviewer_of_an_open_audit_was_not_first(signed_in, reviewer, admin, program, application):
    factories.make_binding(program, application)
    factories.make_binding(program)
    decision = factories.make_audit(program).decisions.get(application=application)
    assert signed_in(reviewer).post(url(decision), APPROVE).status_code == 302
    response = signed_in(admin).post(url(decision), REJECT)
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["Already done: this is now approved."]
    assert outcome(decision) == ("approved", reviewer, "", "in_audit")


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_once(program, application, reviewer, admin):
    factories.make_binding(program, application)
    factories.make_binding(program)
    audit = factories.make_audit(program)

    def decide(case):
        user, approve = case
        try:
            row = ReviewDecision.objects.select_related("application", "audit__version__mini_program").get(
                audit=audit, application=application
            )
            actions.decide(row, approve=approve, by=user, note="So it is.")
        except ActionRefused as refused:
            return refused.message
        finally:
            connection.close()
        return "won"

    entries = ActivityEntry.objects.count()
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(decide, [(reviewer, True), (admin, False)]))
    decision = audit.decisions.get(application=application)
    assert outcomes.count("won") == 1
    winner = (reviewer, admin)[outcomes.index("won")]
    assert outcome(decision)[:2] == ("approved" if winner == reviewer else "rejected", winner)
    assert ActivityEntry.objects.count() == entries + 1
    assert Notification.objects.filter(user=audit.submitted_by).count() == 1


def test_withdrawn_meanwhile(signed_in, reviewer, decision):
    version = Version.objects.select_related("mini_program").get()
    actions.withdraw(version, by=version.uploaded_by)
    client = signed_in(reviewer)
    assert client.get(url(decision)).context["why_not"] == "Already decided: Withdrawn."
    assert client.post(url(decision), APPROVE).status_code == 422
    assert outcome(decision) == ("withdrawn", None, "", "development")


def test_it_says_why_there_is_nothing_to_decide_any_more(signed_in, reviewer, program, application, audit):
    """Withdrawn by its team, rejected by another app, or unbound: each is said as it was."""
    first, other = audit.decisions.get(), factories.make_binding(program).application
    actions.withdraw(Version.objects.get(), by=audit.submitted_by)
    again = actions.submit(Version.objects.get(), by=audit.submitted_by)
    rejecting = again.decisions.select_related("application").get(application=other)
    actions.decide(rejecting, approve=False, by=factories.make_reviewer(other), note="No")
    second = again.decisions.get(application=application)
    client = signed_in(reviewer)
    withdrawn, rejected, unbound = (
        "The request was withdrawn.",
        "Another app rejected this version.",
        "City Bus was unbound from Metro Wallet.",
    )

    def reasons(decision):
        page = client.get(url(decision)).content.decode()
        assert page.count("Only the other team can see the code now.") == 1
        return [words for words in (withdrawn, rejected, unbound) if page.count(words) == 2]

    assert (reasons(first), reasons(second)) == ([withdrawn], [rejected])
    third = actions.submit(factories.make_version(program, "1.2.0"), by=audit.submitted_by)
    programs.unbind(program.bindings.get(application=application), by=program.created_by)
    assert reasons(third.decisions.get(application=application)) == [unbound]


def test_lower_roles_may_not(signed_in, team_admin, decision):
    client = signed_in(team_admin)
    assert [client.get(url(decision)).status_code, client.post(url(decision), APPROVE).status_code] == [403, 403]
    assert outcome(decision)[0] == "waiting"


def test_elsewhere_it_does_not_exist(signed_in, outsider, audit, decision):
    for user in (outsider, audit.submitted_by):
        client = signed_in(user)
        assert [client.get(url(decision)).status_code, client.post(url(decision), APPROVE).status_code] == [404, 404]
        assert client.get(f"/reviews/audits/{decision.pk + 1000}/").status_code == 404


def test_a_reviewer_who_was_removed_is_out_at_once(signed_in, application, reviewer, decision):
    client = signed_in(reviewer)
    application.people.filter(user=reviewer).delete()
    assert client.post(url(decision), APPROVE).status_code == 403
    application.team.memberships.filter(user=reviewer).delete()
    assert client.post(url(decision), APPROVE).status_code == 404


def test_wrong_method(signed_in, reviewer, decision):
    assert signed_in(reviewer).put(url(decision)).status_code == 405


def test_an_old_proof_asks_for_the_password_and_keeps_the_note(signed_in, reviewer, decision):
    client = signed_in(reviewer)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert 'name="sudo_password"' in client.get(url(decision)).content.decode()
        refused = client.post(url(decision), REJECT)
        assert refused.status_code == 403
        assert refused.context["typed"] == [("decision", "reject"), ("note", "The map is empty.")]
        assert outcome(decision)[0] == "waiting"
        assert client.post(url(decision), {**REJECT, "sudo_password": factories.PASSWORD}).status_code == 302
    assert outcome(decision)[0] == "rejected"
