"""What the dialogs of publish and roll back say of devices, the offline package and errors (V-12, V-13, O-2, G-13)."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from grayscale.guardrail import Guardrail, Seen
from grayscale.models import GrayscaleTask
from releases import actions
from releases.field.errors import Figures, percent
from releases.field.models import UpdateReport
from releases.offline import actions as offline
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def version():
    return factories.make_candidate()


def words_of(answer):
    return " ".join(strip_tags(answer.content.decode()).split())


def publish(client, version):
    return client.get(reverse("releases:publish", args=[version.mini_program.app_id, version.number]))


def report(version, guids, *, failed=0):
    application = version.mini_program.bindings.bound().applications().first()
    UpdateReport.objects.bulk_create(
        UpdateReport(
            version=version,
            guid=guid,
            application=application,
            result="failed" if number < failed else "installed",
            reported_at=timezone.now() - timedelta(minutes=5),
        )
        for number, guid in enumerate(guids)
    )


def test_devices_and_the_offline_package(signed_in, version):
    program, by = version.mini_program, version.mini_program.created_by
    application = program.bindings.bound().applications().first()
    offline.download(program, application=application, by=by)[1].close()
    report(version, factories.make_seen(program, 7)[:2])
    words = words_of(publish(signed_in(by), version))
    assert "5 devices get 1.1.0 2 have it already" in words
    assert f"{application} 2 have it 5" in words
    assert f"{program.app_id}_1.1.0.apkg replaces the package of 1.0.0" in words
    assert f"{application} downloaded 1.0.0 as a preset. Those devices update when they are online." in words
    assert "1.0.0 → 1.1.0 on devices of 1 app, at their next start" in words
    assert "You can roll back to 1.0.0 once." in words


def test_what_is_not_known_is_said_to_be_unknown(signed_in, version):
    words = words_of(publish(signed_in(version.mini_program.created_by), version))
    assert "unknown" in words
    assert "No device of this app requested the mini program in the last 30 days." in words
    assert "Unknown: no device has 1.1.0 yet." in words
    assert "0 devices" not in words


def test_errors_beside_the_online_version_the_limit_and_how_many_would_meet_them(signed_in, version):
    program = version.mini_program
    task = factories.make_task(version, guardrail=Guardrail(rate=2, devices=100))
    seen = Seen(since="", ours=Figures(1204, 37), online=Figures(9000, 81), number="1.0.0")
    GrayscaleTask.objects.filter(pk=task.pk).update(guard_seen=seen.plain(), guard_looked_at=timezone.now())
    factories.make_seen(program, 100)
    factories.make_entries(program, 2, level=8, version="1.1.0", text="TypeError: eta")
    answer = publish(signed_in(program.created_by), version)
    words = words_of(answer)
    assert "1.1.0 3.07 % 1.0.0 0.9 %" in words
    assert "Likely 2.2–4.2 %, based on 1,204 devices. 1.0.0: based on 9,000 devices. Limit 2 %." in words
    assert "Publish anyway. I know that about 3 devices would have errors." in words
    assert "2 of 2 errors in the log are the same: TypeError: eta" in words
    assert 'class="rate-limit"' in answer.content.decode()


def test_without_a_guardrail_the_figures_are_read_now(signed_in, version):
    factories.make_task(version)
    words = words_of(publish(signed_in(version.mini_program.created_by), version))
    assert "No device in this comparison sent a report or log from this version in that time." in words
    cache.clear()
    task = GrayscaleTask.objects.get()
    devices = [factories.make_device() for _ in range(3)]
    assert all(factories.make_claim(task, guid=device.guid) for device in devices)
    report(version, [device.guid for device in devices], failed=1)
    words = words_of(publish(signed_in(version.mini_program.created_by), version))
    assert "1.1.0 33.3 %" in words
    assert "No guardrail watches this version, so it has no limit. Likely 6.1–79.2 %, based on 3 devices." in words


def test_a_roll_back_tells_of_the_release_that_is_chosen(signed_in, version):
    program, by = version.mini_program, version.mini_program.created_by
    actions.publish(version, by=by)
    third = factories.make_approved(program, "1.2.0")
    actions.publish(third, by=by)
    report(third, factories.make_seen(program, 4), failed=1)
    client, url = signed_in(by), reverse("releases:roll_back", args=[program.app_id])
    assert "1.2.0 → 1.1.0 on devices of 1 app" in words_of(client.get(url))
    first = program.versions.numbered("1.0.0").get()
    answer = client.get(url, {"version": first.pk})
    words = words_of(answer)
    assert "1.2.0 → 1.0.0 on devices of 1 app" in words
    assert "4 devices get 1.0.0 0 have it already" in words
    assert "1.2.0 25 %" in words
    assert answer.context["follows"].events == []
    for wrong in ("x", "0", "9" * 30, str(third.pk)):
        assert "1.2.0 → 1.1.0" in words_of(client.get(url, {"version": wrong}))


def test_a_publish_names_the_tasks_of_higher_versions_and_leaves_their_devices_out(signed_in, version):
    program = version.mini_program
    task = factories.make_task(factories.make_approved(program, "2.0.0"))
    factories.make_task(version)
    seen = factories.make_seen(program, 5)
    assert all(factories.make_claim(task, guid=guid) for guid in seen[:3])
    report(version, seen[2:4])
    words = words_of(publish(signed_in(program.created_by), version))
    assert "1 device gets 1.1.0 1 has it already" in words
    assert f"1 grayscale task continues {task} 2.0.0 Delivering 3 devices" in words
    assert "Devices enrolled there keep getting the higher version." in words


def test_a_publish_over_nothing_but_enrolled_devices_reaches_none(signed_in, version):
    program = version.mini_program
    task = factories.make_task(factories.make_approved(program, "2.0.0"))
    assert all(factories.make_claim(task, guid=guid) for guid in factories.make_seen(program, 3))
    words = words_of(publish(signed_in(program.created_by), version))
    assert "0 devices get 1.1.0 0 have it already" in words
    assert "unknown" not in words


def test_a_roll_back_names_the_tasks_that_it_does_not_end(signed_in, version):
    program, by = version.mini_program, version.mini_program.created_by
    actions.publish(version, by=by)
    third = factories.make_approved(program, "3.0.0")
    older = factories.make_task(third, state="suspended")
    newer = factories.make_task(third, state="pending")
    factories.make_task(third, state="ended")
    assert not factories.make_claim(older)
    words = words_of(signed_in(by).get(reverse("releases:roll_back", args=[program.app_id])))
    assert "1.1.0 → 1.0.0 on devices of 1 app" in words
    assert f"2 grayscale tasks continue {newer} 3.0.0 Pending 0 devices {older} 3.0.0 Suspended 0 devices" in words
    assert "Every device" not in words


def test_without_a_task_of_a_higher_version_nothing_continues(signed_in, version):
    factories.make_task(version)
    factories.make_task(factories.make_candidate("9.0.0"))
    answer = publish(signed_in(version.mini_program.created_by), version)
    assert answer.context["consequences"].tasks == []
    assert "Devices enrolled there" not in words_of(answer)


@pytest.mark.parametrize(
    ("devices", "bad", "likely"),
    [(1204, 37, (2.2, 4.2)), (10, 0, (0.0, 27.8)), (10, 10, (72.2, 100.0)), (0, 0, (0.0, 100.0))],
)
def test_the_likely_range(devices, bad, likely):
    """Wilson's interval, to one decimal, as published tables have it."""
    assert tuple(round(end, 1) for end in Figures(devices, bad).likely) == likely


def test_percentages():
    assert [percent(rate) for rate in (None, 0, 0.254, 9.999, 12.345, 100)] == [
        "–",
        "0 %",
        "0.25 %",
        "10 %",
        "12.3 %",
        "100 %",
    ]
