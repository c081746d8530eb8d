"""What reviewers and application administrators see at home: requests in line, and applications in trouble."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.models import Membership
from console.base.core.outbox.retrying import OPENS_AT
from console.home.rows import EACH
from messaging.models import Gateway
from tests.console.home.reading import home_of, titles, waits
from tests.factories import (
    make_application,
    make_audit,
    make_binding,
    make_exemption,
    make_gateway,
    make_permission,
    make_program,
    make_reviewer,
    make_team,
    make_template,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def application(db):
    """An application in good order."""
    return make_application(name="Metro Wallet")


def test_every_kind_of_request_the_late_ones_first(application, signed_in):
    client = signed_in(make_reviewer(application))
    program = make_program(make_team("City Transport"), "City Bus")
    now = timezone.now()
    binding = make_binding(program, application, state="waiting", requested_at=now - timedelta(hours=3))
    exemption = make_exemption(program, application, state="waiting", requested_at=now - timedelta(hours=2))
    permission = make_permission(program, application, state="waiting", requested_at=now - timedelta(hours=1))
    late = now - timedelta(hours=settings.DECISION_OVERDUE_HOURS + 3, minutes=5)
    audited = make_program(make_team("Island Lines"), "Island Ferry")
    make_binding(audited, application)
    decision = make_audit(audited, "1.12.0").decisions.get()
    type(decision).objects.filter(pk=decision.pk).update(requested_at=late)

    assert waits(client) == [
        (
            "Island Ferry 1.12.0 needs your decision",
            "Version audit for Metro Wallet, from Island Lines",
            "overdue",
            decision.get_absolute_url(),
        ),
        (
            "City Bus requests a binding",
            "Binding to Metro Wallet, from City Transport",
            "waiting",
            binding.get_absolute_url(),
        ),
        (
            "City Bus requests to skip domain verification",
            "Domain verification in Metro Wallet, from City Transport",
            "waiting",
            exemption.get_absolute_url(),
        ),
        (
            "City Bus requests wx.getLocation",
            "Interface permission in Metro Wallet, from City Transport",
            "waiting",
            permission.get_absolute_url(),
        ),
    ]
    assert home_of(client)["waiting"].shown[0].label == f"Overdue, waiting {settings.DECISION_OVERDUE_HOURS + 3} h"


def test_the_oldest_of_many_and_how_many_more(application, signed_in):
    client = signed_in(make_reviewer(application))
    now = timezone.now()
    for hours in range(EACH + 2):
        make_binding(
            make_program(name=f"Asked {hours} h ago"),
            application,
            state="waiting",
            requested_at=now - timedelta(hours=hours),
        )

    waiting = home_of(client)["waiting"]
    assert [line.title for line in waiting.shown] == [
        f"Asked {hours} h ago requests a binding" for hours in range(EACH + 1, 1, -1)
    ]
    assert [(more.words, more.kind.list_url) for more in waiting.more] == [
        ("2 more bindings to decide", reverse("reviews:list"))
    ]
    assert waiting.total == EACH + 2
    page = client.get(reverse("home")).content.decode()
    assert f'<span class="badge bg-blue-lt">{EACH + 2}</span>' in page
    assert "2 more bindings to decide" in page


def test_nothing_that_i_asked_for_myself_nor_of_another_application(application, signed_in):
    reviewer = make_reviewer(application)
    make_binding(make_program(), application, state="waiting", requested_by=reviewer)
    make_binding(make_program(), state="waiting")
    assert waits(signed_in(reviewer)) == []


def test_nothing_for_who_has_left_the_team(application, signed_in):
    reviewer = make_reviewer(application)
    make_binding(make_program(), application, state="waiting")
    client = signed_in(reviewer)
    assert len(waits(client)) == 1

    Membership.objects.filter(user=reviewer).delete()
    assert waits(client) == []


@pytest.mark.parametrize(("role", "seen"), [("app_admin", True), ("reviewer", False)])
def test_an_application_without_a_gateway(application, signed_in, role, seen):
    client = signed_in(make_reviewer(application, role))
    program = make_program()
    make_binding(program, application)
    assert waits(client) == []

    make_template(program)
    expected = [
        (
            "Metro Wallet has no message gateway",
            "Its mini programs have templates, but nothing can be delivered",
            "suspended",
            reverse("hosts:gateway", args=[application.application_id]),
        )
    ]
    assert waits(client) == (expected if seen else [])
    make_gateway(application)
    assert waits(client) == []


@pytest.mark.parametrize(("role", "seen"), [("app_admin", True), ("reviewer", False)])
def test_a_gateway_that_fails(application, signed_in, role, seen):
    client = signed_in(make_reviewer(application, role))
    make_gateway(application)
    failure = {"last_failure": "503 Service Unavailable", "last_failure_at": timezone.now()}
    Gateway.objects.update(failures=OPENS_AT - 1, **failure)
    assert waits(client) == []

    Gateway.objects.update(failures=OPENS_AT)
    expected = [
        (
            "The gateway of Metro Wallet is failing",
            "Its answer: “503 Service Unavailable”",
            "failed",
            reverse("hosts:gateway", args=[application.application_id]),
        )
    ]
    assert waits(client) == (expected if seen else [])


def test_an_application_whose_keys_are_all_revoked(application, signed_in):
    client = signed_in(make_reviewer(application, "app_admin"))
    other = make_application(name="Elsewhere")
    for each in (application, other):
        each.keys.update(revoked_at=timezone.now())
    assert waits(client) == []  # It serves nothing.

    for each in (application, other):
        make_binding(make_program(), each)
    assert waits(client) == [
        (
            "Metro Wallet has no device key",
            "All keys are revoked: its devices get nothing",
            "suspended",
            application.get_absolute_url(),
        )
    ]
    assert titles(signed_in(make_reviewer(application))) == []
