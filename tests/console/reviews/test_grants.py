"""Exemptions and interface permissions on the host side: decided in the reviews, and found in the inbox (D-2, D-3)."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.reviews import reminders
from devmgmt.models import ApiPermission, DomainExemption
from miniprograms import actions as miniprograms
from tests import factories
from tests.console.home.reading import home_of, read, waits

APPROVE = {"decision": "approve", "note": ""}
REJECT = {"decision": "reject", "note": "Say what for."}
INBOX = "/reviews/"


@pytest.fixture
def exemption(program, application, bound):
    return factories.make_exemption(program, application, state="waiting", reason="Hosts change weekly.")


@pytest.fixture
def permission(program, application, bound):
    factories.make_api(application, title="Read the location")
    return factories.make_permission(program, application, state="waiting", reason="Stops nearby.")


@pytest.fixture
def waiting(request, exemption, permission):
    """The request of either kind."""
    return {"exemption": exemption, "permission": permission}[request.param]


both = pytest.mark.parametrize("waiting", ["exemption", "permission"], indirect=True)


def entries():
    rows = ActivityEntry.objects.order_by("pk")
    return [(row.verb, row.target_label, row.application_id, row.mini_program_id, row.reason) for row in rows]


def text_of(response):
    return " ".join(response.content.decode().split())


# Deciding ---------------------------------------------------------------------------------------------------------


@both
def test_approve(signed_in, application, reviewer, program, waiting, exemption, permission):
    """And on to the one that waits next."""
    (other,) = {exemption, permission} - {waiting}
    response = signed_in(reviewer).post(waiting.get_absolute_url(), APPROVE)
    assert (response.status_code, response["Location"]) == (302, other.get_absolute_url())
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by) == ("approved", reviewer)
    [(verb, label, *where)] = entries()
    assert verb.endswith(".approved")
    assert label.endswith("City Bus – Metro Wallet")
    assert where == [application.application_id, program.app_id, ""]
    notice = Notification.objects.get()
    assert (notice.user, notice.text) == (waiting.requested_by, f"Metro Wallet approved: {waiting.subject()}")
    assert signed_in(notice.user).get(notice.url).status_code == 200


@both
def test_reject(signed_in, reviewer, waiting):
    client = signed_in(reviewer)
    response = client.post(waiting.get_absolute_url(), {"decision": "reject", "note": " "})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["note"])
    assert client.post(waiting.get_absolute_url(), REJECT).status_code == 302
    waiting.refresh_from_db()
    assert (waiting.state, waiting.note) == ("rejected", "Say what for.")
    assert [(verb.rpartition(".")[2], reason) for verb, *_rest, reason in entries()] == [("rejected", "Say what for.")]
    notice = Notification.objects.get()
    assert (notice.text, notice.detail) == (f"Metro Wallet rejected: {waiting.subject()}", "Say what for.")


@both
def test_decided_twice(signed_in, reviewer, admin, waiting):
    signed_in(reviewer).post(waiting.get_absolute_url(), APPROVE)
    response = signed_in(admin).post(waiting.get_absolute_url(), REJECT)
    assert response.context["form"].non_field_errors() == ["Already done: this is now approved."]
    assert len(entries()) == 1


@both
def test_nobody_decides_their_own_request(signed_in, reviewer, waiting):
    """P-2."""
    type(waiting).objects.update(requested_by=reviewer)
    client = signed_in(reviewer)
    reason = "This is your own request. Someone else must decide."
    assert client.get(waiting.get_absolute_url()).context["why_not"] == reason
    assert client.post(waiting.get_absolute_url(), APPROVE).status_code == 422
    assert entries() == []


@both
def test_nothing_is_granted_to_a_program_that_is_not_bound(signed_in, reviewer, bound, waiting):
    type(bound).objects.filter(pk=bound.pk).update(state="ended")
    client = signed_in(reviewer)
    assert "City Bus is no longer bound to Metro Wallet." in text_of(client.get(waiting.get_absolute_url()))
    response = client.post(waiting.get_absolute_url(), APPROVE)
    assert (response.status_code, response.context["form"].non_field_errors()) == (
        422,
        ["City Bus isn’t bound to Metro Wallet."],
    )
    assert entries() == []


@both
def test_who_may_not_decide(signed_in, team_admin, outsider, waiting):
    for user, status in ((team_admin, 403), (outsider, 404), (waiting.requested_by, 404)):
        client = signed_in(user)
        address = waiting.get_absolute_url()
        assert [client.get(address).status_code, client.post(address, APPROVE).status_code] == [status, status]


@both
def test_an_old_proof_asks_for_the_password(signed_in, reviewer, waiting):
    client = signed_in(reviewer)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(waiting.get_absolute_url(), APPROVE).status_code == 403
        waiting.refresh_from_db()
        assert waiting.state == "waiting"


def test_what_the_reviewer_of_an_exemption_sees(signed_in, application, reviewer, program, exemption):
    factories.make_domain(program, "api.citybus.example", port=8443)
    factories.make_domain(program, "live.citybus.example", "socket")
    factories.make_permission(program, application, "wx.scanCode")
    factories.make_permission(program, factories.make_application(), "wx.elsewhere")
    response = signed_in(reviewer).get(exemption.get_absolute_url())
    page = text_of(response)
    for words in ("Hosts change weekly.", "https://api.citybus.example:8443", "wss://live.citybus.example"):
        assert words in page
    assert [line.what for line in response.context["others"]] == ["wx.scanCode"]


def test_hosts_of_a_program_that_left_are_not_shown(signed_in, reviewer, program, bound, exemption):
    factories.make_domain(program, "secret.citybus.example")
    miniprograms.unbind(bound, by=program.created_by)
    assert "secret.citybus.example" not in text_of(signed_in(reviewer).get(exemption.get_absolute_url()))


def test_what_the_reviewer_of_a_permission_sees(signed_in, application, reviewer, program, permission):
    factories.make_exemption(program, application)
    client = signed_in(reviewer)
    response = client.get(permission.get_absolute_url())
    for words in ("wx.getLocation", "Read the location", "Stops nearby."):
        assert words in text_of(response)
    assert [line.kind for line in response.context["others"]] == ["exemption"]
    application.apis.update(restricted=False)
    assert "wx.getLocation is public in Metro Wallet:" in text_of(client.get(permission.get_absolute_url()))
    application.apis.all().delete()
    assert "no longer in the list of Metro Wallet" in text_of(client.get(permission.get_absolute_url()))


# Inbox ------------------------------------------------------------------------------------------------------------


def test_the_inbox_holds_both_kinds(signed_in, application, reviewer, exemption, permission):
    client = signed_in(reviewer)

    def found(**query):
        return [(line.kind, line.what) for line in client.get(INBOX, query).context["lines"]]

    assert found() == [("exemption", ""), ("permission", "wx.getLocation")]
    assert client.get(INBOX).context["filter"].counts == {"waiting": 2, "decided": 1, "all": 3}
    assert found(kind="exemption") == [("exemption", "")]
    assert found(kind="permission") == [("permission", "wx.getLocation")]
    assert found(q="getloc") == [("permission", "wx.getLocation")]
    assert found(q="city") == [("exemption", ""), ("permission", "wx.getLocation")]
    assert found(q="tax") == []
    assert "wx.getLocation" in text_of(client.get(INBOX))


def test_the_menu_and_the_home_page_count_them(signed_in, reviewer, exemption, permission):
    page = home_of(signed_in(reviewer))
    addresses = [exemption.get_absolute_url(), permission.get_absolute_url()]
    assert [url for *_words, url in read(page["waiting"])] == addresses
    assert page["frame"].waiting == 2


def test_the_list_of_applications_counts_them(signed_in, team_admin, exemption, permission):
    assert [row.waiting for row in signed_in(team_admin).get("/apps/").context["page"]] == [2]


def test_who_asked_does_not_find_them_at_home(signed_in, reviewer, exemption):
    DomainExemption.objects.update(requested_by=reviewer)
    page = home_of(signed_in(reviewer))
    assert (read(page["waiting"]), page["frame"].waiting) == ([], 0)


def test_another_applications_requests_are_not_seen(signed_in, outsider, exemption, permission):
    client = signed_in(outsider)
    assert client.get(INBOX, {"show": "all"}).context["lines"] == []
    assert waits(client) == []


def test_reviewers_are_reminded_of_both(reviewer, exemption, permission):
    late = timezone.now() + timedelta(hours=50)
    for kind in (DomainExemption, ApiPermission):
        kind.objects.update(notified_at=timezone.now())
    assert [reminders.remind(at=late), reminders.remind(at=late + timedelta(hours=1))] == [2, 0]
    assert sorted(Notification.objects.values_list("user", "text", "url")) == [
        (reviewer.pk, f"{grant.subject()} has been waiting 50 hours for Metro Wallet", grant.get_absolute_url())
        for grant in (exemption, permission)
    ]


@pytest.mark.parametrize("address", [INBOX, "/"])
def test_as_many_queries_for_many_as_for_one(signed_in, application, reviewer, exemption, permission, address):
    client = signed_in(reviewer)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    one = queries()
    for _ in range(3):
        program = factories.make_program()
        factories.make_exemption(program, application, state="waiting")
        factories.make_permission(program, application, state="waiting")
    assert queries() == one
