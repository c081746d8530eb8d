"""In whose zone pages show times: a person's own choice, else the browser's, else the platform's (P-9)."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.middleware import TimeZoneMiddleware
from console.base.accounts.models import Notification
from console.base.accounts.notifying import notify
from console.base.accounts.states import NotificationKind
from console.base.core import times
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 16, 31, tzinfo=UTC)
PROFILE = "/teams/profile/"
COOKIE = settings.TIME_ZONE_COOKIE_NAME


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False):
        yield


def foot(client, path="/"):
    """What the foot of a page says of its times; nothing is left in the thread once it was answered."""
    page = client.get(path)
    assert timezone.get_current_timezone_name() == "UTC"
    return page.content.decode().partition('class="page-foot"')[2].partition("</a>")[0].rpartition(">")[2].strip()


def test_two_people_see_a_moment_by_their_own_clocks(signed_in):
    team = factories.make_team()
    for zone, shown in (
        ("Asia/Shanghai", "27 Nov 2026, 00:31 UTC+8"),
        ("America/New_York", "26 Nov 2026, 11:31 UTC-5"),
    ):
        person = factories.make_user(time_zone=zone)
        factories.join(team, person, "viewer")
        notify([person], kind=NotificationKind.PEOPLE, text=lambda: times.full(NOW), url="/")
        page = signed_in(person).get("/notifications/").content.decode()
        # The page's own time, and the words that were written for each.
        assert f'title="{shown}"' in page
        assert Notification.objects.get(user=person).text == shown


def test_words_for_others_are_in_their_zone_not_in_that_of_who_acts():
    chosen, other = factories.make_user(time_zone="Asia/Kolkata"), factories.make_user()
    with timezone.override("America/New_York"):
        notify([chosen, other], kind=NotificationKind.PEOPLE, text=lambda: times.full(NOW), url="/")
    texts = dict(Notification.objects.values_list("user", "text"))
    assert texts == {chosen.pk: "26 Nov 2026, 22:01 UTC+5:30", other.pk: "26 Nov 2026, 16:31 UTC"}


def test_the_browser_s_zone_until_a_person_chooses_one(signed_in):
    client = signed_in(factories.make_user())
    assert foot(client) == "Times in UTC"
    client.cookies[COOKIE] = "America/St_Johns"
    assert foot(client) == "Times in America/St_Johns (UTC-3:30)"

    client.post(PROFILE, {"name": "Mira", "language": "en", "time_zone": "Asia/Shanghai"})
    assert foot(client) == "Times in Asia/Shanghai (UTC+8)"
    client.post(PROFILE, {"name": "Mira", "language": "en", "time_zone": ""})
    assert foot(client) == "Times in America/St_Johns (UTC-3:30)"
    assert foot(client, reverse("mfa_index")) == "Times in America/St_Johns (UTC-3:30)"


@pytest.mark.parametrize(
    "name", ["", "Mars/Phobos", "../../etc/passwd", "asia/shanghai", "localtime", "x" * 5000, "\0", "UTC+8"]
)
def test_what_is_no_zone_is_the_platform_s(signed_in, name):
    client = signed_in(factories.make_user())
    client.cookies[COOKIE] = "any"
    client.cookies[COOKIE]._coded_value = client.cookies.value_encode(name)[1]  # Python makes no cookie of NUL itself.
    assert foot(client) == "Times in UTC"
    answer = client.post(PROFILE, {"name": "Mira", "language": "en", "time_zone": name})
    assert answer.status_code == (422 if name else 302)


def test_machines_keep_the_platform_s_zone(rf):
    seen = []

    def view(request):
        seen.append(timezone.get_current_timezone_name())

    for permission in ("device", "server", "public"):
        view.policy = SimpleNamespace(permission=permission)
        request = rf.get("/")
        request.COOKIES[COOKIE] = "Asia/Shanghai"
        middleware = TimeZoneMiddleware(view)
        middleware(request)
        middleware.process_view(request, view, (), {})
        view(request)
    timezone.deactivate()
    assert seen[1::2] == ["UTC", "UTC", "Asia/Shanghai"]
