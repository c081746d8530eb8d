"""The agreement's page: what is online, the draft, the versions, and what the newest package uses (S-2, S-3)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tests.miniprograms.privacy.writing import find_data, publish, save, url

pytestmark = pytest.mark.django_db


def test_nothing_yet(signed_in, program, holder):
    page = signed_in(holder).get(url(program, "agreement")).content.decode()
    words = ("No agreement is online", "Write the agreement", "No package analysed yet", url(program, "edit"))
    assert [each for each in words if each not in page] == []
    assert url(program, "publish") not in page


def test_what_is_online(signed_in, program, holder, settings):
    settings.BASE_URL = "https://console.example.com"
    publish(program, holder)
    response = signed_in(holder).get(url(program, "agreement"))
    page = response.content.decode()
    assert response.context["public_url"] == f"https://console.example.com/privacy/{program.app_id}/"
    assert [
        each for each in ("Version 1", str(holder), f'data-copy="{response.context["public_url"]}"') if each not in page
    ] == []
    assert (response.context["unchanged"], response.context["lacks"]) == (True, [])
    assert response.context["why_not_publish"] == "The draft is the same as version 1, which is online."


def test_the_first_version_asks_nobody_again_and_a_later_day_is_said(signed_in, program, holder):
    client = signed_in(holder)
    publish(program, holder)
    page = client.get(url(program, "agreement")).content.decode()
    assert "<dt>Effective from</dt>" in page and "Users must agree again" not in page
    publish(program, holder, effective_on=timezone.localdate() + timedelta(days=2))
    page = client.get(url(program, "agreement")).content.decode()
    assert "<dt>Takes effect on</dt>" in page and "Users must agree again" in page


def test_used_beside_declared(signed_in, program, holder):
    find_data(program, types=("location", "camera", "album"))
    publish(program, holder, data=[["location", "stops"], ["steps", "walks"]])
    save(program, holder, data=[["location", "stops"], ["steps", "walks"], ["album", "photos"]])
    response = signed_in(holder).get(url(program, "agreement"))
    rows = [(row.data_type.value, row.is_used, row.is_declared, row.is_drafted) for row in response.context["rows"]]
    assert rows == [
        ("album", True, False, True),
        ("camera", True, False, False),
        ("location", True, True, True),
        ("steps", False, True, True),
    ]
    page = response.content.decode()
    for words in ("2.5.0 uses 2 types", "used, declared in the draft only", "used, not declared", "declared, not used"):
        assert words in page
    assert f"{url(program, 'edit')}#data" in page


def test_no_warning_when_all_is_declared(signed_in, program, holder):
    find_data(program)
    publish(program, holder)
    response = signed_in(holder).get(url(program, "agreement"))
    assert response.context["undeclared"] == []
    assert "banner-orange" not in response.content.decode()


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_who_may_not_edit_reads_whom_to_ask(signed_in, team, program, holder, role):
    publish(program, holder)
    response = signed_in(factories.make_member(team, role)).get(url(program, "agreement"))
    page = response.content.decode()
    assert response.status_code == 200
    reason = "Only team administrators and license holders can do this."
    assert (response.context["why_not_edit"], response.context["why_not_publish"]) == (reason, reason)
    assert (page.count(reason), page.count("Team administrators and license holders of")) == (0, 1)
    assert url(program, "edit") not in page


def test_queries_stay_the_same(signed_in, program, holder):
    client, counts = signed_in(holder), []
    for more in (1, 2):
        for number in range(more):
            publish(program, holder, retention=f"{more}{number} days")
        client.get(url(program, "agreement"))
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url(program, "agreement"))
        counts.append(len(queries))
    assert [version.number for version in page.context["page"]] == [3, 2, 1]
    assert counts[0] == counts[1]


def test_another_teams_program_is_not_there(signed_in, program):
    client = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert client.get(url(program, "agreement")).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_refuses_other_methods(signed_in, program, holder, method):
    assert getattr(signed_in(holder), method)(url(program, "agreement")).status_code == 405
