"""Nobody decides what a robot asks for whose token they created: it would be their own request (P-2)."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.api.manage import actions as tokens
from console.api.manage.states import Scope
from console.base.accounts.models import Notification
from console.base.core.errors import ActionRefused
from console.base.hosts.models import ApplicationMember
from console.home import first_application
from console.home.person import Person
from console.reviews import querysets, reminders
from devmgmt import actions as devmgmt
from releases import actions as releases
from releases.models import ReviewDecision
from tests import factories
from tests.console.home.reading import home_of, read

pytestmark = pytest.mark.django_db

WHY_NOT = "A robot whose token you created requested this. Someone else must decide."
APPROVE = {"decision": "approve", "note": ""}


def member_and_reviewer(application, role="admin"):
    person = factories.make_member(application.team, role)
    ApplicationMember.objects.create(application=application, user=person, role="app_admin")
    return person


@pytest.fixture
def application(db):
    return factories.make_application(name="Metro Wallet")


@pytest.fixture
def maker(application):
    """An administrator of the team who also decides for its application, and made the robot."""
    return member_and_reviewer(application)


@pytest.fixture
def other(application):
    """Another administrator of both."""
    return member_and_reviewer(application)


@pytest.fixture
def program(application):
    program = factories.make_program(application.team, name="City Bus")
    factories.make_binding(program, application)
    return program


@pytest.fixture
def made(application, maker):
    return tokens.create_robot(
        application.team, name="release", scopes=["submit", "configure"], program=None, addresses=[], expires_at=None,
        by=maker,
    )  # fmt: skip


@pytest.fixture
def asked(program, made, other):
    """The decision on an audit that the robot submitted with its token."""
    factories.make_version(program, "1.1.0")
    answer = caller(made).post(f"/api/v1/programs/{program.app_id}/versions/1.1.0/submit")
    assert answer.status_code == 200, answer.content
    return ReviewDecision.objects.get(audit__mini_program=program)


def caller(made):
    return Client(headers={"Authorization": f"Bearer {made.secret}"})


def notified(decision, *people):
    rows = Notification.objects.filter(url=decision.get_absolute_url())
    return [rows.filter(user=person).exists() for person in people]


def waiting(user):
    return querysets.count(querysets.waiting_for(user))


def test_its_maker_is_told_why_on_the_page_and_refused(signed_in, asked, maker, other):
    client = signed_in(maker)
    assert client.get(asked.get_absolute_url()).context["why_not"] == WHY_NOT
    answer = client.post(asked.get_absolute_url(), APPROVE)
    assert (answer.status_code, answer.context["form"].non_field_errors()) == (422, [WHY_NOT])

    assert signed_in(other).post(asked.get_absolute_url(), APPROVE).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("approved", other)


def test_its_maker_is_refused_with_a_token_of_their_own(asked, maker):
    own = tokens.create_own(maker, name="laptop", scopes=[Scope.DECIDE], addresses=[], expires_at=None)
    url = f"/api/v1/reviews/audit-{asked.pk}"
    assert caller(own).get(url).json()["why_not"] == WHY_NOT
    answer = caller(own).post(f"{url}/approve", "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (422, WHY_NOT)


def test_it_waits_for_others_alone(signed_in, asked, maker, other):
    assert (waiting(maker), waiting(other)) == (0, 1)
    assert notified(asked, maker, other) == [False, True]

    url = reverse("reviews:list")
    pages = [signed_in(user).get(url, {"show": "all"}).content.decode() for user in (maker, other)]
    assert [re.search(r'text-end">\s*<a class="btn btn-sm"[^>]*>\s*(\w+)', page)[1] for page in pages] == [
        "View",
        "Review",
    ]


def test_its_makers_home_lists_it_with_what_waits_for_others(signed_in, asked, maker, other):
    homes = [home_of(signed_in(user)) for user in (maker, other)]
    assert [[len(read(home[part])) for part in ("waiting", "elsewhere")] for home in homes] == [[0, 1], [1, 0]]


def test_only_others_are_reminded(asked, maker, other):
    ReviewDecision.objects.update(requested_at="2020-01-01T00:00Z", notified_at="2020-01-01T00:00Z")
    Notification.objects.all().delete()
    assert reminders.remind(at=timezone.now()) == 1
    assert notified(asked, maker, other) == [False, True]


def test_who_replaced_the_token_is_a_maker_too(asked, made, maker, other):
    tokens.rotate(made.row, seen=made.row.hint, by=other)
    for user in (maker, other):
        with pytest.raises(ActionRefused, match=WHY_NOT):
            releases.decide(ReviewDecision.objects.get(pk=asked.pk), approve=True, by=user)
        assert waiting(user) == 0


@pytest.fixture
def apis(program, application, made):
    """Two APIs that the robot requests together."""
    names = ["wx.chooseImage", "wx.getLocation"]
    for name in names:
        factories.make_api(application, name)
    return devmgmt.apply_for_permissions(
        program, application=application, apis=names, reason="Stops nearby.", by=made.row.holder
    )


def test_apis_requested_together_are_refused_together(signed_in, apis, maker, other):
    url = apis[0].get_absolute_url()
    assert [signed_in(user).get(url).context["why_not"] for user in (maker, other)] == [WHY_NOT, ""]
    with pytest.raises(ActionRefused, match=WHY_NOT):
        devmgmt.approve_together(apis, by=maker)
    assert len(devmgmt.approve_together(apis, by=other)) == 2


def test_selected_apis_are_without_those_of_ones_robot(signed_in, apis, maker, other):
    url = f"/reviews/permissions/approve/?item={apis[0].pk}"
    assert [len(list(signed_in(user).get(url).context["items"])) for user in (maker, other)] == [0, 1]


def test_a_first_binding_waits_for_others(application, made, maker, other):
    program = factories.make_program(application.team, name="Ferry")
    factories.make_binding(program, application, state="waiting", requested_by=made.row.holder)
    steps = [first_application.of_application(Person(user)).steps[-1] for user in (maker, other)]
    assert [bool(step.url) for step in steps] == [False, True]
