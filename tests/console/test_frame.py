"""The frame around every page: menu, switchers, notices, what it costs."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import resolve, reverse

from console.base.accounts.models import Notification
from console.frame import Frame, frame
from console.sections import MINI_PROGRAM
from tests.factories import (
    make_application,
    make_binding,
    make_member,
    make_program,
    make_reviewer,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db


def frame_of(user, address="/"):
    request = RequestFactory().get(address)
    request.user = user
    request.resolver_match = resolve(address.partition("?")[0])
    return Frame(request)


def menu_of(user, address="/"):
    return {str(entry["label"]): entry for group in frame_of(user, address).menu for entry in group["entries"]}


def test_the_eight_sections_are_the_folders_that_exist():
    assert len(MINI_PROGRAM) == 8
    for section in MINI_PROGRAM:
        folder = Path(settings.BASE_DIR, *section.app.split("."))
        assert folder.is_dir() == bool(section.url), section.app


def test_only_pages_that_exist_are_shown():
    menu = menu_of(make_user())
    assert list(menu) == [
        "Home", "Mini programs", "Versions", "Grayscale", "Development", "Subscription messages", "Settings",
            "Offline package", "Host apps", "Reviews", "Teams", "Automation", "Activity",
    ]  # fmt: skip
    assert all(entry["url"] for entry in menu.values())


def test_operators_have_a_group_of_their_own():
    groups = frame_of(make_user(is_staff=True)).menu
    assert [[str(entry["label"]) for entry in group["entries"]] for group in groups][-1] == ["Platform"]
    assert str(groups[-1]["label"]) == "Platform"


def test_the_menu_knows_where_we_are():
    user = make_user()
    for address in ("/", reverse("miniprograms:list"), reverse("releases:overview"), reverse("activity")):
        active = [entry["url"] for entry in menu_of(user, address).values() if entry["active"]]
        assert active == [address]
    versions = reverse("releases:versions", args=["mp00000000000000"])
    assert menu_of(user, versions)["Versions"]["active"]


def test_a_section_opens_its_pages_while_one_is_on_a_programs_own():
    user = make_user()
    opened = menu_of(user, reverse("devmgmt:permissions", args=["mp00000000000000"]))["Development"]
    assert [(str(page["label"]), page["active"]) for page in opened["pages"]] == [
        ("Server domains", False), ("Interface permissions", True), ("Real-time logs", False),
    ]  # fmt: skip
    assert opened["pages"][2]["url"] == reverse("devmgmt:logs", args=["mp00000000000000"])
    assert menu_of(user, reverse("devmgmt:overview"))["Development"]["pages"] == []
    assert not menu_of(user, reverse("releases:versions", args=["mp00000000000000"]))["Development"]["active"]
    opened = menu_of(user, reverse("releases:uploads", args=["mp00000000000000"]))["Versions"]["pages"]
    assert [str(page["label"]) for page in opened if page["active"]] == ["Uploads"]


def test_the_page_of_a_section_is_marked(signed_in):
    program = make_program()
    client = signed_in(program.created_by)
    for name in ("domains", "edit_domains"):
        text = client.get(reverse(f"devmgmt:{name}", args=[program.app_id])).content.decode()
        domains_url = reverse("devmgmt:domains", args=[program.app_id])
        assert f'<a href="{domains_url}" aria-current="page">Server domains</a>' in text
    assert "nav-pages" not in client.get(reverse("devmgmt:overview")).content.decode()


def labels(groups):
    return [[str(entry["label"]) for entry in group["entries"]] for group in groups]


def test_inside_a_program_the_menu_stays_in_it(signed_in):
    program = make_program(name="City Bus")
    client = signed_in(program.created_by)
    page = client.get(reverse("releases:uploads", args=[program.app_id]))
    above, own, *below = page.context["frame"].menu_in_program
    assert labels([above, own, *below]) == [
        ["Home", "All mini programs"],
        ["Details", "Versions", "Grayscale", "Development", "Subscription messages", "Settings", "Offline package"],
        ["Host apps", "Reviews"],
        ["Teams", "Automation", "Activity"],
    ]
    assert all(f"/{program.app_id}/" in entry["url"] for entry in own["entries"])
    assert [str(entry["label"]) for group in (above, own) for entry in group["entries"] if entry["active"]] == [
        "Versions"
    ]
    text = page.content.decode()
    assert "<title>City Bus · " in text
    assert f'data-own="{program.app_id}"' in text
    for entry in own["entries"]:
        assert client.get(entry["url"]).status_code == 200


def test_inside_an_application_its_pages_stand_in_the_menu(signed_in):
    application = make_application()
    client = signed_in(make_reviewer(application, "app_admin"))
    page = client.get(reverse("hosts:apis", args=[application.application_id]))
    above, host_side, own, *_below = page.context["frame"].menu_in_application
    assert labels([above, host_side]) == [["Home", "All mini programs"], ["Host apps", "Reviews"]]
    assert [str(entry["label"]) for entry in own["entries"] if entry["active"]] == ["Sensitive APIs"]
    assert f"<title>{application.name} · " in page.content.decode()
    for entry in own["entries"]:
        assert client.get(entry["url"]).status_code == 200


def test_the_switcher_finds_by_name_and_begins_with_the_recent_ones(signed_in):
    team = make_team()
    names = [make_program(team, name=name) for name in ("Ferry", "Tram", "Bus")]
    client = signed_in(names[0].created_by if names[0].team == team else make_member(team, "viewer"))
    url = reverse("switch", args=["programs"])
    page = client.get(url, {"recent": f"{names[1].app_id},nothing,\0"})
    assert [row.name for row, _url in page.context["recent"]] == ["Tram"]
    assert [row.name for row, _url in page.context["rows"]] == ["Bus", "Ferry"]
    found = client.get(url, {"q": "fer"}, headers={"HX-Request": "true", "HX-Trigger-Name": "q"})
    assert [row.name for row, _url in found.context["rows"]] == ["Ferry"]
    assert "switch-find" not in found.content.decode()


def test_reviews_count_what_waits_for_this_person():
    application = make_application()
    reviewer = make_reviewer(application)
    program = make_program()
    make_binding(program, application, state="waiting")
    make_binding(program, make_application(), state="waiting")

    assert menu_of(reviewer)["Reviews"]["count"] == 1
    assert menu_of(program.created_by)["Reviews"]["count"] == 0


def test_an_own_request_waits_for_somebody_else():
    application = make_application()
    reviewer = make_reviewer(application)
    make_binding(make_program(), application, state="waiting", requested_by=reviewer)

    assert menu_of(reviewer)["Reviews"]["count"] == 0


def test_the_team_in_the_url_is_named_only_when_it_is_ones_own():
    team, other = make_team(), make_team()
    user = make_member(team, "viewer")

    assert frame_of(user, f"/?team={team.pk}").team == team
    assert frame_of(user, f"/?team={other.pk}").team is None
    assert frame_of(user).teams == [team]


def test_the_bell_counts_to_ninety_nine(signed_in):
    user = make_user()
    client = signed_in(user)
    for count, words in (
        (1, "1 unread notification"),
        (98, "99 unread notifications"),
        (50, "99+ unread notifications"),
    ):
        Notification.objects.bulk_create(
            Notification(user=user, kind="people", text="Words", url="/") for _ in range(count)
        )
        assert f'aria-label="{words}"' in client.get(reverse("search")).content.decode()
    client.post(reverse("notifications_read"))
    assert 'aria-label="Notifications"' in client.get(reverse("search")).content.decode()


def test_costs_nothing_until_it_is_drawn_and_nothing_for_strangers(django_assert_num_queries):
    request = RequestFactory().get("/")
    assert frame(request) == {}
    request.user = AnonymousUser()
    assert frame(request) == {}
    request.user = make_user()
    with django_assert_num_queries(0):
        frame(request)


def test_costs_five_queries_a_reviewer_however_much_there_is(signed_in, django_assert_num_queries):
    application = make_application()
    user = make_reviewer(application)
    client = signed_in(user)
    for count in (1, 3):
        for number in range(count):
            make_binding(make_program(make_team(viewer=user)), application, state="waiting")
            user.notifications.create(kind="review", text=f"Notice {number}", url="/")
        with django_assert_num_queries(5 + 2):  # session and user
            assert client.get(reverse("search")).status_code == 200


def test_lines_of_a_notification_stay_apart(signed_in):
    user = make_user()
    user.notifications.create(kind="review", text="3 APIs", detail="wx.a, wx.b\n<Routes>", url="/")
    assert "wx.a, wx.b<br>&lt;Routes&gt;" in signed_in(user).get(reverse("notifications")).content.decode()


def test_the_switcher_lists_own_programs_and_keeps_the_section(signed_in):
    mine, other = make_program(), make_program()
    client = signed_in(mine.created_by)
    here = "http://testserver" + reverse("releases:versions", args=[mine.app_id])

    page = client.get(
        reverse("switch", args=["programs"]), headers={"HX-Request": "true", "HX-Current-URL": here}
    ).content.decode()

    assert f'href="{reverse("releases:versions", args=[mine.app_id])}"' in page
    assert f'href="{reverse("releases:overview")}"' in page
    assert other.name not in page
    assert (
        reverse("miniprograms:detail", args=[mine.app_id])
        in client.get(reverse("switch", args=["programs"])).content.decode()
    )


@pytest.mark.parametrize(("name", "kept"), [("logs", "logs"), ("domains", "domains"), ("edit_domains", "domains")])
def test_the_switcher_keeps_the_page_of_a_section_that_has_several(signed_in, name, kept):
    mine = make_program()
    here = "http://testserver" + reverse(f"devmgmt:{name}", args=[mine.app_id])
    headers = {"HX-Request": "true", "HX-Current-URL": here}

    page = signed_in(mine.created_by).get(reverse("switch", args=["programs"]), headers=headers).content.decode()

    assert f'href="{reverse(f"devmgmt:{kept}", args=[mine.app_id])}"' in page
    assert f'href="{reverse("devmgmt:overview")}"' in page


@pytest.mark.parametrize("here", ["http://[", "//", "http://x/%00", "nowhere"])
def test_the_switcher_survives_any_address(signed_in, here):
    client = signed_in(make_program().created_by)
    page = client.get(reverse("switch", args=["programs"]), headers={"HX-Request": "true", "HX-Current-URL": here})
    assert page.status_code == 200


def test_the_switcher_lists_own_applications(signed_in):
    mine, other = make_application(), make_application()
    client = signed_in(make_reviewer(mine))

    page = client.get(reverse("switch", args=["applications"])).content.decode()

    assert mine.name in page
    assert other.name not in page
    assert client.get(reverse("switch", args=["teams"])).status_code == 404


def test_the_path_leads_from_the_team_to_the_page(signed_in):
    """What a page adds to it stands after what all have."""
    program = make_program(make_team("Harbour"), name="City Bus")
    page = signed_in(program.created_by).get(reverse("devmgmt:logs", args=[program.app_id])).content.decode()
    path = re.search(r'<nav class="path".*?</nav>', page, re.DOTALL)[0]
    assert re.sub(r"<[^>]+>|\s+", " ", path).split() == ["Harbour", "City", "Bus", "Development", "Real-time", "logs"]


def marked(groups):
    return [
        str(entry["label"]) for group in groups if group.get("own") for entry in group["entries"] if entry["active"]
    ]


@pytest.mark.parametrize(
    ("name", "args", "label"),
    [
        ("revoke_permission", [1], "Grants"),
        ("revoke_exemption", [1], "Grants"),
        ("generate_server_secret", [], "Message gateway"),
        ("reset_server_secret", [], "Message gateway"),
        ("ban", [], "Message gateway"),
        ("lift_ban", [1], "Message gateway"),
        ("add_signing_key", [], "Signing keys"),
        ("add_key", [], "Details"),
        ("webhook_edit", [1], "Details"),
    ],
)
def test_each_page_of_an_application_marks_the_page_that_it_is_about(name, args, label):
    address = reverse(f"hosts:{name}", args=["ha00000000000000", *args])
    assert marked(frame_of(make_user(), address).menu_in_application) == [label]


def test_webhooks_belong_to_automation():
    user = make_user()
    for address in (
        reverse("webhooks:new", args=[1]),
        reverse("webhooks:edit", args=[1, 1]),
        reverse("webhooks:events"),
    ):
        assert [name for name, entry in menu_of(user, address).items() if entry["active"]] == ["Automation"]


@pytest.mark.parametrize(
    ("name", "args", "labels"),
    [
        ("releases:versions", ["mp00000000000000"], []),
        ("releases:publish", ["mp00000000000000", "1.0.0"], ["Versions"]),
        ("releases:audits", ["mp00000000000000"], ["Versions"]),
        ("releases:audit", ["mp00000000000000", "AU1"], ["Versions", "Audit records"]),
        ("grayscale:suspend", ["mp00000000000000", 1], ["Grayscale"]),
        ("devmgmt:domains", ["mp00000000000000"], []),
        ("devmgmt:edit_domains", ["mp00000000000000"], ["Development"]),
        ("devmgmt:apply_for_permissions", ["mp00000000000000"], ["Development", "Interface permissions"]),
        ("devmgmt:save_query", ["mp00000000000000"], ["Development", "Real-time logs"]),
        ("devmgmt:withdraw_exemption", ["mp00000000000000", 1], ["Development"]),
        ("messaging:message", ["mp00000000000000", 1], ["Subscription messages", "Send log"]),
        ("miniprograms:edit", ["mp00000000000000"], []),
        ("hosts:detail", ["ha00000000000000"], []),
        ("hosts:add_person", ["ha00000000000000"], []),
        ("hosts:add_api", ["ha00000000000000"], ["Sensitive APIs"]),
        ("hosts:lift_ban", ["ha00000000000000", 1], ["Message gateway"]),
        ("hosts:create", [], ["Host apps"]),
        ("webhooks:delete", [1, 1], ["Automation"]),
        ("accounts:edit", [1], ["Teams"]),
        ("platform:overview", [], []),
        ("platform:new_person", [], ["People"]),
        ("platform:delete_category", [1], ["Categories"]),
        ("end_other_sessions", [], ["Security"]),
        ("mfa_index", [], []),
    ],
)
def test_crumbs_lead_to_what_the_menu_marks(name, args, labels):
    trail = frame_of(make_user(is_staff=True), reverse(name, args=args)).trail
    assert [str(step["label"]) for step in trail] == labels
    assert all(resolve(step["url"]) for step in trail)


def test_no_page_names_a_step_twice(signed_in):
    """A template adds only the steps that the menu does not know."""
    program = make_program(name="City Bus")
    client = signed_in(program.created_by)
    for name in ("releases:uploads", "devmgmt:logs", "messaging:log", "grayscale:explain", "releases:audits"):
        page = client.get(reverse(name, args=[program.app_id])).content.decode()
        path = re.search(r'<ol class="breadcrumb">(.*?)</ol>', page, re.DOTALL)[1]
        steps = re.findall(r'href="([^"]+)"', path)
        assert len(steps) == len(set(steps)) == 3, name
