"""Grants that end by themselves (D-10): from that moment without effect, announced before, renewable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.base.accounts.models import Notification, User
from console.base.activity.models import ActivityEntry
from console.base.core import times
from console.base.core.errors import ActionRefused
from console.base.hosts.models import HostApplication
from console.reviews.querysets import granted_counts
from devmgmt import actions, expiry
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from devmgmt.policy import policy_of
from miniprograms.models import MiniProgram
from tests.devmgmt.granting import at_once, page, verbs
from tests.factories import make_api, make_exemption, make_member, make_permission, make_reviewer

SignIn = Callable[[User], Client]
DAY = timedelta(days=1)
LONG_AGO = timedelta(days=100)


@pytest.fixture
def permission(program: MiniProgram, application: HostApplication) -> ApiPermission:
    """Granted a hundred days ago until 30 days from now."""
    make_api(application)
    now = timezone.now()
    return make_permission(
        program, application, reason="Stops nearby.", expires_at=now + 30 * DAY, decided_at=now - LONG_AGO
    )


def ends(grant: ProgramGrant, at: datetime) -> None:
    type(grant).objects.filter(pk=grant.pk).update(expires_at=at)


def allowed(program: MiniProgram, application: HostApplication) -> tuple[bool, list[str]]:
    policy = policy_of(program.app_id, application.pk)
    assert policy
    return policy.skip_domain_verification, policy.apis


def told() -> list[tuple[User, str]]:
    return [(notice.user, notice.text) for notice in Notification.objects.order_by("pk")]


def test_devices_turn_at_that_moment_before_any_sweep(
    program: MiniProgram, application: HostApplication, permission: ApiPermission
) -> None:
    exemption = make_exemption(program, application, expires_at=timezone.now() + DAY)
    assert allowed(program, application) == (True, ["wx.getLocation"])

    for grant in (exemption, permission):
        ends(grant, timezone.now())

    assert allowed(program, application) == (False, [])
    assert not ApiPermission.objects.granted().exists()
    permission.refresh_from_db()
    assert (permission.state, permission.shown_state, verbs(program)) == ("approved", "expired", [])


def test_the_sweep_writes_it_down_once(
    program: MiniProgram, application: HostApplication, permission: ApiPermission
) -> None:
    exemption = make_exemption(program, application, expires_at=timezone.now() + 40 * DAY)
    at = permission.expires_at
    assert at

    assert [expiry.end_expired(at=moment) for moment in (at - DAY, at, at)] == [0, 1, 0]
    for grant in (permission, exemption):
        grant.refresh_from_db()

    assert (permission.state, permission.shown_state, permission.ended_at) == ("ended", "expired", at)
    assert exemption.state == "approved"
    [entry] = ActivityEntry.objects.all()
    assert (entry.verb, entry.actor_label, entry.before, entry.after) == (
        "permission.expired",
        "",
        {"state": "approved"},
        {"state": "ended"},
    )
    assert told() == [(program.created_by, "wx.getLocation for City Bus expired in Harbour Super App")]


def test_what_ends_together_is_one_notification(
    program: MiniProgram, application: HostApplication, permission: ApiPermission, developer: User
) -> None:
    """Of one program in one application; to who asked for any of it, and to who manages the program."""
    at = permission.expires_at
    assert at
    make_permission(program, application, "wx.scanCode", expires_at=at, requested_by=developer)
    make_exemption(program, application, expires_at=at)

    assert expiry.end_expired(at=at) == 3

    both = "2 permissions of City Bus in Harbour Super App expired"
    exemption = "Skipping domain verification for City Bus expired in Harbour Super App"
    assert sorted(told(), key=str) == sorted(
        [(program.created_by, both), (developer, both), (program.created_by, exemption)], key=str
    )
    assert Notification.objects.filter(text=both).first().detail == "wx.getLocation, wx.scanCode"
    assert sorted(verbs(program)) == ["exemption.expired", "permission.expired", "permission.expired"]


@pytest.mark.django_db(transaction=True)
def test_sweeps_and_a_revocation_at_once_end_it_once(
    program: MiniProgram, application: HostApplication, permission: ApiPermission
) -> None:
    reviewer, at = make_reviewer(application), permission.expires_at
    assert at

    at_once(
        *[lambda: expiry.end_expired(at=at)] * 3, lambda: actions.revoke(permission, by=reviewer, reason="Complaints.")
    )

    assert len(verbs(program)) == 1
    assert Notification.objects.count() == 1


def test_people_are_notified_seven_days_and_one_day_before(
    program: MiniProgram, application: HostApplication, permission: ApiPermission, developer: User
) -> None:
    """Once each, in one notification for what ends together; not its viewers."""
    make_member(program.team, "viewer")
    end = permission.expires_at
    assert end
    make_permission(program, application, "wx.startRecord", expires_at=end, decided_at=end - LONG_AGO)
    make_permission(program, application, "wx.scanCode", expires_at=end, decided_at=end - 3 * DAY)
    moments = [8, 6.9, 6.8, 2, 0.9, 0.8, 0]

    assert [expiry.remind(at=end - days * DAY) for days in moments] == [0, 2, 0, 0, 3, 0, 0]
    reviewers = {row.user for row in application.people.all()}
    first, last = (
        {user for user, text in told() if text.startswith(words)} for words in ("2 permissions of", "3 permissions of")
    )
    assert first == last == {program.created_by, developer, *reviewers}
    assert len(told()) == 2 * len(first)
    assert "of City Bus in Harbour Super App expire on" in told()[0][1]


def test_a_reminder_names_the_zone_of_its_time(permission: ApiPermission, developer: User) -> None:
    end = permission.expires_at
    assert end
    developer.time_zone = "Asia/Kolkata"
    developer.save(update_fields=["time_zone"])

    expiry.remind(at=end - DAY / 2)

    with timezone.override("Asia/Kolkata"):
        words = f"wx.getLocation for City Bus expires in Harbour Super App on {times.full(end)}"
    assert words.endswith("UTC+5:30")
    assert dict(told())[developer] == words


@pytest.mark.django_db(transaction=True)
def test_reminders_at_once_tell_once(permission: ApiPermission) -> None:
    at = permission.expires_at
    assert at
    at_once(*[lambda: expiry.remind(at=at - DAY / 2)] * 4)
    people = Notification.objects.values_list("user", flat=True)
    assert len(people) == len(set(people)) > 0


# Renewing -----------------------------------------------------------------------------------------------------------


def test_renew_with_the_same_reason_before_it_ends(
    signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User, permission: ApiPermission
) -> None:
    client, url = signed_in(developer), f"{page(program, 'permissions')}apply/?application={application.application_id}"
    assert (
        f"{url}&api=wx.getLocation".replace("&", "&amp;") in client.get(page(program, "permissions")).content.decode()
    )
    form = client.get(f"{url}&api=wx.getLocation").context["form"]
    assert form.initial == {"apis": ["wx.getLocation"], "reason": "Stops nearby."}

    assert client.post(url, form.initial).status_code == 302
    renewal = ApiPermission.objects.waiting().get()
    assert (renewal.renews, allowed(program, application)) == (permission, (False, ["wx.getLocation"]))
    assert client.post(url, form.initial).status_code == 422  # asked for already
    response = client.get(page(program, "permissions"))
    assert [(str(api), grant.shown_state) for api, grant in response.context["rows"]] == [("wx.getLocation", "waiting")]
    assert "Renewal. Granted until" in response.content.decode()

    actions.decide(renewal, approve=True, by=make_reviewer(application))
    permission.refresh_from_db()
    assert (permission.state, permission.shown_state, renewal.expires_at) == ("ended", "renewed", None)
    assert allowed(program, application) == (False, ["wx.getLocation"])
    assert verbs(program) == ["permission.requested", "permission.approved", "permission.renewed"]


def test_a_rejected_renewal_leaves_the_grant_until_its_end(
    signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User, permission: ApiPermission
) -> None:
    [renewal] = actions.apply_for_permissions(
        program, application=application, apis=["wx.getLocation"], reason="", by=developer
    )
    actions.decide(renewal, approve=False, by=make_reviewer(application), note="Say what for.")
    response = signed_in(developer).get(page(program, "permissions"))
    assert [grant for _api, grant in response.context["rows"]] == [permission]
    assert allowed(program, application) == (False, ["wx.getLocation"])


def test_what_has_expired_can_be_asked_for_before_the_sweep(
    program: MiniProgram, application: HostApplication, developer: User, permission: ApiPermission
) -> None:
    ends(permission, timezone.now())
    [asked] = actions.apply_for_permissions(
        program, application=application, apis=["wx.getLocation"], reason="", by=developer
    )
    assert asked.renews is None
    assert verbs(program) == ["permission.expired", "permission.requested"]


def test_a_renewal_of_what_has_expired_says_so(
    program: MiniProgram, application: HostApplication, developer: User, permission: ApiPermission
) -> None:
    """The log tells that devices were without it, also when the sweep has not come by."""
    [renewal] = actions.apply_for_permissions(
        program, application=application, apis=["wx.getLocation"], reason="", by=developer
    )
    end = timezone.now()
    ends(permission, end)
    actions.decide(renewal, approve=True, by=make_reviewer(application))
    permission.refresh_from_db()
    assert (permission.shown_state, permission.ended_at) == ("expired", end)
    assert verbs(program) == ["permission.requested", "permission.approved", "permission.expired"]
    assert [text for _user, text in told()][-1] == "Harbour Super App approved: wx.getLocation for City Bus"


def test_lists_leave_out_what_has_expired_before_any_sweep(
    signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User, permission: ApiPermission
) -> None:
    for grant in (permission, make_exemption(program, application)):
        ends(grant, timezone.now())
    client, reviewer = signed_in(developer), make_reviewer(application)

    filters = client.get(page(program, "permissions")).context["filter"]
    assert filters.counts == {"all": 1, "granted": 0, "waiting": 0, "open": 1}
    [row] = client.get("/development/").context["rows"]
    assert (row.exempted, row.exemptions_waiting, row.permitted) == (0, 0, 0)
    granted_url = f"/apps/{application.application_id}/grants/"
    past = signed_in(reviewer).get(granted_url, {"show": "past"})
    assert past.context["filter"].counts == {"now": 0, "past": 2}
    assert {line.decision.shown_state for line in past.context["lines"]} == {"expired"}
    assert "/revoke/" not in past.content.decode()
    assert granted_counts(program.bindings.get()) == {"exemption": 0, "permission": 0}


def test_an_exemption_is_renewed_alike(
    signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User
) -> None:
    old = make_exemption(program, application, reason="Hosts change.", expires_at=timezone.now() + DAY)
    client, url = signed_in(developer), f"{page(program, 'exemptions')}apply/"
    link = f"{url}?application={application.application_id}"
    response = client.get(page(program))
    assert (link in response.content.decode(), "expires in 23 hours" in response.content.decode()) == (True, True)
    assert client.get(link).context["form"].initial == {"application": application.pk, "reason": "Hosts change."}
    client.post(url, {"application": application.pk, "reason": "Hosts change."})
    renewal = DomainExemption.objects.waiting().get()
    assert renewal.renews == old
    assert link not in client.get(page(program)).content.decode()
    until = timezone.now() + 90 * DAY
    actions.decide(renewal, approve=True, until=until, by=make_reviewer(application))
    assert [(grant.shown_state, grant.expires_at) for grant in DomainExemption.objects.order_by("pk")] == [
        ("renewed", old.expires_at),
        ("granted", until),
    ]


@pytest.mark.parametrize("days", [-1, 4000])
def test_an_end_is_later_than_now_and_within_ten_years(
    program: MiniProgram, application: HostApplication, days: int
) -> None:
    grant = make_permission(program, application, state="waiting")
    with pytest.raises(ActionRefused, match="Choose a date"):
        actions.decide(grant, approve=True, until=timezone.now() + days * DAY, by=make_reviewer(application))


def test_home_says_what_ends_soon_until_it_is_asked_for_again(
    signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User, permission: ApiPermission
) -> None:
    client, soon = signed_in(developer), "City Bus will soon lose wx.getLocation"
    assert soon not in client.get("/").content.decode()
    ends(permission, timezone.now() + 6 * DAY)
    assert soon in client.get("/").content.decode()
    actions.apply_for_permissions(
        program, application=application, apis=["wx.getLocation"], reason="Stops nearby.", by=developer
    )
    assert soon not in client.get("/").content.decode()
