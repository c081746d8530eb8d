"""The pages of the trial version (V-14): code and link, form, cancelling, and what a browser shows."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.base.activity.events import in_list
from console.base.activity.models import ActivityEntry
from console.base.core.errors import Conflict
from miniprograms import actions as programs
from releases.actions import trial as verbs
from releases.models import TrialVersion
from tests import factories
from tests.dialogs import effects

pytestmark = pytest.mark.django_db
INDEX, ABOUT = "pages/index/index", "pages/about/about"


@pytest.fixture
def program():
    return factories.make_program(name="City Bus")


@pytest.fixture
def trial(program, settings):
    settings.BASE_URL = "https://console.example.com"
    made = factories.make_version(program, "1.0.0")
    return factories.make_trial(made, query="line=12", token="t" * 43)


def url(program, page="trial"):
    return reverse(f"releases:{page}", args=[program.app_id])


def member(program, role="developer"):
    return factories.make_member(program.team, role)


def text_of(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


# The page -----------------------------------------------------------------------------------------------------------


def test_nothing_uploaded(signed_in, program):
    text = text_of(signed_in(member(program)).get(url(program)))
    assert "No trial version yet" in text
    assert "Upload a version first." in text
    assert f'href="{url(program, "set_trial")}"' not in text


def test_what_a_viewer_sees(signed_in, program, trial):
    application = factories.make_binding(program).application
    response = signed_in(member(program, "viewer")).get(url(program))
    text = text_of(response)
    link = "https://console.example.com/trial/" + "t" * 43 + "/"
    for words in (link, "1.0.0", INDEX, "line=12", f"Scan it with {application}", str(trial.set_by)):
        assert words in text
    assert "Team administrators, license holders and developers of" in text
    assert response["Cache-Control"] == "no-store"


def test_the_code_is_an_image_of_the_link_without_styles(signed_in, program, trial):
    text = text_of(signed_in(member(program)).get(url(program)))
    [code] = re.findall(r"<svg [^>]*trial-code.*?</svg>", text)
    assert "style" not in code
    assert 'fill="#fff"' in code  # The quiet zone, also on a dark page.


def test_nobody_can_scan_it(signed_in, program, trial):
    text = text_of(signed_in(member(program)).get(url(program)))
    assert "No host app is bound." in text
    assert f'<a href="{program.get_absolute_url()}">Request a binding</a>' in text


def test_off_the_shelf(signed_in, program, trial):
    programs.take_off_shelf(program, by=program.created_by, reason="Test")
    assert "including testers’ devices" in text_of(signed_in(member(program)).get(url(program)))


def test_the_overview_and_the_version_show_it(signed_in, program, trial):
    factories.make_version(program, "1.1.0")
    client = signed_in(member(program))
    text = text_of(client.get(url(program, "versions")))
    assert "Trial version: 1.0.0." in text
    assert trial.token not in text
    details = [reverse("releases:detail", args=[program.app_id, number]) for number in ("1.0.0", "1.1.0")]
    assert "1.0.0 is already the trial version." in text_of(client.get(details[0]))
    assert f'href="{url(program, "set_trial")}?version=1.1.0"' in text_of(client.get(details[1]))
    as_viewer = text_of(signed_in(member(program, "viewer")).get(details[1]))
    assert f'href="{url(program, "set_trial")}?version=1.1.0"' not in as_viewer


def test_queries_stay_the_same(signed_in, program, trial):
    client, counts = signed_in(member(program)), []
    for more in (1, 2):
        for _number in range(more):
            factories.make_binding(program)
        client.get(url(program))
        with CaptureQueriesContext(connection) as queries:
            client.get(url(program))
        counts.append(len(queries))
    assert counts[0] == counts[1]


# The form -----------------------------------------------------------------------------------------------------------


def choices(response):
    return [value for value, _label in response.context["form"].fields["page"].widget.choices]


def test_pages_follow_the_version(signed_in, program, trial):
    files = {"pages/new/new.js": "Page({})", "pages/new/new.wxml": "<view/>"}
    files["app.json"] = '{"pages": ["pages/new/new", "pages/about/about"]}'
    factories.make_version(program, "1.1.0", **files)
    client = signed_in(member(program))
    form = client.get(url(program, "set_trial"))
    assert (form.context["form"]["version"].value(), choices(form)) == ("1.0.0", [INDEX, ABOUT])
    other = client.get(url(program, "set_trial"), {"version": "1.1.0", "page": ABOUT})
    assert (choices(other), other.context["form"]["page"].value()) == (["pages/new/new", ABOUT], ABOUT)
    gone = client.get(url(program, "set_trial"), {"version": "1.1.0", "page": INDEX})
    assert gone.context["form"]["page"].value() == "pages/new/new"
    unknown = client.get(url(program, "set_trial"), {"version": "7.7.7"})
    assert unknown.context["form"]["version"].value() == "1.0.0"
    typed = {"version": "1.1.0", "page": INDEX, "query": "b=2", "pages": "show"}
    without_javascript = client.post(url(program, "set_trial"), typed)
    assert without_javascript.status_code == 200
    assert choices(without_javascript) == ["pages/new/new", ABOUT]
    assert without_javascript.context["form"]["query"].value() == "b=2"
    assert TrialVersion.objects.get().version.number == "1.0.0"


def test_subpackages_pages_are_offered(signed_in, program):
    files = {f"extra/more/more.{end}": content for end, content in (("js", "Page({})"), ("wxml", "<view/>"))}
    files["app.json"] = '{"pages": ["pages/index/index"], "subPackages": [{"root": "extra", "pages": ["more/more"]}]}'
    factories.make_version(program, "1.0.0", **files)
    form = signed_in(member(program)).get(url(program, "set_trial"))
    assert choices(form) == [INDEX, "extra/more/more"]


def test_saving(signed_in, program, trial):
    factories.make_version(program, "1.1.0")
    client = signed_in(member(program))
    seen = client.get(url(program, "set_trial")).context["form"]["seen"].value()
    response = client.post(url(program, "set_trial"), {"version": "1.1.0", "page": ABOUT, "query": "", "seen": seen})
    assert (response.status_code, response["Location"]) == (302, url(program))
    changed = TrialVersion.objects.get()
    assert (changed.token, changed.version.number, changed.page, changed.query) == (trial.token, "1.1.0", ABOUT, "")


def test_nothing_to_choose_from(signed_in, program):
    client = signed_in(member(program))
    assert client.get(url(program, "set_trial")).status_code == 200
    assert client.post(url(program, "set_trial"), {"version": "1.0.0", "page": INDEX}).status_code == 422


# Cancelling ---------------------------------------------------------------------------------------------------------


def test_cancel(signed_in, program, trial):
    client = signed_in(member(program))
    response = client.post(url(program, "cancel_trial"), {"note": "Tests are done"})
    assert (response.status_code, response["Location"]) == (302, url(program))
    assert TrialVersion.objects.count() == 0
    entry = ActivityEntry.objects.get(verb="trial.cancelled")
    before = {"version": "1.0.0", "page": INDEX, "query": "line=12"}
    assert (entry.before, entry.after, entry.reason) == (before, None, "Tests are done")
    program.refresh_from_db()
    assert in_list(program.last_change, program.last_change_label) == "Trial version 1.0.0 cancelled"
    assert Client().get(f"/trial/{trial.token}/").status_code == 404
    again = client.post(url(program, "cancel_trial"))
    assert (again.status_code, ActivityEntry.objects.filter(verb="trial.cancelled").count()) == (422, 1)


def test_a_later_trial_has_a_new_token(program, trial):
    verbs.cancel_trial(program, by=program.created_by)
    later = verbs.set_trial(program, version=trial.version, page=INDEX, by=program.created_by)
    assert later.token != trial.token


def test_the_dialog_says_what_devices_get(signed_in, program, trial):
    client = signed_in(member(program))

    def effect():
        return effects(client.get(url(program, "cancel_trial")))[0]

    assert effect() == "Testers’ devices get nothing, because no version is served."
    factories.make_online(program, "1.1.0")
    assert effect() == "Testers’ devices get the online version 1.1.0 at their next start."


@pytest.mark.django_db(transaction=True)
def test_cancelled_by_two_at_once():
    program = factories.make_program()
    factories.make_trial(factories.make_version(program))

    def attempt(_number):
        try:
            verbs.cancel_trial(program, by=program.created_by)
        except Conflict:
            return "overtaken"
        finally:
            connection.close()
        return "cancelled"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(attempt, range(2))) == ["cancelled", "overtaken"]


# Who may ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["set_trial", "cancel_trial"])
def test_403_404_405(signed_in, program, trial, page):
    viewer, stranger = member(program, "viewer"), factories.make_member(factories.make_team(), "admin")
    for user, status in ((viewer, 403), (stranger, 404)):
        client = signed_in(user)
        assert client.get(url(program, page)).status_code == status
        assert client.post(url(program, page)).status_code == status
    assert signed_in(stranger).get(url(program)).status_code == 404
    assert signed_in(member(program)).put(url(program, page)).status_code == 405
    assert signed_in(member(program)).post(url(program)).status_code == 405
    assert TrialVersion.objects.count() == 1


# The link in a browser ----------------------------------------------------------------------------------------------


def test_landing(program, trial):
    response = Client().get(f"/trial/{trial.token}/")
    text = text_of(response)
    for words in ("City Bus", "Trial version 1.0.0", "Open it in the app", '<meta name="robots" content="noindex'):
        assert words in text
    assert program.app_id not in text
    assert {name: response[name] for name in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")} == {
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
        "Referrer-Policy": "no-referrer",
    }
    assert Client().post(f"/trial/{trial.token}/").status_code == 405


@pytest.mark.parametrize("token", ["x", "T" * 43, "t" * 42, "t" * 44, "%00" + "t" * 42, "t" * 42 + "%0A", "ä" * 43])
def test_unknown_tokens(trial, token):
    assert Client().get(f"/trial/{token}/").status_code == 404
