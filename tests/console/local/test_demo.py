"""`manage.py demo`: what it prints is there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from console.base.accounts.models import Membership, Notification, Team, User
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ServerRefused
from console.base.hosts.models import PROOF_USES, ApplicationKey, ApplicationMember, HostApplication, SensitiveApi
from console.reviews import reminders
from devmgmt import expiry
from devmgmt.keys.tokens import Caller, authenticate
from devmgmt.logs import volume
from devmgmt.logs.criteria import Criteria
from devmgmt.logs.store import log_store
from devmgmt.models import ApiPermission, DomainExemption, ServerDomain
from devmgmt.states import DomainType
from grayscale.models import GrayscaleTask, ObjectList
from grayscale.presenters.progress import Progress
from grayscale.states import TaskState
from messaging.models import Ban, Gateway, Message, MyTemplate
from messaging.states import MessageState
from miniprograms.models import Binding, MiniProgram
from releases.field.models import SeenDevice
from releases.models import Audit, Report, ReviewDecision, Version
from tests.factories import make_default_apis, make_public_templates

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict]:
    """The demo, made once for all tests here; each of them begins with it, in a transaction of its own."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield seed()
        transaction.set_rollback(True)


def seed() -> dict:
    make_default_apis()
    make_public_templates()
    out = StringIO()
    call_command("demo", "--json", stdout=out)
    return json.loads(out.getvalue())


def test_every_id_is_one_of_what_is_there(seeded):
    members = [member for team in seeded["teams"] for member in team["members"]]
    people = [person for application in seeded["applications"] for person in application["people"]]
    keys = [key for application in seeded["applications"] for key in application["keys"]]
    bindings = [binding for program in seeded["mini_programs"] for binding in program["bindings"]]
    versions = [version for program in seeded["mini_programs"] for version in program["versions"]]
    audits = [audit for program in seeded["mini_programs"] for audit in program["audits"]]
    tasks = [task for program in seeded["mini_programs"] for task in program["grayscale_tasks"]]
    decisions = [decision for audit in audits for decision in audit["decisions"]]

    assert rows(seeded["accounts"], "id", "email") == stored(User.objects.people(), "pk", "email")
    assert rows(seeded["teams"], "id", "name") == stored(Team, "pk", "name")
    assert rows(members, "id", "email", "role") == stored(Membership.objects.people(), "pk", "user__email", "role")
    assert rows(seeded["applications"], "application_id", "team") == stored(
        HostApplication, "application_id", "team__name"
    )
    assert rows(keys, "id", "key") == {(row.pk, row.key) for row in ApplicationKey.objects.all()}
    assert rows(people, "id", "email", "role") == stored(ApplicationMember, "pk", "user__email", "role")
    assert rows(seeded["mini_programs"], "app_id", "team_id") == stored(MiniProgram, "app_id", "team_id")
    assert rows(versions, "id", "sha256", "state") == stored(Version, "pk", "package__sha256", "state")
    assert rows(bindings, "id", "application") == stored(Binding, "pk", "application__name")
    assert rows(audits, "number", "state") == stored(Audit, "number", "state")
    assert rows(tasks, "id", "name", "state") == stored(GrayscaleTask, "pk", "name", "state")
    assert {state for _, _, state in rows(tasks, "id", "name", "state")} == set(TaskState.values)
    assert rows(decisions, "id", "application", "state") == stored(ReviewDecision, "pk", "application__name", "state")

    domains, exemptions, permissions = (
        [one for program in seeded["mini_programs"] for one in program[name]]
        for name in ("server_domains", "exemptions", "interface_permissions")
    )
    apis = [api for application in seeded["applications"] for api in application["apis"]]
    assert rows(domains, "id", "kind", "origin") == {
        (row.pk, row.kind, row.origin) for row in ServerDomain.objects.all()
    }
    assert {kind for _, kind, _ in rows(domains, "id", "kind", "origin")} == set(DomainType.values)
    assert rows(exemptions, "id", "application", "state") == stored(DomainExemption, "pk", "application__name", "state")
    assert {one["state"] for one in exemptions} == {"approved", "waiting"}
    assert rows(permissions, "id", "api", "state") == stored(ApiPermission, "pk", "api", "state")
    assert {one["state"] for one in permissions} == {"approved", "waiting", "rejected", "ended"}
    templates = [template for program in seeded["mini_programs"] for template in program["templates"]]
    assert rows(templates, "template_id", "title", "type") == stored(MyTemplate, "template_id", "title", "kind")
    assert sum(template["messages"] for template in templates) == Message.objects.count() > 100
    assert {state for (state,) in stored(Message, "state")} >= {MessageState.DELIVERED, MessageState.FAILED}
    for name, refused in (("City Bus", None), ("Clinic Booking", None), ("Flower Market", 40243)):
        [program] = [one for one in seeded["mini_programs"] if one["name"] == name]
        assert errcode(program["app_id"], program["app_secret"]) == refused
    proved = {application["name"]: application["proofs_required"] for application in seeded["applications"]}
    assert proved == {"Harbour Super App": [], "Metro Wallet": list(PROOF_USES)}
    assert rows(apis, "id", "name", "restricted") == stored(SensitiveApi, "pk", "name", "restricted")


@pytest.mark.usefixtures("seeded")
def test_gateways_know_how_their_messages_ended():
    for gateway in Gateway.objects.all():
        ended = Message.objects.filter(application=gateway.application, finished_at__isnull=False)
        for state, last in (("delivered", gateway.last_success_at), ("failed", gateway.last_failure_at)):
            assert last == max(ended.filter(state=state).values_list("finished_at", flat=True), default=None)
        assert bool(gateway.last_failure) == bool(gateway.last_failure_at)
    assert Gateway.objects.filter(last_success_at__isnull=False, last_failure_at__isnull=False).exists()


@pytest.mark.usefixtures("seeded")
def test_every_verb_of_the_history_is_recorded_when_it_happens():
    lately = timezone.now() - timedelta(minutes=20)
    moments = [
        (ActivityEntry, "at"),
        (User, "date_joined"),
        (Team, "created_at"),
        (Membership, "since"),
        (HostApplication, "changed_at"),
        (ApplicationMember, "since"),
        (ApplicationKey, "created_at"),
        (Audit, "submitted_at"),
        (ReviewDecision, "requested_at"),
        (Gateway, "changed_at"),
        (MyTemplate, "created_at"),
        (Ban, "created_at"),
        (ObjectList, "uploaded_at"),
        (Report, "requested_at"),
    ]
    for model, column in moments:
        assert model.objects.latest(column).__dict__[column] < lately, (model, column)
    assert {audit.number[:8] for audit in Audit.objects.all()} == {
        f"{timezone.localdate(audit.submitted_at):%Y%m%d}" for audit in Audit.objects.all()
    }


def test_two_days_of_logs_up_to_now(seeded):
    now = timezone.now()
    logged = {program["name"]: count for program in seeded["mini_programs"] if (count := program["log_entries"])}
    assert sum(logged.values()) > 20_000
    for name, count in logged.items():
        criteria = Criteria(MiniProgram.objects.get(name=name).pk, now - timedelta(days=2, hours=1), now)
        hours = log_store().volume(criteria, step=timedelta(hours=1))
        assert sum(bucket.info + bucket.warn + bucket.error for bucket in hours) == count
        assert len(hours) >= 46
        assert sum(bucket.info for bucket in volume.buckets(criteria, timedelta(days=3))) == sum(
            bucket.info for bucket in hours
        )
        assert log_store().latest(replace(criteria, start=now - timedelta(hours=1)))
    bus = Criteria(MiniProgram.objects.get(name="City Bus").pk, now - timedelta(hours=1), now)
    worst = log_store().errors(bus)[0]
    assert worst.error.startswith("TypeError: ")
    assert (worst.version, worst.is_new) == ("2.5.0", True)
    assert worst.devices > 30
    assert log_store().latest(replace(bus, start=now - timedelta(days=2), trace_id="t-0ddba11"))
    entries = log_store().latest(bus, limit=500)
    seen = dict(SeenDevice.objects.filter(mini_program=bus.mini_program).values_list("guid", "application"))
    assert all(seen[entry.guid] == entry.application for entry in entries)
    assert {entry.version for entry in entries} == {"2.4.0", "2.5.0"}


@pytest.mark.usefixtures("seeded")
def test_g_17_strangers_report_in_vain():
    task = GrayscaleTask.objects.select_related("version", "mini_program").get(name="New timetable, first 1,000")
    reports = Progress(task, timezone.now()).reports
    assert reports.devices > 300
    assert reports.left_out >= 14
    assert reports.success > 95


def errcode(app_id: str, secret: str) -> int | None:
    try:
        authenticate(app_id, secret, caller=Caller("192.0.2.1", "/cgi-bin/token"))
    except ServerRefused as refused:
        return refused.errcode
    return None


def rows(printed: list[dict], *names: str) -> set[tuple]:
    return {tuple(row[name] for name in names) for row in printed}


def stored(model: type | QuerySet, *columns: str) -> set[tuple]:
    found = model if isinstance(model, QuerySet) else model.objects.all()
    return set(found.values_list(*columns))


def test_a_robot_can_ask(seeded):
    robot = next(robot for robot in seeded["robots"] if robot["name"] == "dashboard")
    answer = Client(headers={"Authorization": f"Bearer {robot['token']}"}).get("/api/v1/me")
    assert (answer.status_code, answer.json()["team"]["name"]) == (200, robot["team"])


def test_an_account_can_sign_in(seeded):
    account = seeded["accounts"][0]
    response = Client().post(reverse("account_login"), {"login": account["email"], "password": account["password"]})
    assert response.status_code == 302


def test_it_is_seeded_once(seeded):
    with pytest.raises(CommandError, match="already exists"):
        seed()
    assert Team.objects.count() == 3


def test_nobody_is_mailed_in_the_first_minute(seeded):
    """What is overdue or about to expire was reminded of: an evaluator’s terminal stays quiet."""
    at = timezone.now()
    assert (reminders.remind(at=at), expiry.remind(at=at)) == (0, 0)
    assert not Notification.objects.unsent(at=at).exists()
    assert Notification.objects.filter(created_at__gt=at - timedelta(minutes=5)).exists()
