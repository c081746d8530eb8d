"""A program's interface permissions: what its applications restrict, and asking for it (D-3)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from devmgmt.models import ApiPermission
from tests import factories

pytestmark = pytest.mark.django_db
TO_ASK = "Team administrators, license holders and developers of"


@pytest.fixture
def application(program):
    """Bound; it restricts three APIs and leaves one public."""
    application = factories.make_application(name="Metro Wallet")
    factories.make_binding(program, application)
    for name in ("wx.chooseAddress", "wx.getLocation", "wx.startRecord"):
        factories.make_api(application, name, title=f"About {name}")
    factories.make_api(application, "wx.scanCode", restricted=False)
    return application


@pytest.fixture
def second(program):
    """Another bound one, later in the alphabet."""
    application = factories.make_application(name="Super App")
    factories.make_binding(program, application)
    factories.make_api(application, "wx.getLocation")
    return application


def url(program):
    return f"/miniprograms/{program.app_id}/development/permissions/"


def shown(response):
    return [(api.name, grant.shown_state if grant else "") for api, grant in response.context["rows"]]


def text_of(response):
    return " ".join(response.content.decode().split())


def ask(client, program, application, *apis, reason="Stops nearby."):
    address = f"{url(program)}apply/?application={application.application_id}"
    return client.post(address, {"apis": apis, "reason": reason})


def test_what_concerns_devices_comes_first(signed_in, program, developer, application):
    factories.make_permission(program, application, "wx.startRecord", state="waiting")
    factories.make_permission(program, application, "wx.getLocation", state="rejected", note="Say what for.")
    factories.make_permission(factories.make_program(), application, "wx.chooseAddress")
    response = signed_in(developer).get(url(program))
    assert shown(response) == [
        ("wx.startRecord", "waiting"),
        ("wx.getLocation", "rejected"),
        ("wx.chooseAddress", ""),
    ]
    assert shown(signed_in(developer).get(url(program), {"sort": "state"})) == shown(response)  # as its head says
    page = text_of(response)
    for words in ("About wx.startRecord", "Say what for.", "Not requested", "Withdraw…"):
        assert words in page
    assert "wx.scanCode" not in page


def test_the_newest_request_counts(signed_in, program, developer, application):
    factories.make_permission(program, application, state="rejected")
    factories.make_permission(program, application)
    assert ("wx.getLocation", "granted") in shown(signed_in(developer).get(url(program)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "ended", "end_reason": "Complaints"}, "Revoked"),
        ({"state": "ended"}, "Not requested"),
        ({"state": "withdrawn"}, "Not requested"),
    ],
)
def test_what_has_ended_can_be_asked_for_again(signed_in, program, developer, application, fields, words):
    if fields["state"] == "ended":
        fields |= {"ended_at": timezone.now(), "ended_by": developer}
    factories.make_permission(program, application, **fields)
    client = signed_in(developer)
    response = client.get(url(program), {"q": "getlocation"})
    assert words in text_of(response)
    again = f'{url(program)}apply/?application={application.application_id}&amp;api=wx.getLocation"'
    assert again in response.content.decode()
    assert ask(client, program, application, "wx.getLocation").status_code == 302


def test_each_bound_application_has_its_own_list(signed_in, program, developer, application, second):
    factories.make_permission(program, second)
    client = signed_in(developer)
    assert shown(client.get(url(program))) == [
        ("wx.chooseAddress", ""),
        ("wx.getLocation", ""),
        ("wx.startRecord", ""),
    ]
    assert shown(client.get(url(program), {"application": second.application_id})) == [("wx.getLocation", "granted")]


def test_tabs_and_words(signed_in, program, developer, application):
    factories.make_permission(program, application, "wx.getLocation")
    factories.make_permission(program, application, "wx.startRecord", state="waiting")
    client = signed_in(developer)

    def found(**query):
        return [name for name, _state in shown(client.get(url(program), query))]

    assert client.get(url(program)).context["filter"].counts == {"all": 3, "granted": 1, "waiting": 1, "open": 1}
    assert found(show="granted") == ["wx.getLocation"]
    assert found(show="waiting") == ["wx.startRecord"]
    assert found(show="open") == ["wx.chooseAddress"]
    assert found(q="ABOUT WX.START") == ["wx.startRecord"]
    assert "No matching APIs" in text_of(client.get(url(program), {"q": "100%"}))
    assert client.get(url(program), {"q": "%\0" * 5000, "page": "9" * 500, "show": "x"}).status_code == 200


def test_a_grant_of_what_is_public_or_gone_is_still_shown(signed_in, program, developer, application):
    factories.make_permission(program, application, "wx.scanCode")
    factories.make_permission(program, application, "wx.removed", state="waiting")
    response = signed_in(developer).get(url(program))
    assert shown(response)[0] == ("wx.scanCode", "granted")
    assert [grant.api for grant in response.context["gone"]] == ["wx.removed"]
    assert "Public now: every bound mini program can call it." in text_of(response)


def test_past_requests(signed_in, program, developer, application):
    factories.make_permission(program, application, state="rejected", note="Say what for.")
    factories.make_permission(program, factories.make_application(name="Left"), "wx.x", state="withdrawn")
    factories.make_permission(program, application)
    factories.make_permission(factories.make_program(), application, "wx.other", state="rejected")
    response = signed_in(developer).get(url(program))
    past = [(grant.api, str(grant.application), grant.shown_state) for grant in response.context["past"]]
    assert past == [("wx.x", "Left", "withdrawn"), ("wx.getLocation", "Metro Wallet", "rejected")]


def test_without_a_bound_application(signed_in, program, developer):
    client = signed_in(developer)
    assert "No host app is bound. Request a binding first." in text_of(client.get(url(program)))
    asked = factories.make_binding(program, state="waiting").application
    page = text_of(client.get(url(program)))
    assert "No host app bound" in page
    assert f"Waiting for {asked} to decide on the binding." in page
    assert "Request a binding" not in page
    response = client.get(f"{url(program)}apply/")
    assert (response.status_code, response["Location"]) == (302, url(program))


def test_an_application_that_restricts_nothing(signed_in, program, developer):
    application = factories.make_application(name="Open House")
    factories.make_binding(program, application)
    client = signed_in(developer)
    page = text_of(client.get(url(program)))
    assert "Open House has no restricted APIs" in page
    assert "Open House has no restricted API left to request." in page
    assert client.get(f"{url(program)}apply/").status_code == 302


def test_a_notification_leads_to_the_applications_own_list(signed_in, program, developer, application, second):
    grant = factories.make_permission(program, second)
    client = signed_in(developer)
    assert client.get(grant.developer_url()).context["chosen"] == second
    program.bindings.filter(application=second).update(state="ended")
    assert client.get(grant.developer_url()).context["chosen"] == application


# Asking -----------------------------------------------------------------------------------------------------------


def test_ask_for_several_with_one_reason(signed_in, program, developer, application):
    reviewer = factories.make_reviewer(application)
    client = signed_in(developer)
    response = ask(client, program, application, "wx.getLocation", "wx.startRecord")
    assert (response.status_code, response["Location"]) == (
        302,
        f"{url(program)}?application={application.application_id}",
    )
    asked = list(ApiPermission.objects.order_by("api"))
    assert [(grant.api, grant.state, grant.requested_by, grant.reason) for grant in asked] == [
        (name, "waiting", developer, "Stops nearby.") for name in ("wx.getLocation", "wx.startRecord")
    ]
    entries = ActivityEntry.objects.filter(verb="permission.requested").order_by("pk")
    assert [(entry.target_label, entry.mini_program_id, entry.application_id, entry.reason) for entry in entries] == [
        (f"{grant.api}, City Bus – Metro Wallet", program.app_id, application.application_id, "Stops nearby.")
        for grant in asked
    ]
    told = Notification.objects.filter(user=reviewer).order_by("pk")
    assert [(notice.text, notice.detail) for notice in told] == [
        ("City Bus requests 2 APIs from Metro Wallet", "wx.getLocation, wx.startRecord\nStops nearby.")
    ]
    assert [grant.item for grant in asked] == [asked[0].pk] * 2
    assert signed_in(reviewer).get(told[0].url).status_code == 200


def test_the_form_offers_what_can_be_asked_for(signed_in, program, developer, application):
    factories.make_permission(program, application, "wx.startRecord", state="waiting")
    response = signed_in(developer).get(f"{url(program)}apply/", {"api": ["wx.getLocation", "wx.scanCode", "x\0y"]})
    form = response.context["form"]
    assert [name for name, _title in form.fields["apis"].choices] == ["wx.chooseAddress", "wx.getLocation"]
    assert text_of(response).count(" checked>") == 1


@pytest.mark.parametrize(
    ("apis", "reason", "field"),
    [
        ((), "Why", "apis"),
        (("wx.scanCode",), "Why", "apis"),
        (("wx.nothing",), "Why", "apis"),
        (("wx.startRecord", "wx.getLocation"), "Why", "apis"),
        (("\0" * 10_000,), "Why", "apis"),
        (("wx.getLocation",), "", "reason"),
        (("wx.getLocation",), "x" * 501, "reason"),
        (("wx.getLocation",), "a\0b", "reason"),
    ],
)
def test_what_can_not_be_asked_for(signed_in, program, developer, application, apis, reason, field):
    factories.make_permission(program, application, "wx.startRecord", state="waiting")
    response = ask(signed_in(developer), program, application, *apis, reason=reason)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert ApiPermission.objects.count() == 1


def test_one_page_can_hold_what_is_asked_for_at_once(signed_in, program, developer, application):
    names = [factories.make_api(application, f"wx.number{number}").name for number in range(101)]
    client = signed_in(developer)
    response = ask(client, program, application, *names)
    assert response.context["form"].errors == {"apis": ["Choose at most 100 APIs at a time."]}
    assert ask(client, program, application, *names[:100]).status_code == 302
    reviewer, asked = factories.make_reviewer(application), list(ApiPermission.objects.order_by("pk"))
    fields = {"open": [row.pk for row in asked], "decision": "approve"}
    fields |= {f"{name}_{row.pk}": "" for row in asked for name in ("ruling", "note")}
    assert signed_in(reviewer).post(asked[0].get_absolute_url(), fields).status_code == 302
    assert ApiPermission.objects.granted().count() == 100


def test_only_a_bound_application_can_be_asked(signed_in, program, developer, application):
    client = signed_in(developer)
    other = factories.make_application(program.team)
    factories.make_api(other)
    factories.make_binding(program, other, state="ended")
    for name in (other.application_id, "ha00000000000000", "x" * 10_000, "a\0b"):
        status = 200 if name == other.application_id else 404  # notifications still lead to what has left
        assert client.get(url(program), {"application": name}).status_code == status
        assert client.get(f"{url(program)}apply/", {"application": name}).status_code == 404
    assert ask(client, program, other, "wx.getLocation").status_code == 404
    assert not ApiPermission.objects.exists()


def test_a_viewer_sees_and_reads_whom_to_ask(signed_in, program, application):
    factories.make_permission(program, application)
    client = signed_in(factories.make_member(program.team, "viewer"))
    response = client.get(url(program))
    page = text_of(response)
    assert TO_ASK in page
    assert "/give-up/" not in page
    assert f"{url(program)}apply/" not in page
    assert [client.get(f"{url(program)}apply/").status_code, ask(client, program, application).status_code] == [
        403,
        403,
    ]


def test_another_team_finds_nothing(signed_in, program, application):
    client = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert client.get(url(program)).status_code == 404
    assert ask(client, program, application, "wx.getLocation").status_code == 404


def test_wrong_method(signed_in, program, developer, application):
    client = signed_in(developer)
    assert [client.post(url(program)).status_code, client.put(f"{url(program)}apply/").status_code] == [405, 405]


def test_as_many_queries_for_many_as_for_one(signed_in, program, developer, application):
    factories.make_permission(program, application)
    factories.make_permission(program, application, "wx.startRecord", state="rejected")
    client = signed_in(developer)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(program)).status_code == 200
        return len(captured)

    one = queries()
    for number in range(5):
        api = factories.make_api(application, f"wx.number{number}")
        factories.make_permission(program, application, api.name, state="rejected")
        factories.make_permission(program, application, api.name)
        factories.make_binding(program, factories.make_application(name=f"Z{number}"))
    assert queries() == one
