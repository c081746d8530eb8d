"""What a license holder sees at home: versions, tasks, agreements, messages, and what others have to decide."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.core.errors import ActionRefused
from grayscale.models import GrayscaleTask
from grayscale.states import Reason
from miniprograms.privacy.models import FoundData
from releases import actions
from releases.actions import publish
from releases.models import Version
from tests.console.home.reading import home_of, read, titles, waits
from tests.factories import (
    join,
    make_agreement,
    make_application,
    make_approved,
    make_audit,
    make_binding,
    make_consent,
    make_exemption,
    make_member,
    make_message,
    make_online,
    make_permission,
    make_program,
    make_program_user,
    make_reviewer,
    make_task,
    make_team,
    make_template,
    make_version,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db):
    """The holder's team."""
    return make_team("City Transport")


@pytest.fixture
def client(team, signed_in):
    """A license holder of the team."""
    return signed_in(make_member(team, "license_holder"))


def reject(program, number="1.0.0", name="Metro Wallet"):
    make_binding(program, make_application(name=name))
    decision = make_audit(program, number).decisions.get()
    actions.decide(decision, approve=False, note="The icon is missing.", by=make_reviewer(decision.application))
    return decision.audit.version


def found_data(program, *types):
    return FoundData.objects.create(
        mini_program=program, version_number="1.0.0", data_types=list(types), found_at=timezone.now()
    )


def test_what_can_be_published(team, client):
    program = make_program(team, "City Bus")
    make_online(program, "1.0.0")
    make_agreement(program)
    version = make_approved(program, "1.1.0")

    assert waits(client) == [
        (
            "City Bus 1.1.0 is ready to publish",
            "Above the online version 1.0.0",
            "approved",
            version.get_absolute_url(),
        )
    ]


def test_nothing_that_can_not_be_published(team, client):
    off, lower = make_program(team), make_program(team)
    make_approved(off)
    make_approved(lower, "1.9.0")
    make_online(lower, "1.10.0")
    make_agreement(lower)
    type(off).objects.filter(pk=off.pk).update(shelf="off")

    assert waits(client) == []
    for version in Version.objects.filter(state="approved").select_related("mini_program"):
        with pytest.raises(ActionRefused):
            publish(version, by=version.mini_program.created_by)


def test_a_rejection_until_a_newer_version_is_there(team, client):
    program = make_program(team, "City Bus")
    version = reject(program)
    assert waits(client) == [
        (
            "City Bus 1.0.0 was rejected",
            "Rejected by Metro Wallet. Upload a new version.",
            "rejected",
            version.get_absolute_url(),
        )
    ]

    make_version(program, "1.0.1")
    assert waits(client) == []


def test_a_task_that_its_guardrail_suspended(team, client):
    program = make_program(team, "City Bus")
    make_online(program)
    program.refresh_from_db()
    make_agreement(program)
    task = make_task(make_approved(program, "1.1.0"), state="suspended", name="First riders")
    assert [title for title in titles(client) if "guardrail" in title] == []

    GrayscaleTask.objects.filter(pk=task.pk).update(state_reason=Reason.GUARDRAIL)
    assert waits(client)[0] == (
        "“First riders” was suspended by its guardrail",
        "Grayscale task of City Bus 1.1.0",
        "suspended",
        task.get_absolute_url(),
    )
    assert [row.task for row in home_of(client)["running"]] == [task]


def test_running_tasks_delivering_and_suspended_only(team, client):
    tasks = {}
    for state in ("pending", "delivering", "suspended", "ended"):
        program = make_program(team)
        make_online(program)
        program.refresh_from_db()
        tasks[state] = make_task(make_approved(program, "1.1.0"), state=state)
    make_task()

    assert [row.task for row in home_of(client)["running"]] == [tasks["suspended"], tasks["delivering"]]


def test_a_program_online_without_an_agreement(team, client):
    program = make_program(team, "City Bus")
    make_program(team, "Not online")
    make_online(program)

    assert waits(client) == [
        (
            "City Bus has no privacy agreement",
            "1.0.0 is online without an agreement",
            "suspended",
            reverse("privacy:agreement", args=[program.app_id]),
        )
    ]
    make_agreement(program)
    assert waits(client) == []


def test_an_agreement_that_leaves_data_out(team, client):
    program = make_program(team, "City Bus")
    make_agreement(program, data=[["camera", "to scan"]])
    make_agreement(program, data=[["location", "to show the next stop"]])
    found_data(program, "camera", "location", "phone_number")
    complete = make_program(team)
    make_agreement(complete)
    found_data(complete, "location")
    found_data(make_program(team), "location")  # Nothing is online, there is nothing to agree to yet.

    assert waits(client) == [
        (
            "City Bus uses data missing from its privacy agreement",
            "Phone number and Camera in 1.0.0",
            "suspended",
            reverse("privacy:agreement", args=[program.app_id]),
        )
    ]
    make_agreement(program, data=[["location", "a"], ["camera", "b"], ["phone_number", "c"]])
    assert waits(client) == []


@pytest.mark.parametrize("data", [{}, "words", [None], [[]], [{"a": 1}], 7])
def test_an_agreement_of_a_strange_shape_declares_nothing(team, client, data):
    program = make_program(team, "City Bus")
    make_agreement(program, data=data)
    found_data(program, "camera")
    assert titles(client) == ["City Bus uses data missing from its privacy agreement"]


def test_failed_messages_of_the_last_days(team, client):
    program, application = make_program(team, "City Bus"), make_application()
    consent = make_consent(make_program_user(program, application), make_template(program), granted=5)
    now = timezone.now()
    for _count in range(2):
        make_message(consent, state="failed")
    make_message(consent, state="failed", accepted_at=now - timedelta(days=8))
    make_message(consent)

    assert waits(client) == [
        (
            "2 messages of City Bus failed",
            "City Transport",
            "failed",
            reverse("messaging:log", args=[program.app_id], query={"state": "failed"}),
        )
    ]
    sent = home_of(client)["sent"]
    assert (sent.delivered, sent.waiting, sent.failed) == (0, 1, 2)


def test_what_applications_have_not_decided(team, client):
    program = make_program(team, "City Bus")
    first, second = make_application(name="Harbour"), make_application(name="Metro")
    for application in (first, second):
        make_binding(program, application)
    audit = make_audit(program)
    actions.decide(audit.decisions.get(application=first), approve=True, by=make_reviewer(first))
    make_binding(program, make_application(name="Island"), state="waiting")
    make_exemption(program, first, state="waiting")
    make_permission(program, second, "wx.getLocation", state="waiting")
    make_exemption(make_program(), first, state="waiting")  # another team's

    assert sorted(read(home_of(client)["elsewhere"])) == sorted(
        [
            (
                "Audit of City Bus 1.0.0",
                "1 of 2 apps approved, waiting for Metro",
                "in_audit",
                reverse("releases:versions", args=[program.app_id]),
            ),
            (
                "Binding of City Bus",
                "Waiting for Island",
                "waiting",
                reverse("miniprograms:detail", args=[program.app_id]),
            ),
            (
                "Skip domain verification for City Bus",
                "Waiting for Harbour",
                "waiting",
                reverse("devmgmt:domains", args=[program.app_id]),
            ),
            (
                "wx.getLocation for City Bus",
                "Waiting for Metro",
                "waiting",
                reverse("devmgmt:permissions", args=[program.app_id], query={"application": second.application_id}),
            ),
        ]
    )


def test_what_the_person_may_decide_is_not_waiting_on_others(team, signed_in):
    program, own = make_program(team, "City Bus"), make_application(name="Harbour")
    holder = make_reviewer(own)
    join(team, holder, "license_holder")
    make_binding(program, own)
    make_audit(program)
    make_exemption(program, own, state="waiting")
    make_permission(program, own, state="waiting")
    home = home_of(signed_in(holder))
    assert len(home["waiting"].shown) == 3
    assert read(home["elsewhere"]) == []

    shared = make_program(team, "City Tram")
    for application in (own, make_application(name="Metro")):
        make_binding(shared, application)
    make_audit(shared)
    make_exemption(shared, own, state="waiting", requested_by=holder)  # nobody decides their own
    assert sorted(line[:2] for line in read(home_of(signed_in(holder))["elsewhere"])) == [
        ("Audit of City Tram 1.0.0", "Waiting for Metro"),
        ("Skip domain verification for City Tram", "Waiting for Harbour"),
    ]


def test_nothing_of_another_team(client):
    program = make_program()
    reject(program)
    make_online(make_program())
    found_data(program, "camera")
    make_approved(make_program())
    make_audit(make_program())
    make_task(state="suspended")
    consent = make_consent(make_program_user(program, make_application()), make_template(program))
    make_message(consent, state="failed")

    context = home_of(client)
    assert read(context["waiting"]) == read(context["elsewhere"]) == []
    assert list(context["running"]) == list(context["entries"]) == []
    assert context["sent"].accepted == 0
