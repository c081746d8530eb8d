"""The list of sensitive APIs of an application: public, restricted, its own (D-3)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core.errors import Conflict
from console.base.hosts import actions
from console.base.hosts.models import DefaultApi, SensitiveApi
from console.base.hosts.purposes import PURPOSES
from tests import factories
from tests.dialogs import effects


@pytest.fixture
def public(application):
    return factories.make_api(application, "wx.scanCode", title="Scan a code", restricted=False)


@pytest.fixture
def restricted(application):
    return factories.make_api(application, "wx.getLocation", title="Read the location")


@pytest.fixture
def own(application):
    return factories.make_api(application, "metro.openGate", title="Open a gate")


@pytest.fixture(autouse=True)
def defaults(db):
    """What every application has; a test that empties the tables has taken the migration's rows along."""
    for name in ("wx.scanCode", "wx.getLocation"):
        DefaultApi.objects.get_or_create(name=name, defaults={"title": name})


def test_what_every_list_starts_with_is_translated():
    made = import_module("console.base.hosts.migrations.0003_default_apis")
    assert {*made.RESTRICTED.values(), *made.PUBLIC.values()} == set(PURPOSES)


def url(application):
    return f"/apps/{application.application_id}/apis/"


def move_url(api, move):
    return f"{url(api.application)}{api.pk}/{move}/"


def entries():
    rows = ActivityEntry.objects.order_by("pk")
    return [(row.verb, row.target_label, row.before, row.after) for row in rows]


def names(response):
    return [api.name for api in response.context["page"]]


def test_a_new_application_has_the_list(admin, application):
    created = actions.create_application(team=application.team, by=admin, name="New", description="", listed=True)
    listed = {(api.name, api.title, api.restricted) for api in created.apis.all()}
    assert listed == {(api.name, api.title, api.restricted) for api in DefaultApi.objects.all()}


def test_it_lists_state_and_grants(signed_in, application, team_admin, public, restricted, own):
    program = factories.make_program()
    factories.make_permission(program, application)
    factories.make_permission(factories.make_program(), application, state="waiting")
    factories.make_permission(factories.make_program(), application, state="ended")
    factories.make_permission(program, factories.make_application())
    response = signed_in(team_admin).get(url(application))
    rows = [(api.name, api.restricted, api.granted, api.is_default) for api in response.context["page"]]
    assert rows == [
        ("metro.openGate", True, 0, False),
        ("wx.getLocation", True, 1, True),
        ("wx.scanCode", False, 0, True),
    ]
    assert response.context["filter"].counts == {"all": 3, "restricted": 2, "public": 1}
    page = response.content.decode()
    assert f'href="/apps/{application.application_id}/grants/?kind=permission&amp;q=wx.getLocation"' in page
    assert "Application administrators of" in page


def test_tabs_and_words(signed_in, application, team_admin, public, restricted, own):
    client = signed_in(team_admin)
    assert names(client.get(url(application), {"show": "public"})) == ["wx.scanCode"]
    assert names(client.get(url(application), {"show": "restricted"})) == ["metro.openGate", "wx.getLocation"]
    assert names(client.get(url(application), {"q": "GATE"})) == ["metro.openGate"]
    assert names(client.get(url(application), {"q": "scan a"})) == ["wx.scanCode"]
    nothing = client.get(url(application), {"q": "100%", "show": "public"})
    assert "No matching APIs" in nothing.content.decode()
    assert client.get(url(application), {"q": "a\0b", "page": "9" * 400}).status_code == 200


def test_an_empty_list_says_so(signed_in, application, team_admin):
    assert "No APIs yet" in signed_in(team_admin).get(url(application)).content.decode()


def test_restrict(signed_in, application, admin, public):
    response = signed_in(admin).post(move_url(public, "restrict"))
    assert (response.status_code, response["Location"]) == (302, url(application))
    public.refresh_from_db()
    assert public.restricted
    assert entries() == [
        ("api.restricted", "wx.scanCode – Metro Wallet", {"restricted": False}, {"restricted": True}),
    ]


def test_the_dialog_names_who_loses_the_api(signed_in, application, admin, public):
    keeping = factories.make_program(name="Keeps it")
    factories.make_binding(keeping, application)
    factories.make_permission(keeping, application, "wx.scanCode")
    for number in range(7):
        factories.make_binding(factories.make_program(name=f"Loses it {number}"), application)
    factories.make_binding(factories.make_program(name="Not bound"), application, state="waiting")
    assert effects(signed_in(admin).get(move_url(public, "restrict")))[:2] == [
        "7 bound mini programs can’t call it after their next policy update: Loses it 0, Loses it 1, Loses it 2, "
        "Loses it 3, Loses it 4 and 2 more.",
        "1 keeps access because it has a grant.",
    ]


def test_a_dialog_for_an_api_that_nobody_loses(signed_in, admin, public):
    assert effects(signed_in(admin).get(move_url(public, "restrict")))[0] == "No bound mini program loses access."


def test_open(signed_in, application, admin, restricted):
    factories.make_permission(factories.make_program(), application)
    factories.make_permission(factories.make_program(), application, state="waiting")
    client = signed_in(admin)
    assert effects(client.get(move_url(restricted, "open"))) == [
        "Every bound mini program can call it after its next policy update.",
        "1 grant is kept. It takes effect again if you restrict the API.",
        "1 request is still waiting for a decision in Reviews.",
    ]
    assert client.post(move_url(restricted, "open")).status_code == 302
    restricted.refresh_from_db()
    assert not restricted.restricted
    assert entries() == [
        ("api.opened", "wx.getLocation – Metro Wallet", {"restricted": True}, {"restricted": False}),
    ]


@pytest.mark.parametrize(("move", "words"), [("restrict", "is restricted"), ("open", "is public")])
def test_somebody_else_was_first(signed_in, application, admin, move, words):
    api = factories.make_api(application, restricted=move == "restrict")
    response = signed_in(admin).post(move_url(api, move))
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [f"Already done: wx.getLocation {words}."]
    assert entries() == []


@pytest.mark.django_db(transaction=True)
def test_restricted_by_four_at_once(admin, public):
    def restrict(_):
        try:
            actions.restrict_api(SensitiveApi.objects.select_related("application").get(pk=public.pk), by=admin)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(restrict, range(4))) == [False, False, False, True]
    assert [verb for verb, *_rest in entries()] == ["api.restricted"]


def create(admin, team):
    return actions.create_application(team=team, by=admin, name="New", description="", listed=True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["application", "default"])
def test_no_list_misses_a_default_that_is_added_at_the_same_time(admin, application, first):
    """Who comes second waits, and then finds what the first has made."""
    default = DefaultApi(name="wx.openDoor", title="Open the door")
    moves = [lambda: create(admin, application.team), lambda: actions.keep(default, by=admin)]
    if first == "default":
        moves.reverse()

    def second():
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '100ms'")
                moves[1]()
        except OperationalError as error:
            return str(error)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            moves[0]()
            assert "lock timeout" in pool.submit(second).result()
        assert pool.submit(second).result() == ""
    assert {row.application.name for row in SensitiveApi.objects.filter(name="wx.openDoor")} == {
        application.name,
        "New",
    }


def test_add(signed_in, application, admin):
    response = signed_in(admin).post(f"{url(application)}add/", {"name": "metro.openGate", "title": " Open  a gate "})
    assert (response.status_code, response["Location"]) == (302, url(application))
    api = application.apis.get()
    assert (api.name, api.title, api.restricted) == ("metro.openGate", "Open a gate", True)
    after = {"name": "metro.openGate", "title": "Open a gate", "restricted": True}
    assert entries() == [("api.added", "metro.openGate – Metro Wallet", None, after)]


@pytest.mark.parametrize(
    "name", ["", "wx.", ".x", "wx..x", "wx getLocation", "wx.get-location", "wx.get\0", "1wx", "x" * 101, "wx.é"]
)
def test_names_that_no_mini_program_could_call_are_refused(signed_in, application, admin, name):
    response = signed_in(admin).post(f"{url(application)}add/", {"name": name, "title": "Something"})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
    assert not application.apis.exists()


def test_the_same_name_twice_is_refused_beside_it(signed_in, application, admin, restricted):
    response = signed_in(admin).post(f"{url(application)}add/", {"name": restricted.name, "title": "Again"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"name": ["This API is already in the list."]}
    assert (application.apis.count(), entries()) == (1, [])


def test_remove(signed_in, application, admin, own):
    factories.make_permission(factories.make_program(), application, own.name)
    client = signed_in(admin)
    assert effects(client.get(move_url(own, "remove")))[1:] == [
        "1 grant is kept. It has no effect until you add the API again."
    ]
    assert client.post(move_url(own, "remove")).status_code == 302
    assert not application.apis.exists()
    before = {"name": "metro.openGate", "title": "Open a gate", "restricted": True}
    assert entries() == [("api.removed", "metro.openGate – Metro Wallet", before, None)]
    assert client.post(move_url(own, "remove")).status_code == 404


def test_what_every_application_has_stays_in_the_list(signed_in, application, admin, restricted):
    client = signed_in(admin)
    words = "wx.getLocation is in every app’s list. Make it public instead."
    assert words in client.get(url(application)).content.decode()
    response = client.post(move_url(restricted, "remove"))
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [words])
    assert (application.apis.count(), entries()) == (1, [])


def test_removed_by_somebody_else_meanwhile(admin, own):
    actions.remove_api(own, by=admin)
    for verb in (actions.remove_api, actions.restrict_api, actions.open_api):
        with pytest.raises(Conflict, match="removed from the list"):
            verb(own, by=admin)
    assert len(entries()) == 1


@pytest.mark.parametrize("move", ["add/", "{}/restrict/", "{}/open/", "{}/remove/"])
def test_who_may_not(signed_in, application, reviewer, team_admin, outsider, own, move):
    target = url(application) + move.format(own.pk)
    for user, status in ((reviewer, 403), (team_admin, 403), (outsider, 404)):
        client = signed_in(user)
        assert [client.get(target).status_code, client.post(target).status_code] == [status, status]
    assert entries() == []


def test_an_api_of_another_application_is_not_found(signed_in, outsider, own):
    mine = outsider.application_roles.get().application
    assert signed_in(outsider).post(f"{url(mine)}{own.pk}/open/").status_code == 404
    own.refresh_from_db()
    assert own.restricted


def test_an_old_proof_asks_for_the_password(signed_in, admin, public):
    client = signed_in(admin)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(move_url(public, "restrict")).status_code == 403
        public.refresh_from_db()
        assert not public.restricted


def test_as_many_queries_for_many_as_for_one(signed_in, application, admin, own):
    client = signed_in(admin)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(application)).status_code == 200
        return len(captured)

    one = queries()
    for number in range(5):
        api = factories.make_api(application, f"metro.number{number}")
        factories.make_permission(factories.make_program(), application, api.name)
    assert queries() == one


def test_the_applications_page_leads_there(signed_in, application, team_admin):
    page = signed_in(team_admin).get(f"/apps/{application.application_id}/").content.decode()
    assert f'href="{url(application)}"' in page
    assert f'href="/apps/{application.application_id}/grants/"' in page
