"""Dialogs announce what follows: the very entries that the activity log then has, and nothing before the click."""

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from devmgmt.keys.models import AppSecret
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState
from miniprograms.models import MiniProgram
from releases import actions as releases
from releases.models import Version
from tests import factories
from tests.console.holding import another

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    """1.1.0, approved above 1.0.0, in a task that delivers and one that waits; 1.2.0 is in a task, too."""
    version = factories.make_candidate()
    program = version.mini_program
    factories.make_claim(factories.make_task(version, name="First"))
    factories.make_task(version, name="Second", state="pending")
    factories.make_task(factories.make_approved(program, "1.2.0"), name="Higher")
    application = program.bindings.get().application
    factories.make_permission(program, application)
    factories.make_exemption(program, application, state="waiting")
    submitted = factories.make_version(program, "1.3.0")
    releases.submit(submitted, by=program.created_by)
    return version


def publish(version):
    return reverse("releases:publish", args=[version.mini_program.app_id, version.number]), {"note": ""}


def roll_back(version):
    program = version.mini_program
    releases.publish(version, by=program.created_by)
    return reverse("releases:roll_back", args=[program.app_id]), {"version": Version.objects.get(state="retired").pk}


def take_off_shelf(version):
    return reverse("miniprograms:take_off_shelf", args=[version.mini_program.app_id]), {"note": "Broken"}


def put_on_shelf(version):
    program = version.mini_program
    MiniProgram.objects.filter(pk=program.pk).update(shelf="off")
    return reverse("miniprograms:put_on_shelf", args=[program.app_id]), {"note": ""}


def unbind(version):
    binding = version.mini_program.bindings.get()
    return reverse("miniprograms:unbind", args=[binding.mini_program.app_id, binding.pk]), {"note": ""}


def remove_program(version):
    binding = version.mini_program.bindings.get()
    return reverse("hosts:remove_program", args=[binding.application.application_id, binding.pk]), {"note": "Broken"}


def remove_member(version):
    """Who reviews for an application of the team leaves that, too."""
    team = version.mini_program.team
    reviewer = factories.make_reviewer(factories.make_application(team))
    return reverse("accounts:remove", args=[team.pk, team.memberships.get(user=reviewer).pk]), {"note": ""}


def task(version, name="First"):
    return GrayscaleTask.objects.get(version=version, name=name)


def move(verb, **data):
    """The dialog of one of the moves of the task “First”."""

    def dialog(version):
        program = version.mini_program
        return reverse(f"grayscale:{verb}", args=[program.app_id, task(version).pk]), {"note": "", **data}

    dialog.__name__ = f"{verb}_task"
    return dialog


def start_task(version):
    return reverse("grayscale:start", args=[version.mini_program.app_id, task(version, "Second").pk]), {}


def resume_task(version):
    """What its guardrail has suspended goes on only confirmed, with a reason."""
    GrayscaleTask.objects.filter(name="First").update(state="suspended", state_reason="guardrail")
    url = reverse("grayscale:resume", args=[version.mini_program.app_id, task(version).pk])
    return url, {"note": "Fixed on the server", "anyway": "on"}


def grant(version):
    return version.mini_program.apipermissions.get()


def revoke(version):
    factories.make_api(grant(version).application, grant(version).api, restricted=True)
    args = [grant(version).application.application_id, grant(version).pk]
    return reverse("hosts:revoke_permission", args=args), {"note": "Not needed"}


def give_up(version):
    return reverse("devmgmt:give_up_permission", args=[version.mini_program.app_id, grant(version).pk]), {}


def reset_key(version):
    factories.make_secret(version.mini_program)
    secret = AppSecret.objects.current().get(mini_program=version.mini_program)
    url = reverse("keys:reset", args=[version.mini_program.app_id])
    return url, {"note": "Leaked", "overlap": "0", "seen": str(secret.pk)}


def freeze_key(version):
    factories.make_secret(version.mini_program)
    return reverse("keys:freeze", args=[version.mini_program.app_id]), {"note": "Leaked"}


ALONE = (
    roll_back,
    put_on_shelf,
    suspend_task := move("suspend"),
    end_task := move("end", after="pull_back"),
    start_task,
    resume_task,
    revoke,
    give_up,
    reset_key,
    freeze_key,
)
FOLLOWS = [
    (remove_member, {}),
    (publish, {"grayscale.ended": ["First", "Second"]}),
    (roll_back, {}),
    (take_off_shelf, {"grayscale.suspended": ["First", "Higher"]}),
    (put_on_shelf, {}),
    (unbind, {"grayscale.ended": ["First", "Second", "Higher"]}),
    (remove_program, {}),
    *((dialog, {}) for dialog in ALONE[2:]),
]


def listed(events):
    """What the dialog has of each event: its sentence, or under a heading its name, version, state and devices."""
    for event in events:
        if parts := event.parts():
            yield event.heading(sum(other.name == event.name for other in events))
            yield f"{parts.name} {parts.context} {TaskState(parts.state).label} {parts.extent}"
        else:
            yield event.announced()


def told(events):
    return [(event.name, event.label) for event in events]


def state():
    return (
        list(ActivityEntry.objects.values_list("pk")),
        sorted(GrayscaleTask.objects.values_list("pk", "state", "keeps", "state_since")),
        sorted(Version.objects.values_list("pk", "state")),
        sorted(MiniProgram.objects.values_list("pk", "shelf", "online_number", "changed_at")),
        Notification.objects.count(),
    )


@pytest.mark.parametrize(("dialog", "tasks"), FOLLOWS, ids=[dialog.__name__ for dialog, _tasks in FOLLOWS])
def test_what_is_announced_happens(signed_in, version, dialog, tasks):
    url, data = dialog(version)
    application = version.mini_program.bindings.get().application
    host_side = factories.make_reviewer(application, "app_admin")
    administrator = factories.make_member(version.mini_program.team, "admin")
    who = {
        remove_program: host_side,
        revoke: host_side,
        remove_member: administrator,
        reset_key: administrator,
        freeze_key: administrator,
    }.get(dialog, version.mini_program.created_by)
    client = signed_in(who)
    before = state()
    page = client.get(url)
    # No secret is made to be thrown away: that dialog says that nothing else follows.
    announced = [] if dialog is reset_key else page.context["follows"].events
    assert state() == before
    last = ActivityEntry.objects.order_by("pk").last().pk
    assert client.post(url, data).status_code == (200 if dialog is reset_key else 302)  # its answer is the secret
    entries = list(ActivityEntry.objects.filter(pk__gt=last).order_by("pk"))
    # The host side is notified of the application's business only: tasks and audits are the other team's (P-1).
    all_of_them = dialog is not remove_program
    own = [one for one in entries[1:] if all_of_them or one.application_id == application.application_id]
    assert told(announced) == [(entry.verb, entry.target_label) for entry in own]
    assert announced or dialog in ALONE
    for name, labels in tasks.items():
        assert [event.on.name for event in announced if event.name == name] == labels
    for words in listed(announced):
        assert words in " ".join(strip_tags(page.content.decode()).split())
    if dialog is remove_program:
        assert "First" not in page.content.decode()


def test_it_says_how_much_each_reaches(signed_in, version):
    page = signed_in(version.mini_program.created_by).get(publish(version)[0]).content.decode()
    words = " ".join(strip_tags(page).split())
    ends, continues = words.index("2 grayscale tasks will end"), words.index("1 grayscale task continues")
    for task, place in (("First 1.1.0 Delivering 1 device", ends), ("Second 1.1.0 Pending 0 devices", ends)):
        assert words.index(task) > place
    assert words.count("Higher") == 1
    assert words.index("Higher") > continues


@pytest.mark.django_db(transaction=True)
def test_a_dialog_waits_for_nobody_and_says_that_it_can_not_tell(signed_in, version):
    client = signed_in(version.mini_program.created_by)
    with another() as other:
        other.execute("SELECT FROM miniprograms_miniprogram FOR UPDATE")
        page = client.get(publish(version)[0])
    assert page.status_code == 200
    assert page.context["follows"].events is None
    assert "the console can’t show all effects yet" in page.content.decode()
