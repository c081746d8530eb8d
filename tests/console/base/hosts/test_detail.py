"""The page of one application, and its activity."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.base.accounts.permissions import ApplicationRole
from console.base.hosts import actions
from tests import factories

REASON = "Only application administrators can do this."


def url(application, what=""):
    return f"/apps/{application.application_id}/{what}"


def test_it_shows_people_and_keys(signed_in, application, admin, reviewer):
    response = signed_in(admin).get(url(application))
    assert response.status_code == 200
    assert [(person.user, why) for person, why in response.context["people"]] == [
        (admin, f"{admin} is the only application administrator of Metro Wallet. Give someone else this role first."),
        (reviewer, ""),
    ]
    assert list(response.context["keys"]) == [application.keys.get()]
    assert response.context["why_not_edit"] == ""
    assert application.keys.get().key not in response.content.decode()


def test_members_see_it_and_whom_to_ask_for_changes(signed_in, application, reviewer, team_admin):
    for user in (reviewer, team_admin):
        response = signed_in(user).get(url(application))
        assert (response.status_code, response.context["why_not_edit"]) == (200, REASON)
        assert "Application administrators of" in response.content.decode()


@pytest.mark.parametrize("what", ["", "activity/"])
def test_elsewhere_it_does_not_exist(signed_in, application, outsider, what):
    client = signed_in(outsider)
    assert client.get(url(application, what)).status_code == 404
    assert client.get(f"/apps/ha00000000000000/{what}").status_code == 404


@pytest.mark.parametrize("what", ["", "activity/"])
def test_wrong_method(signed_in, application, admin, what):
    assert signed_in(admin).post(url(application, what)).status_code == 405


def test_signed_out_people_sign_in(client, application):
    response = client.get(url(application))
    assert response.status_code == 302
    assert response["Location"].endswith(f"?next={url(application)}")


def test_activity_is_the_applications_own_and_can_be_filtered(signed_in, application, admin, reviewer):
    actions.add_key(application, by=admin)
    actions.revoke_key(application.keys.first(), by=admin)
    elsewhere = factories.make_application()
    actions.add_key(elsewhere, by=admin)
    client = signed_in(reviewer)
    everything = client.get(url(application, "activity/")).context["entries"]
    assert [entry.verb for entry in everything] == ["application_key.revoked", "application_key.added"]
    filtered = client.get(url(application, "activity/?what=application_key.added")).context["entries"]
    assert [entry.verb for entry in filtered] == ["application_key.added"]


def test_as_many_queries_for_three_people_and_keys_as_for_one(signed_in, application, admin):
    client = signed_in(admin)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(application)).status_code == 200
        return len(captured)

    one = queries()
    for _ in range(2):
        factories.make_reviewer(application, ApplicationRole.APP_ADMIN)
        actions.add_key(application, by=factories.make_user())
    assert queries() == one
