"""Skip domain verification, from the developers' side (D-2), and what the end of a binding does to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from console.base.accounts.models import Notification, User
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from devmgmt import actions
from devmgmt.models import DomainExemption
from devmgmt.states import SHOWN_PAST
from miniprograms import actions as programs
from miniprograms.models import MiniProgram
from tests.devmgmt.granting import at_once, move_url, page, told, verbs
from tests.factories import (
    make_application,
    make_binding,
    make_exemption,
    make_member,
    make_permission,
    make_program,
    make_reviewer,
)

SignIn = Callable[[User], Client]
WHY = "Tile servers change every week."


# Apply --------------------------------------------------------------------------------------------------------------


def test_applies(signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User) -> None:
    Notification.objects.all().delete()
    url, typed = f"{page(program, 'exemptions')}apply/", {"application": application.pk, "reason": WHY}

    response = signed_in(developer).post(url, typed)
    exemption = DomainExemption.objects.get()

    assert (response.status_code, response.url) == (302, page(program))
    assert (exemption.mini_program, exemption.application, exemption.reason) == (program, application, WHY)
    assert (exemption.state, exemption.requested_by) == (DecisionState.WAITING, developer)
    assert verbs(program) == ["exemption.requested"]
    assert told() == [row.user for row in application.people.all()]


def test_offers_the_bound_that_were_not_asked(
    signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User
) -> None:
    granting, asked, refusing = (make_binding(program).application for _ in range(3))
    make_exemption(program, granting)
    make_exemption(program, asked, state="waiting")
    make_exemption(program, refusing, state="rejected")
    make_binding(program, state="waiting")
    make_binding(program, state="ended")

    form = signed_in(developer).get(f"{page(program, 'exemptions')}apply/").context["form"]

    assert set(form.fields["application"].queryset) == {application, refusing}


def test_refuses_what_it_does_not_offer(signed_in: SignIn, program: MiniProgram, developer: User) -> None:
    client, url = signed_in(developer), f"{page(program, 'exemptions')}apply/"
    asked = make_binding(program).application
    make_exemption(program, asked, state="waiting")

    for choice in (asked.pk, make_application().pk, 10**30, "\x00", ""):
        response = client.post(url, {"application": choice, "reason": WHY})
        assert (response.status_code, [*response.context["form"].errors]) == (422, ["application"])
    assert DomainExemption.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 501, "a\x00b"])
def test_needs_a_reason(
    signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User, reason: str
) -> None:
    url = f"{page(program, 'exemptions')}apply/"

    response = signed_in(developer).post(url, {"application": application.pk, "reason": reason})

    assert (response.status_code, [*response.context["form"].errors]) == (422, ["reason"])
    assert not DomainExemption.objects.exists()


def test_the_verb_asks_bound_applications_once(program: MiniProgram, application: HostApplication) -> None:
    by = program.created_by
    actions.apply_for_exemption(program, application=application, reason=WHY, by=by)

    with pytest.raises(ActionRefused, match="Already requested from"):
        actions.apply_for_exemption(program, application=application, reason=WHY, by=by)
    with pytest.raises(ActionRefused, match="isn’t bound to"):
        actions.apply_for_exemption(program, application=make_application(), reason=WHY, by=by)
    assert verbs(program) == ["exemption.requested"]


def test_a_link_with_a_nul_names_no_application(signed_in: SignIn, program: MiniProgram, developer: User) -> None:
    response = signed_in(developer).get(f"{page(program, 'exemptions')}apply/?application=%00")
    assert (response.status_code, response.context["form"].initial) == (200, {})


@pytest.mark.django_db(transaction=True)
def test_applying_at_once_makes_one(program: MiniProgram, application: HostApplication) -> None:
    def apply() -> None:
        actions.apply_for_exemption(program, application=application, reason=WHY, by=program.created_by)

    refusals = at_once(apply, apply)

    assert sorted(map(bool, refusals)) == [False, True]
    assert (DomainExemption.objects.count(), verbs(program)) == (1, ["exemption.requested"])


@pytest.mark.django_db(transaction=True)
def test_nothing_is_asked_of_an_application_that_is_being_unbound(
    program: MiniProgram, application: HostApplication
) -> None:
    binding = program.bindings.get()

    at_once(
        lambda: actions.apply_for_exemption(program, application=application, reason=WHY, by=program.created_by),
        lambda: programs.unbind(binding, by=program.created_by),
    )

    assert not DomainExemption.objects.live().exists()
    assert verbs(program) in ([], ["exemption.requested", "exemption.withdrawn"])


# The end of a binding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["program", "application"])
def test_the_end_of_a_binding_ends_what_hangs_on_it(
    program: MiniProgram, application: HostApplication, side: str
) -> None:
    other = make_binding(program).application
    granted = [make_exemption(program, application), make_permission(program, application, "wx.getLocation")]
    waiting = make_permission(program, application, "wx.chooseImage", state="waiting")
    old = make_permission(program, application, "wx.scanCode", state="rejected")
    untouched = [make_exemption(program, other), make_exemption(make_program(), application)]
    binding = program.bindings.get(application=application)

    if side == "program":
        programs.unbind(binding, by=(by := program.created_by), reason="We move on.")
    else:
        programs.remove_from_application(binding, by=(by := make_reviewer(application)), reason="Malware.")
    rows = [*granted, waiting, old, *untouched]
    for row in rows:
        row.refresh_from_db()

    assert [row.state for row in rows] == [
        "ended",
        "ended",
        "withdrawn",
        "rejected",
        "approved",
        "approved",
    ]
    assert [row.ended_by for row in granted] == [by, by]
    verb, shown, reason = ("given_up", "ended", "") if side == "program" else ("revoked", "revoked", "Malware.")
    assert sorted(verbs(program)) == [f"exemption.{verb}", f"permission.{verb}", "permission.withdrawn"]
    assert [(row.shown_state, row.end_reason) for row in granted] == [(shown, reason)] * 2
    entries = ActivityEntry.objects.of_program(program.app_id).filter(verb__endswith=verb)
    assert [entry.reason for entry in entries] == [reason] * 2
    program.refresh_from_db()
    assert program.last_change == ("binding.ended" if side == "program" else "binding.removed")


# The page -----------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_lives_and_what_is_past(
    signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User
) -> None:
    rejected = make_exemption(program, application, state="rejected", note="Use <b>one</b> host.")
    live = make_exemption(program, application, reason=WHY)

    response = signed_in(developer).get(page(program))
    text = response.content.decode()

    assert (list(response.context["exemptions"]), list(response.context["past_exemptions"])) == ([live], [rejected])
    assert "Use &lt;b&gt;one&lt;/b&gt; host." in text
    assert move_url(live, "give-up") in text
    assert "Every bound host app has already received a request or granted it." in text


def test_a_long_past_is_cut(
    signed_in: SignIn, program: MiniProgram, application: HostApplication, developer: User
) -> None:
    past = [make_exemption(program, application, state="withdrawn") for _ in range(SHOWN_PAST + 2)]

    response = signed_in(developer).get(page(program))

    assert list(response.context["past_exemptions"]) == past[:1:-1]
    assert [words in response.content.decode() for words in ("Past requests (52)", "Newest 50 of 52.")] == [True, True]


def test_the_page_says_why_nothing_can_be_asked(signed_in: SignIn, program: MiniProgram, developer: User) -> None:
    assert "No host app is bound." in signed_in(developer).get(page(program)).content.decode()
    asked = make_binding(program, state="waiting").application
    words = f"Waiting for {asked} to decide on the binding."
    assert words in signed_in(developer).get(page(program)).content.decode()


def test_a_viewer_only_looks(signed_in: SignIn, program: MiniProgram, application: HostApplication) -> None:
    exemption = make_exemption(program, application, state="waiting")
    client = signed_in(make_member(program.team, "viewer"))

    text = client.get(page(program)).content.decode()

    assert "Team administrators, license holders and developers of" in text
    assert move_url(exemption, "withdraw") not in text
    for url in (move_url(exemption, "withdraw"), f"{page(program, 'exemptions')}apply/"):
        assert [client.get(url).status_code, client.post(url).status_code] == [403, 403]
