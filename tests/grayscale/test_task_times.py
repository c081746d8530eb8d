"""The times of a task by the clocks of several people (P-9)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from grayscale.models import GrayscaleTask
from tests import factories
from tests.grayscale.pages import typed

pytestmark = pytest.mark.django_db
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
TYPED = "%Y-%m-%dT%H:%M"


def test_who_edits_in_another_zone_sees_the_same_moments_and_changes_none(signed_in, version):
    program, clients = version.mini_program, []
    for zone in (SHANGHAI, NEW_YORK):
        person = factories.make_user(time_zone=zone.key)
        factories.join(program.team, person, "admin")
        clients.append(signed_in(person))
    here, there = clients
    tomorrow = timezone.localtime(timezone.now() + timedelta(days=1), SHANGHAI)
    starts = tomorrow.replace(hour=9, minute=0, second=0, microsecond=0)
    ends = starts + timedelta(days=3)
    times = {"starts_at": f"{starts:{TYPED}}", "ends_at": f"{ends:{TYPED}}"}
    here.post(reverse("grayscale:create", args=[program.app_id]), typed(version, **times))
    task = GrayscaleTask.objects.get()
    assert (task.starts_at, task.ends_at) == (starts, ends)

    url = reverse("grayscale:edit", args=[program.app_id, task.pk])
    page = there.get(url).content.decode()
    local = starts.astimezone(NEW_YORK)
    assert f'value="{local:{TYPED}}"' in page and "Times are in America/New_York (UTC-" in page
    times = {"starts_at": f"{local:{TYPED}}", "ends_at": f"{ends.astimezone(NEW_YORK):{TYPED}}"}
    answer = there.post(url, typed(version, name="Renamed", revision=task.revision, **times))
    assert answer.status_code == 302
    edited = GrayscaleTask.objects.get()
    assert (edited.name, edited.starts_at, edited.ends_at) == ("Renamed", starts, ends)


def test_a_time_that_clocks_skip_is_refused_beside_its_field(signed_in, version):
    person = factories.make_user(time_zone="Europe/Berlin")
    factories.join(version.mini_program.team, person, "admin")
    data = typed(version, starts_at="2027-03-28T02:30", ends_at="2027-10-31T02:30")
    form = signed_in(person).post(reverse("grayscale:create", args=[version.mini_program.app_id]), data).context["form"]
    assert form.errors["starts_at"] == [
        "02:30 doesn’t exist in Europe/Berlin on this day (clock change). Choose another time."
    ]
    assert form.errors["ends_at"] == [
        "02:30 occurs twice in Europe/Berlin on this day (clock change). Choose another time."
    ]
