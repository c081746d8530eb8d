"""What developers, viewers, team administrators, operators and strangers see at home; and what it costs."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.actions import invite
from console.base.accounts.models import Invitation
from console.base.hosts.models import ApplicationMember
from console.home.lines import SHOWN
from devmgmt.keys.models import AppSecret
from miniprograms.models import IdeDownload
from releases import actions
from releases.models import Report, SettledFinding
from tests.console.home.reading import home_of, read, titles, waits
from tests.factories import (
    join,
    make_agreement,
    make_application,
    make_approved,
    make_audit,
    make_binding,
    make_exemption,
    make_member,
    make_online,
    make_program,
    make_public_templates,
    make_reviewer,
    make_secret,
    make_settled,
    make_task,
    make_team,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db):
    """A team."""
    return make_team("City Transport")


@pytest.fixture
def developer(team):
    """A developer of it."""
    return make_member(team, "developer")


def make_report(version, content=None, **fields):
    """A report; with content it is written."""
    fields |= {"written_at": timezone.now()} if content is not None else {}
    now = timezone.now()
    return Report.objects.create(
        version=version, requested_by=version.uploaded_by, requested_at=now, content=content, **fields
    )


# Developers -------------------------------------------------------------------------------------------------------


def test_a_developer_sees_findings_in_the_newest_own_upload(team, developer, signed_in):
    client = signed_in(developer)
    program = make_program(team, "City Bus")
    version = make_version(program, "1.0.0", by=developer)
    make_report(version)
    assert waits(client) == []  # It is being written.

    make_report(
        version,
        {
            "secrets": [{"kind": "aws"}, {"kind": "own"}],
            "domains": [{"configured": ["request"]}, {"configured": []}],
            "apis": [{"standing": {"ha1": "granted", "ha2": "restricted"}}, {"standing": {"ha1": "public"}}],
            "data": [{"declared": True}, {"declared": False}],
        },
    )
    assert waits(client) == [
        (
            "Check City Bus 1.0.0 before you submit it",
            "2 secrets in the code, 1 domain not configured, 1 API not granted, 1 data type not declared",
            "suspended",
            reverse("releases:report", args=[program.app_id, "1.0.0"]),
        )
    ]

    make_report(version, {"secrets": [], "domains": [], "apis": [], "data": []})
    assert waits(client) == []  # The newest one counts.
    make_report(version, failed=True)
    assert [context for _title, context, *_rest in waits(client)] == ["Report failed"]
    make_version(program, "1.0.1", by=developer)
    assert waits(client) == []


def test_what_is_settled_and_keys_of_maps_are_no_findings(team, developer, signed_in):
    client = signed_in(developer)
    program = make_program(team, "City Bus")
    version = make_version(program, "1.0.0", by=developer)
    secrets = [{"kind": "map_key", "sha256": "c"}, {"kind": "own", "sha256": "a"}, {"kind": "own", "sha256": "b"}]
    make_report(version, {"secrets": secrets})
    make_settled(program, "a")
    make_settled(make_program(team), "b")
    assert [context for _title, context, *_rest in waits(client)] == ["1 secret in the code"]
    make_settled(program, "b", until=date(2020, 1, 1))
    assert [context for _title, context, *_rest in waits(client)] == ["1 secret in the code"]
    SettledFinding.objects.filter(mini_program=program).update(until=None)
    assert waits(client) == []


@pytest.mark.parametrize("content", [{}, [], "words", 3, {"secrets": 1, "domains": "x", "apis": {"standing": 3}}])
def test_a_report_of_a_strange_shape_is_no_error(team, developer, signed_in, content):
    make_report(make_version(make_program(team), by=developer), content)
    home_of(signed_in(developer))


def test_a_developer_sees_own_rejections_and_submissions_only(team, developer, signed_in):
    client = signed_in(developer)
    mine, others = make_program(team, "City Bus"), make_program(team, "City Tram")
    for program, by in ((mine, developer), (others, others.created_by)):
        audit = make_audit(program, by=by)
        make_exemption(program, make_application(name=f"Wallet {program}"), state="waiting", requested_by=by)
        assert audit.submitted_by == by
    assert sorted(title for title, *_rest in read(home_of(client)["elsewhere"])) == [
        "Audit of City Bus 1.0.0",
        "Skip domain verification for City Bus",
    ]
    for program in (mine, others):
        decision = program.audits.get().decisions.get()
        actions.decide(decision, approve=False, note="No.", by=make_reviewer(decision.application))
    assert titles(client) == ["City Bus 1.0.0 was rejected"]


def test_a_developer_may_not_publish(team, developer, signed_in):
    make_approved(make_program(team))
    assert waits(signed_in(developer)) == []


# Viewers and strangers ----------------------------------------------------------------------------------------------


def test_a_viewer_sees_what_runs_and_nothing_to_do(team, signed_in):
    program = make_program(team)
    make_online(program)
    program.refresh_from_db()
    task = make_task(make_approved(program, "1.1.0"))
    make_audit(program, "1.2.0")
    make_secret(program, frozen_at=timezone.now())

    client = signed_in(make_member(team, "viewer"))
    context = home_of(client)
    assert read(context["waiting"]) == read(context["elsewhere"]) == []
    assert [row.task for row in context["running"]] == [task]
    assert "Others take care of the tasks" in client.get(reverse("home")).content.decode()


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("admin", "Versions to publish, rejections"),
        ("license_holder", "Versions to publish, rejections"),
        ("developer", "Your rejected versions"),
        ("viewer", "Others take care of the tasks"),
    ],
)
def test_nothing_waits_in_words_for_each_role(team, signed_in, role, words):
    program = make_program(team)
    make_online(program)
    make_agreement(program)
    page = signed_in(make_member(team, role)).get(reverse("home")).content.decode()
    assert "Nothing needs your attention" in page
    assert words in page


@pytest.mark.parametrize(("role", "reason"), [("license_holder", ""), ("developer", "Only ")])
def test_home_always_shows_how_to_create(team, signed_in, role, reason):
    page = signed_in(make_member(team, role)).get(reverse("home"))
    assert page.context["why_not_create"].startswith(reason)
    assert bool(page.context["why_not_create"]) == bool(reason)
    assert "Create mini program" in page.content.decode()


def test_somebody_without_a_team_is_greeted(signed_in):
    page = signed_in(make_user("Mira Lund")).get(reverse("home")).content.decode()
    assert "Mira" in page
    assert "You aren’t in a team yet" in page
    assert "/platform/" not in page


def test_an_operator_without_a_team_sees_what_is_empty(signed_in):
    make_public_templates()
    operator = make_user("Olga Perez", is_staff=True)
    client = signed_in(operator)
    assert home_of(client)["holdings"] == []  # The list of what to set up comes first.
    team = make_team(admin=make_user())
    invite(team, email="lena@example.com", role="viewer", by=operator)
    Invitation.objects.update(emailed_at=timezone.now())
    IdeDownload.objects.create(
        version="2.1.0", platform="macos", url="https://ide.example", released_on=date(2026, 1, 1)
    )
    holdings = {holding.label: holding for holding in home_of(client)["holdings"]}

    assert [str(label) for label in holdings] == [
        "Teams",
        "Categories",
        "Template library",
        "Sensitive APIs",
        "IDE downloads",
    ]
    assert (holdings["Teams"].count, holdings["IDE downloads"].count) == (1, 1)
    page = client.get(reverse("home")).content.decode()
    assert "/admin/" not in page
    assert all(client.get(holding.url).status_code == 200 for holding in holdings.values())


def test_an_operator_with_a_team_sees_its_work(team, signed_in):
    operator = make_user(is_staff=True)
    join(team, operator, "license_holder")
    make_approved(make_program(team, "City Bus"))
    context = home_of(signed_in(operator))
    assert context["holdings"] == []
    assert [line.title for line in context["waiting"].shown] == ["City Bus 1.0.0 is ready to publish"]


# Team administrators ------------------------------------------------------------------------------------------------


def test_a_team_administrator_sees_secrets_and_invitations(team, signed_in):
    admin = make_member(team, "admin")
    program = make_program(team, "City Bus")
    now = timezone.now()
    make_secret(program, frozen_at=now)
    make_secret(program, ends_at=now + timedelta(hours=5))
    make_secret(program, ends_at=now - timedelta(hours=5))
    soon = invite(team, email="soon@example.com", role="viewer", by=admin)
    over = invite(team, email="over@example.com", role="viewer", by=admin)
    for invitation, hours in ((soon, 3), (over, -3)):
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=now + timedelta(hours=hours))
    invite(team, email="later@example.com", role="viewer", by=admin)
    old = AppSecret.objects.get(ends_at__gt=now)

    client = signed_in(admin)
    assert sorted(titles(client)) == sorted(
        [
            "The secret of City Bus is frozen",
            f"The old secret …{old.hint} of City Bus still works",
            "soon@example.com has not joined City Transport",
            "over@example.com has not joined City Transport",
        ]
    )
    contexts = {title: context for title, context, *_rest in waits(client)}
    assert contexts["soon@example.com has not joined City Transport"].startswith("The invitation expires on ")
    assert contexts["over@example.com has not joined City Transport"].startswith("The invitation expired on ")
    assert titles(signed_in(make_member(team, "license_holder"))) == []
    assert titles(signed_in(make_member(make_team(), "admin"))) == []


# Cost ---------------------------------------------------------------------------------------------------------------


def fill(team, application, person):
    """Add one of nearly everything that can wait."""
    program = make_program(team)
    make_online(program)
    program.refresh_from_db()
    make_task(make_approved(program, "1.1.0"))
    make_secret(program, frozen_at=timezone.now())
    make_report(make_version(program, "1.2.0", by=person), failed=True)
    for maker in (make_binding, make_exemption):
        maker(make_program(), application, state="waiting")
        maker(program, make_application(), state="waiting")
    audited = make_program()
    make_binding(audited, application)
    make_audit(audited)
    make_agreement(audited)
    invite(team, email=f"{program.app_id}@example.com", role="viewer", by=person)
    Invitation.objects.update(expires_at=timezone.now() + timedelta(hours=1))


def test_the_queries_are_the_same_for_one_and_three(team, signed_in):
    admin = make_member(team, "admin")
    application = make_application(team)
    ApplicationMember.objects.create(application=application, user=admin, role="app_admin")
    client = signed_in(admin)
    counts = []
    for more in (1, 2):
        for _count in range(more):
            fill(team, application, admin)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            context = home_of(client)
        counts.append(len(queries))
    assert counts == [23, 23]
    assert len(context["waiting"].shown) == SHOWN


def test_a_viewer_costs_less(team, signed_in, django_assert_max_num_queries):
    client = signed_in(make_member(team, "viewer"))
    with django_assert_max_num_queries(14):
        home_of(client)
