"""API requests of several programs, selected in the inbox and approved at once."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.utils import timezone
from django.utils.html import escape

from console.base.accounts.models import Notification
from devmgmt import actions
from devmgmt.models import ApiPermission
from tests import factories
from tests.dialogs import effects

INBOX = "/reviews/"
URL = "/reviews/permissions/approve/"


@pytest.fixture
def waiting(application):
    """Of three programs of three teams, the second one with two APIs."""
    for api in ("wx.getLocation", "wx.startRecord"):
        factories.make_api(application, api)
    rows = []
    for name in ("City Bus", "Tax Helper", "Island Ferry"):
        program = factories.make_program(name=name)
        factories.make_binding(program, application)
        apis = ["wx.getLocation", "wx.startRecord"] if name == "Tax Helper" else ["wx.getLocation"]
        rows += actions.apply_for_permissions(
            program, application=application, apis=apis, reason="Stops nearby.", by=program.created_by
        )
    Notification.objects.all().delete()
    return rows


def url(rows):
    return f"{URL}?" + "&".join(f"item={row.pk}" for row in rows if row.submission_id is None)


def states():
    return list(ApiPermission.objects.order_by("pk").values_list("state", flat=True))


def test_select_list_and_approve(signed_in, application, reviewer, waiting):
    """The list says what follows; until a day, for all of them (D-10). Each team has one notification."""
    factories.make_exemption(factories.make_program(), application, state="waiting")
    own = factories.make_permission(
        factories.make_program(), application, "wx.own", state="waiting", requested_by=reviewer
    )
    client = signed_in(reviewer)
    assert client.get(INBOX).context["selectable"] == {row.pk for row in waiting if row.submission_id is None}
    dialog = client.get(url([*waiting, own]))
    assert effects(dialog)[:3] == [
        "City Bus · Metro Wallet: wx.getLocation “Stops nearby.”",
        "Tax Helper · Metro Wallet: wx.getLocation, wx.startRecord “Stops nearby.”",
        "Island Ferry · Metro Wallet: wx.getLocation “Stops nearby.”",
    ]
    tomorrow = timezone.localdate() + timedelta(days=1)
    answer = client.post(url(waiting), {"open": [row.pk for row in waiting], "until": tomorrow.isoformat()})
    assert (answer.status_code, answer["Location"]) == (302, INBOX)
    assert states() == ["approved"] * 4 + ["waiting"]
    ends = {timezone.localtime(row.expires_at).date() for row in ApiPermission.objects.approved()}
    assert ends == {tomorrow}
    assert sorted(Notification.objects.values_list("text", flat=True)) == [
        "Metro Wallet approved: wx.getLocation for City Bus",
        "Metro Wallet approved: wx.getLocation for Island Ferry",
        "Metro Wallet: 2 APIs granted for Tax Helper",
    ]


def test_after_it_the_list_has_its_filters_still(signed_in, application, reviewer, waiting):
    shown = f"application={application.application_id}&kind=permission"
    asked = f"{url(waiting[:1])}&{urlencode({'list': shown})}"
    client = signed_in(reviewer)
    assert f'href="{INBOX}?{escape(shown)}"' in client.get(asked).content.decode()
    assert client.post(asked, {"open": waiting[0].pk})["Location"] == f"{INBOX}?{shown}"


def test_a_renewal_says_so_and_gets_an_end_or_none_by_a_tick(signed_in, application, reviewer, waiting):
    """D-10: approved without a word, what was granted until a day would have been granted for ever."""
    end = timezone.now() + timedelta(days=3)
    for row in (waiting[0], waiting[2]):
        old = factories.make_permission(row.mini_program, application, row.api, state="ended", expires_at=end)
        ApiPermission.objects.filter(pk=row.pk).update(renews=old)
        ApiPermission.objects.filter(pk=old.pk).update(state="approved")
    words, client = "Renewal. Granted until", signed_in(reviewer)
    assert client.get(INBOX).content.decode().count(words) == 1
    assert "1 of 2 is a renewal" in client.get(INBOX).content.decode()
    dialog = client.get(url(waiting))
    assert dialog.content.decode().count(words) == 2
    assert "endless" not in client.get(url([waiting[3]])).context["form"].fields

    posted = {"open": [row.pk for row in waiting]}
    ends = {"until": (timezone.localdate() + timedelta(days=9)).isoformat()}
    for bad in ({}, {**ends, "endless": "on"}):
        answer = client.post(url(waiting), posted | bad)
        assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"until"})
    assert client.post(url(waiting), {"open": waiting[3].pk}).status_code == 302  # renews nothing
    assert client.post(url(waiting[:3]), {"open": [waiting[0].pk], **ends}).status_code == 302
    assert client.post(url(waiting[:3]), {"open": [waiting[1].pk, waiting[2].pk], "endless": "on"}).status_code == 302
    endless = [row.expires_at is None for row in ApiPermission.objects.granted().order_by("pk")]
    assert endless == [False, True, True, True]


def test_only_what_the_dialog_showed(signed_in, reviewer, waiting):
    client = signed_in(reviewer)
    client.post(url(waiting), {"open": [waiting[0].pk, 10**9, "x"]})
    assert states() == ["approved", "waiting", "waiting", "waiting"]
    answer = client.post(url(waiting), {})
    assert (answer.status_code, answer.context["form"].non_field_errors()) == (422, ["Select at least one request."])


def test_one_that_someone_else_moved_stops_all_and_is_named(signed_in, reviewer, admin, waiting):
    actions.decide(waiting[0], approve=False, by=admin, note="No.")
    answer = signed_in(reviewer).post(url(waiting), {"open": [row.pk for row in waiting]})
    assert answer.context["form"].non_field_errors() == [
        "wx.getLocation for City Bus was already decided by someone else. It is now rejected."
    ]
    assert states() == ["rejected", "waiting", "waiting", "waiting"]
    left = f'value="{waiting[1].pk},{waiting[2].pk}"'
    assert (answer.content.decode().count('name="open"'), left in answer.content.decode()) == (2, True)


def test_nobody_approves_their_own(signed_in, reviewer, waiting):
    """P-2."""
    ApiPermission.objects.filter(pk=waiting[3].pk).update(requested_by=reviewer)
    answer = signed_in(reviewer).post(url(waiting), {"open": [row.pk for row in waiting]})
    assert (answer.status_code, states()) == (422, ["waiting"] * 4)
    assert answer.context["form"].non_field_errors() == ["This is your own request. Someone else must decide."]


def test_each_row_is_the_users_to_decide(signed_in, reviewer, team_admin, outsider, waiting):
    """P-1, P-4."""
    foreign = factories.make_permission(factories.make_program(), factories.make_application(), state="waiting")
    posted = {"open": [row.pk for row in [*waiting, foreign]]}
    for user, rows, status in (
        (team_admin, waiting, 403),
        (outsider, waiting, 404),
        (reviewer, [*waiting, foreign], 404),
    ):
        client = signed_in(user)
        assert [client.get(url(rows)).status_code, client.post(url(rows), posted).status_code] == [status, status]
    client = signed_in(reviewer)
    for item in ("x", "9" * 30, "-1", "1\0", 10**12):
        assert client.get(URL, {"item": item}).status_code == 404
    assert client.get(URL).status_code == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(url(waiting), posted).status_code == 403
    assert states() == ["waiting"] * 5
