"""Exemptions and permissions that are in force: their list, revoking them, and what ends with a binding."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.core.errors import Conflict
from devmgmt import actions
from devmgmt.models import ApiPermission, DomainExemption
from devmgmt.policy import policy_of
from releases.field import spread
from tests import factories
from tests.console.reviews.test_grants import entries, text_of
from tests.dialogs import effects


@pytest.fixture
def granted(program, application, bound):
    """An exemption and a permission in force."""
    factories.make_api(application)
    return factories.make_exemption(program, application), factories.make_permission(program, application)


def grants_url(application):
    return f"/apps/{application.application_id}/grants/"


def revoke_url(grant):
    kind = "permissions" if isinstance(grant, ApiPermission) else "exemptions"
    return f"/apps/{grant.application.application_id}/{kind}/{grant.pk}/revoke/"


def found(client, application, **query):
    lines = client.get(grants_url(application), query).context["lines"]
    return sorted((line.kind, line.program.name, line.what) for line in lines)


def test_it_lists_what_is_granted_now(signed_in, application, team_admin, granted):
    other = factories.make_program(name="Tax Helper")
    factories.make_permission(other, application, "wx.scanCode")
    factories.make_permission(other, application, "wx.chooseImage", state="waiting")
    factories.make_permission(other, application, "wx.chooseVideo", state="rejected")
    factories.make_permission(other, factories.make_application(), "wx.elsewhere")
    ended = factories.make_exemption(
        other, application, state="ended", ended_at=timezone.now(), ended_by=team_admin, end_reason="Complaints"
    )
    client = signed_in(team_admin)
    bus, tax = ("permission", "City Bus", "wx.getLocation"), ("permission", "Tax Helper", "wx.scanCode")
    assert found(client, application) == [("exemption", "City Bus", ""), bus, tax]
    assert found(client, application, kind="permission") == [bus, tax]
    assert found(client, application, q="tax") == [tax]
    assert found(client, application, q="GETLOC") == [bus]
    assert found(client, application, show="past") == [("exemption", "Tax Helper", "")]
    past = client.get(grants_url(application), {"show": "past"})
    assert past.context["filter"].counts == {"now": 3, "past": 1}
    assert "Complaints" in text_of(past)
    assert ended.get_absolute_url() not in text_of(past)  # who decides nothing is not led to the reviews
    assert "Application administrators of" in text_of(client.get(grants_url(application)))


def test_what_ended_last_comes_first(signed_in, application, team_admin, admin, granted):
    exemption, permission = granted
    actions.revoke(permission, by=admin, reason="Complaints")
    actions.revoke(exemption, by=admin, reason="Complaints")
    lines = signed_in(team_admin).get(grants_url(application), {"show": "past"}).context["lines"]
    assert [line.decision for line in lines] == [exemption, permission]


def test_empty_lists_say_so(signed_in, application, team_admin):
    client = signed_in(team_admin)
    assert "No grants yet" in text_of(client.get(grants_url(application)))
    assert "No past grants yet" in text_of(client.get(grants_url(application), {"show": "past"}))
    assert "No matches" in text_of(client.get(grants_url(application), {"q": "x\0" * 5000, "page": "-1"}))


def test_revoke_says_which_version_loses_what_on_how_many_devices(signed_in, application, admin, program, granted):
    _exemption, permission = granted
    url, client = revoke_url(permission), signed_in(admin)
    online = factories.make_online(program)
    assert "The online version 1.0.0 has no report, so it’s unknown whether it calls this API." in text_of(
        client.get(url)
    )
    assert "No device of this app requested the mini program in the last 30 days." in text_of(client.get(url))
    factories.make_seen(program, 3, application=application)
    factories.make_report(online)
    assert "The report on the online version 1.0.0 found no calls to it." in text_of(client.get(url))
    factories.make_report(online, apis=[{"use": {"name": permission.api, "count": 1}, "standing": {}}])
    words = text_of(client.get(url))
    assert "The online version 1.0.0 calls it. These calls will fail." in words
    assert "3 devices of this app requested the mini program in the last 30 days." in words


@pytest.mark.parametrize(
    ("api", "content"),
    [
        ("wx.getLocation", {"others": [{"name": "wx.getLocation", "count": 1}]}),  # listed after the report
        ("button.getPhoneNumber", {"apis": [{"use": {"name": "wx.getPhoneNumber", "count": 1}, "standing": {}}]}),
        ("button.getPhoneNumber", {"others": [{"name": "wx.getPhoneNumber", "count": 1}]}),
    ],
)
def test_a_revocation_finds_a_call_by_each_of_its_names(signed_in, application, admin, program, bound, api, content):
    factories.make_api(application, api)
    permission = factories.make_permission(program, application, api)
    factories.make_report(factories.make_online(program), **content)
    words = text_of(signed_in(admin).get(revoke_url(permission)))
    assert "The online version 1.0.0 calls it. These calls will fail." in words


@pytest.mark.parametrize(
    "content",
    [
        {"computed": {"name": "wx[…]", "count": 1}},
        {"open": [{"path": "app.js", "line": 2, "reason": "name"}]},
        {"unread": [{"path": "app.js", "why": "syntax", "by_patterns": True}]},
        {"left_out": {"others": 1}},
    ],
)
def test_a_revocation_says_that_a_call_may_be_in_code_that_was_not_analysed(
    signed_in, admin, program, granted, content
):
    factories.make_report(factories.make_online(program), **content)
    words = text_of(signed_in(admin).get(revoke_url(granted[1])))
    assert "The report on the online version 1.0.0 found no calls to it, but not all code could be analysed." in words


def test_a_revocation_does_not_take_a_small_application_beside_a_large_one_for_unused(
    signed_in, application, admin, program, granted, monkeypatch
):
    factories.make_online(program)
    factories.make_seen(program, 3, application=application, ago=timedelta(days=2))
    factories.make_seen(program, 4, application=factories.make_application())
    client = signed_in(admin)
    assert "3 devices of this app requested the mini program" in text_of(client.get(revoke_url(granted[1])))
    monkeypatch.setattr(spread, "SAMPLE", 4)
    for grant in granted:
        words = text_of(client.get(revoke_url(grant)))
        assert "No device of this app" not in words
        assert "It’s unknown how many devices of this app requested the mini program in the last 30 days" in words


def test_revoke(signed_in, application, admin, program, granted):
    """D-4: the next answer to a device is without it."""
    client = signed_in(admin)
    before = policy_of(program.app_id, application.pk)
    assert (before.skip_domain_verification, before.apis) == (True, ["wx.getLocation"])
    for grant in granted:
        response = client.post(revoke_url(grant), {"note": "Complaints"})
        assert (response.status_code, response["Location"]) == (302, grants_url(application))
        grant.refresh_from_db()
        assert (grant.state, grant.ended_by, grant.end_reason) == ("ended", admin, "Complaints")
    after = policy_of(program.app_id, application.pk)
    assert (after.skip_domain_verification, after.apis) == (False, [])
    ids = (application.application_id, program.app_id, "Complaints")
    assert entries() == [
        ("exemption.revoked", "City Bus – Metro Wallet", *ids),
        ("permission.revoked", "wx.getLocation, City Bus – Metro Wallet", *ids),
    ]
    told = Notification.objects.order_by("pk")
    assert [(notice.user, notice.text, notice.detail) for notice in told] == [
        (grant.requested_by, f"Metro Wallet revoked: {grant.subject()}", "Complaints") for grant in granted
    ]
    developer = signed_in(program.created_by)
    assert [developer.get(notice.url).status_code for notice in told] == [200, 200]


@pytest.mark.parametrize("reason", ["", "  \r\n ", "x" * 501])
def test_a_revocation_needs_a_reason_that_fits(signed_in, admin, granted, reason):
    client = signed_in(admin)
    for grant in granted:
        response = client.post(revoke_url(grant), {"note": reason})
        assert (response.status_code, set(response.context["form"].errors)) == (422, {"note"})
    assert entries() == []


def test_revoked_twice(signed_in, admin, granted):
    client = signed_in(admin)
    for grant in granted:
        client.post(revoke_url(grant), {"note": "Complaints"})
        response = client.post(revoke_url(grant), {"note": "Complaints"})
        assert response.context["form"].non_field_errors() == ["Already done: this is now ended."]
    assert len(entries()) == 2


@pytest.mark.django_db(transaction=True)
def test_revoked_by_four_at_once(admin, granted):
    def revoke(_):
        try:
            row = ApiPermission.objects.select_related("application", "mini_program", "requested_by").get()
            actions.revoke(row, by=admin, reason="Complaints")
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(revoke, range(4))) == [False, False, False, True]
    assert (len(entries()), Notification.objects.count()) == (1, 1)


def test_who_may_not_revoke(signed_in, application, reviewer, team_admin, outsider, program, granted):
    mine = outsider.application_roles.get().application
    for user, status in ((reviewer, 403), (team_admin, 403), (outsider, 404), (program.created_by, 404)):
        client = signed_in(user)
        for grant in granted:
            answers = [client.get(revoke_url(grant)), client.post(revoke_url(grant), {"note": "x"})]
            assert [answer.status_code for answer in answers] == [status, status]
            crossed = revoke_url(grant).replace(application.application_id, mine.application_id)
            assert client.post(crossed, {"note": "x"}).status_code == 404
    assert signed_in(outsider).get(grants_url(application)).status_code == 404
    assert entries() == []


def test_an_old_proof_asks_for_the_password_before_a_revocation(signed_in, admin, granted):
    client = signed_in(admin)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert [client.post(revoke_url(grant), {"note": "x"}).status_code for grant in granted] == [403, 403]
    assert entries() == []


def test_a_revocation_of_what_is_public_says_that_nothing_changes(signed_in, application, admin, granted):
    application.apis.update(restricted=False)
    [first, *_rest] = effects(signed_in(admin).get(revoke_url(granted[1])))
    assert first == "wx.getLocation is currently not restricted, so nothing changes on devices until it is."


def test_the_list_needs_the_same_queries_for_many(signed_in, application, admin, granted):
    client = signed_in(admin)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(grants_url(application)).status_code == 200
        return len(captured)

    one = queries()
    for _ in range(3):
        program = factories.make_program()
        factories.make_exemption(program, application)
        factories.make_permission(program, application)
    assert queries() == one


# With a binding ---------------------------------------------------------------------------------------------------


def test_the_dialogs_that_end_a_binding_say_what_ends_with_it(signed_in, application, admin, program, bound, granted):
    factories.make_permission(program, application, "wx.scanCode")
    removal = f"/apps/{application.application_id}/programs/{bound.pk}/remove/"
    words = "These grants end with it: 1 grant to skip domain verification and 2 interface permissions."
    assert words in effects(signed_in(admin).get(removal))
    unbinding = f"/miniprograms/{program.app_id}/bindings/{bound.pk}/unbind/"
    assert "Everything Metro Wallet granted ends: skipping domain verification and interface permissions." in effects(
        signed_in(program.created_by).get(unbinding)
    )
    signed_in(admin).post(removal, {"note": "Complaints"})
    assert [grant.state for grant in (*DomainExemption.objects.all(), *ApiPermission.objects.all())] == ["ended"] * 3


def test_the_decision_says_once_until_when_and_leads_to_the_grants(signed_in, application, admin, reviewer, granted):
    _exemption, permission = granted
    noon = timezone.now().replace(hour=12) + timedelta(days=5)  # days are those of a calendar
    ApiPermission.objects.filter(pk=permission.pk).update(expires_at=noon)
    for person, may in ((admin, True), (reviewer, False)):
        text = signed_in(person).get(permission.get_absolute_url()).content.decode()
        facts = text.partition("<dt>Granted until</dt>")[2].partition("</dd>")[0]
        assert facts.count("<time") == 1
        assert re.search("expires in [45] days", facts)  # 4 when a day ended meanwhile
        assert (f'class="btn btn-sm" href="{grants_url(application)}"' in text) is may
