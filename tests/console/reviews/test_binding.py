"""Looking at a request for a binding and deciding it (L-6)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.core.errors import Conflict
from miniprograms import actions
from miniprograms.models import Binding
from releases.actions import decide, publish, roll_back
from tests import factories

APPROVE = {"decision": "approve", "note": ""}
REJECT = {"decision": "reject", "note": "Not our theme."}


@pytest.fixture
def binding(program, application):
    return factories.make_binding(program, application, state="waiting", reason="Our riders pay with it.")


def url(binding):
    return f"/reviews/bindings/{binding.pk}/"


def outcome(binding):
    binding.refresh_from_db()
    return binding.state, binding.decided_by, binding.note, binding.accepted_number


def test_it_shows_what_is_asked(signed_in, reviewer, binding):
    response = signed_in(reviewer).get(url(binding))
    assert response.status_code == 200
    text = response.content.decode()
    assert "Binding of City Bus" in text
    assert "Our riders pay with it." in text


def test_approval_accepts_the_online_version(signed_in, reviewer, program, binding):
    factories.make_online(program, "2.4.0")
    client = signed_in(reviewer)
    assert "Approval also accepts the online version 2.4.0." in client.get(url(binding)).content.decode()
    response = client.post(url(binding), APPROVE)
    assert (response.status_code, response["Location"]) == (302, "/reviews/")
    assert outcome(binding) == ("approved", reviewer, "", "2.4.0")
    entry = ActivityEntry.objects.first()
    assert (entry.verb, entry.actor_id, entry.application_id, entry.mini_program_id) == (
        "binding.approved",
        reviewer.pk,
        binding.application.application_id,
        program.app_id,
    )


def test_reject(signed_in, reviewer, binding):
    assert signed_in(reviewer).post(url(binding), REJECT).status_code == 302
    assert outcome(binding) == ("rejected", reviewer, "Not our theme.", "")
    notice = Notification.objects.get()
    assert (notice.user, notice.text, notice.detail) == (
        binding.requested_by,
        "Metro Wallet rejected the binding of City Bus",
        "Not our theme.",
    )


def test_a_rejection_needs_a_note(signed_in, reviewer, binding):
    response = signed_in(reviewer).post(url(binding), {"decision": "reject", "note": " "})
    assert response.status_code == 422
    assert response.context["form"].errors == {"note": ["A rejection needs a note. Say what must change."]}
    assert outcome(binding)[0] == "waiting"


def test_nobody_decides_their_own_request(signed_in, application, reviewer, program):
    """P-2."""
    binding = factories.make_binding(program, application, state="waiting", requested_by=reviewer)
    client = signed_in(reviewer)
    reason = "This is your own request. Someone else must decide."
    assert client.get(url(binding)).context["why_not"] == reason
    response = client.post(url(binding), APPROVE)
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [reason])
    assert outcome(binding)[0] == "waiting"


def test_decided_twice(signed_in, reviewer, admin, binding):
    signed_in(reviewer).post(url(binding), APPROVE)
    response = signed_in(admin).post(url(binding), REJECT)
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["Already done: this is now approved."]
    assert outcome(binding)[:2] == ("approved", reviewer)


def test_a_note_that_comes_too_late_can_be_copied(signed_in, reviewer, admin, binding):
    signed_in(reviewer).post(url(binding), {"decision": "reject", "note": "First."})
    client = signed_in(admin)
    page = client.post(url(binding), {"decision": "reject", "note": "The <map> is\nempty."}).content.decode()
    unsent = page.partition("Your note was not sent")[2].partition("</textarea>")[0]
    assert unsent.partition("readonly>")[2] == "The &lt;map&gt; is\nempty."
    assert "Your note was not sent" not in client.get(url(binding)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_four_reviewers_at_once(reviewer, binding):
    def decide(number):
        try:
            row = Binding.objects.select_related("application", "mini_program", "requested_by").get()
            actions.decide_binding(row, approve=number % 2 == 0, by=reviewer, note="So it is.")
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(decide, range(4))) == [False, False, False, True]
    assert (ActivityEntry.objects.count(), Notification.objects.count()) == (1, 1)


def test_lower_roles_may_not(signed_in, team_admin, binding):
    client = signed_in(team_admin)
    assert [client.get(url(binding)).status_code, client.post(url(binding), APPROVE).status_code] == [403, 403]


def test_elsewhere_it_does_not_exist(signed_in, outsider, binding):
    for user in (outsider, binding.requested_by):
        client = signed_in(user)
        assert [client.get(url(binding)).status_code, client.post(url(binding), APPROVE).status_code] == [404, 404]
        assert client.get(f"/reviews/bindings/{binding.pk + 1000}/").status_code == 404


def test_wrong_method(signed_in, reviewer, binding):
    assert signed_in(reviewer).delete(url(binding)).status_code == 405


def test_an_old_proof_asks_for_the_password(signed_in, reviewer, binding):
    client = signed_in(reviewer)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(url(binding), APPROVE).status_code == 403
        assert outcome(binding)[0] == "waiting"
        assert client.post(url(binding), {**APPROVE, "sudo_password": factories.PASSWORD}).status_code == 302


def test_after_it_ended_nothing_newer_is_shown(signed_in, reviewer, program, binding):
    actions.withdraw_binding(binding, by=binding.requested_by)
    factories.make_online(program, "3.14.15")
    page = signed_in(reviewer).get(url(binding)).content.decode()
    assert ("3.14.15" in page, program.versions.get().package.sha256 in page) == (False, False)


def test_an_ended_binding_says_who_ended_it_when_and_why(signed_in, reviewer, program, binding):
    factories.make_online(program, "2.4.0")
    client = signed_in(reviewer)
    assert "<dt>Online version</dt><dd>2.4.0</dd>" in client.get(url(binding)).content.decode()
    end = {"decided_by": reviewer, "decided_at": timezone.now(), "ended_by": program.created_by}
    Binding.objects.filter(pk=binding.pk).update(
        state="ended", ended_at=timezone.now(), end_reason="We merge both apps.", **end
    )
    text = client.get(url(binding)).content.decode()
    assert "Online version" not in text
    assert f"<dt>Ended by</dt><dd>{program.created_by}</dd>" in text
    assert "<dt>Ended</dt>" in text and "<dd>We merge both apps.</dd>" in text


def test_says_which_versions_an_approval_accepts(signed_in, reviewer, program, binding):
    """L-6: what is online, and what has passed its audit and may be published at any time."""
    client = signed_in(reviewer)
    assert "No version has passed an audit yet" in client.get(url(binding)).content.decode()

    factories.make_online(program, "1.0.0")
    factories.make_approved(program, "1.1.0")

    text = " ".join(client.get(url(binding)).content.decode().split())
    assert "Approval also accepts the online version 1.0.0, and 1.1.0, which has passed its audit" in text

    factories.make_approved(program, "1.2.0")
    text = " ".join(client.get(url(binding)).content.decode().split())
    assert "accepts the online version 1.0.0, and 1.2.0, 1.1.0, which have passed their audits" in text


def test_says_which_versions_an_approval_accepts_while_none_is_online(signed_in, reviewer, program, binding):
    client = signed_in(reviewer)
    factories.make_approved(program, "1.0.0")
    text = " ".join(client.get(url(binding)).content.decode().split())
    assert "Approval also accepts 1.0.0, which has passed its audit" in text
    factories.make_approved(program, "1.1.0")
    text = " ".join(client.get(url(binding)).content.decode().split())
    assert "Approval also accepts 1.1.0, 1.0.0, which have passed their audits" in text


def approve(client, binding, seen):
    return client.post(url(binding), {**APPROVE, "seen": seen})


def seen_on(response):
    """What the page sends back: which versions it named."""
    return response.context["form"]["seen"].value()


def test_a_version_that_goes_online_meanwhile_is_not_accepted_unseen(signed_in, reviewer, program, binding):
    factories.make_online(program, "1.0.0")
    client = signed_in(reviewer)
    page = client.get(url(binding))
    assert 'name="seen"' in page.content.decode()
    factories.make_online(program, "1.1.0")
    again = approve(client, binding, seen_on(page))
    assert (again.status_code, again.context["form"].non_field_errors()) == (
        422,
        ["1.1.0 has gone online since you opened this. Check it again."],
    )
    assert outcome(binding)[0] == "waiting"
    assert approve(client, binding, seen_on(again)).status_code == 302
    assert outcome(binding)[3] == "1.1.0"


def test_the_first_version_may_come_while_nothing_is_accepted(signed_in, reviewer, program, binding):
    client = signed_in(reviewer)
    page = client.get(url(binding))
    assert "No version has passed an audit yet" in page.content.decode()
    factories.make_approved(program, "1.0.0")
    again = approve(client, binding, seen_on(page))
    assert again.context["form"].non_field_errors() == [
        "1.0.0 has passed its audit since you opened this. Check it again."
    ]
    assert outcome(binding)[0] == "waiting"


def test_a_version_that_another_application_approves_meanwhile_is_not_accepted_unseen(
    signed_in, reviewer, program, binding
):
    factories.make_binding(program)
    decision = factories.make_audit(program, "1.0.0").decisions.get()
    client = signed_in(reviewer)
    page = client.get(url(binding))
    assert "you will audit the first one" in page.content.decode()
    decide(decision, approve=True, by=factories.make_reviewer(decision.application))
    again = approve(client, binding, seen_on(page))
    assert (again.status_code, outcome(binding)[0]) == (422, "waiting")
    assert "Approval also accepts 1.0.0" in " ".join(again.content.decode().split())


def test_a_version_that_the_page_announced_may_go_online_meanwhile(signed_in, reviewer, program, binding):
    factories.make_online(program, "1.0.0")
    version = factories.make_approved(program, "1.1.0")
    client = signed_in(reviewer)
    page = client.get(url(binding))
    publish(version, by=program.created_by)
    assert approve(client, binding, seen_on(page)).status_code == 302
    assert outcome(binding)[3] == "1.1.0"


def test_what_a_roll_back_may_bring_is_accepted_and_shown(signed_in, reviewer, program, binding):
    """1.1.0 was never online, but can be published again once 1.0.0 is."""
    for number in ("0.9.0", "1.0.0"):
        factories.make_online(program, number)
    factories.make_approved(program, "1.1.0")
    factories.make_approved(program, "0.8.0")
    factories.make_online(program, "1.2.0")
    factories.make_approved(program, "1.3.0")
    client = signed_in(reviewer)

    page = client.get(url(binding))

    assert seen_on(page) == "1.2.0 1.3.0 1.1.0 1.0.0 0.9.0"
    assert "It also accepts 3 earlier versions, which can go online after a roll back." in page.content.decode()
    for number in ("1.1.0", "0.9.0"):
        assert client.get(f"{url(binding)}versions/{number}/files/").status_code == 200
    assert client.get(f"{url(binding)}versions/0.8.0/files/").status_code == 404
    refused = approve(client, binding, "1.2.0 1.3.0")
    assert refused.context["form"].non_field_errors() == ["1.1.0 can go online after a roll back. Check it, too."]
    assert approve(client, binding, seen_on(page)).status_code == 302


def test_what_was_rolled_back_is_not_accepted(signed_in, reviewer, program, binding):
    first = factories.make_online(program, "1.0.0")
    factories.make_online(program, "1.1.0")
    roll_back(first, by=program.created_by)
    assert seen_on(signed_in(reviewer).get(url(binding))) == "1.0.0"


def test_a_rejection_is_for_whatever_is_online(signed_in, reviewer, program, binding):
    client = signed_in(reviewer)
    page = client.get(url(binding))
    factories.make_online(program, "1.0.0")
    assert client.post(url(binding), {**REJECT, "seen": seen_on(page)}).status_code == 302
    assert outcome(binding)[0] == "rejected"
