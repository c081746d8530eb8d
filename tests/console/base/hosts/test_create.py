"""Creating an application: team administrators; a first key in the same step, one activity entry."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from console.base.hosts import actions
from console.base.hosts.models import HostApplication
from tests import factories, stored

URL = "/apps/new/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return factories.make_team(name="Harbour Mobility")


@pytest.fixture
def creator(team):
    return factories.make_member(team, "admin")


def typed(team, **fields):
    return {"team": team.pk, "name": "Metro Wallet", "description": "Pays.", "listed": "on", **fields}


def test_it_works(signed_in, team, creator):
    response = signed_in(creator).post(URL, typed(team, icon=factories.make_icon()))
    application = HostApplication.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/apps/{application.application_id}/")
    assert (application.team, application.name, application.description, application.listed) == (
        team,
        "Metro Wallet",
        "Pays.",
        True,
    )
    assert application.application_id.startswith("ha")
    assert len(application.application_id) == 16
    assert Image.open(application.icon).format == "WEBP"
    assert [(person.user, person.role) for person in application.people.all()] == [(creator, "app_admin")]
    key = application.keys.get()
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.actor_id, entry.team_id, entry.application_id, entry.target_label) == (
        "application.created",
        creator.pk,
        team.pk,
        application.application_id,
        "Metro Wallet",
    )
    assert entry.after == {
        "name": "Metro Wallet",
        "description": "Pays.",
        "listed": True,
        "administrator": str(creator),
        "key": f"…{key.key[-4:]}",
    }


def test_the_page_offers_the_teams_that_the_user_administers(signed_in, team, creator):
    factories.join(factories.make_team(), creator, "license_holder")
    response = signed_in(creator).get(URL)
    assert response.status_code == 200
    assert list(response.context["form"].fields["team"].queryset) == [team]


def test_without_a_name_nothing_is_made(signed_in, team, creator):
    response = signed_in(creator).post(URL, typed(team, name=""))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"name"}
    assert HostApplication.objects.count() == 0


def test_another_teams_id_is_like_one_that_does_not_exist(signed_in, creator):
    client = signed_in(creator)
    other = factories.make_team()
    answers = [client.post(URL, typed(other)), client.post(URL, {"team": other.pk + 1000, "name": "Metro Wallet"})]
    errors = [answer.context["form"].errors["team"].as_text() for answer in answers]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert errors[0] == errors[1]
    assert HostApplication.objects.count() == 0


@pytest.mark.parametrize("role", ["license_holder", "developer", "viewer"])
def test_lower_roles_may_not(signed_in, team, role):
    client = signed_in(factories.make_member(team, role))
    assert [client.get(URL).status_code, client.post(URL, typed(team)).status_code] == [403, 403]
    assert HostApplication.objects.count() == 0


def test_an_old_proof_asks_for_the_password(signed_in, team, creator):
    client = signed_in(creator)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        asked = client.post(URL, typed(team, icon=factories.make_icon()))
        assert asked.status_code == 403
        assert "Files aren’t kept. Choose the file again afterwards." in asked.content.decode()
        assert HostApplication.objects.count() == 0
        assert client.post(URL, typed(team, sudo_password=factories.PASSWORD)).status_code == 302
    assert HostApplication.objects.count() == 1


def test_wrong_method(signed_in, creator):
    assert signed_in(creator).put(URL).status_code == 405


def test_the_same_name_twice_in_a_team(signed_in, team, creator):
    client = signed_in(creator)
    client.post(URL, typed(team))
    response = client.post(URL, typed(team, name="metro wallet"))
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "name": ["The team already has an app with this name. Choose another one."]
    }
    assert (HostApplication.objects.count(), ActivityEntry.objects.count()) == (1, 1)


def test_the_same_name_in_two_teams(creator):
    for _ in range(2):
        actions.create_application(
            team=factories.make_team(), by=creator, name="Metro Wallet", description="", listed=True
        )
    assert HostApplication.objects.filter(name="Metro Wallet").count() == 2


def test_a_refused_name_leaves_nothing(team, creator):
    factories.make_application(team, name="Metro Wallet")
    before = stored.names(default_storage)
    with pytest.raises(ActionRefused, match="already has an app"):
        actions.create_application(
            team=team, by=creator, name="METRO WALLET", description="", listed=True, icon=factories.make_icon()
        )
    assert (HostApplication.objects.count(), ActivityEntry.objects.count()) == (1, 0)
    assert stored.names(default_storage) == before


@pytest.mark.parametrize("name", ["Metro\u202eWallet", "\u200b\u200b", "Metro\x1b[31m"])
def test_a_name_that_looks_like_another_one_is_refused(signed_in, team, creator, name):
    response = signed_in(creator).post(URL, typed(team, name=name))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
