"""The mini programs that an application serves, and removing one of them (L-6)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.core.errors import Conflict
from miniprograms import actions
from miniprograms.models import Binding
from releases.states import AuditState
from tests import factories
from tests.dialogs import effects

REASON = "Only application administrators can do this."


@pytest.fixture
def binding(program, application):
    return factories.make_binding(program, application)


def url(application):
    return f"/apps/{application.application_id}/programs/"


def remove_url(binding):
    return f"{url(binding.application)}{binding.pk}/remove/"


def test_it_lists_what_is_bound(signed_in, application, team_admin, binding):
    factories.make_binding(factories.make_program(), application, state="waiting")
    factories.make_binding(factories.make_program(), application, state="ended")
    response = signed_in(team_admin).get(url(application))
    assert response.status_code == 200
    assert list(response.context["page"]) == [binding]
    assert response.context["why_not_remove"] == REASON
    assert "Application administrators of" in response.content.decode()


def test_search(signed_in, application, team_admin, binding):
    other = factories.make_binding(factories.make_program(name="Tax Helper"), application)
    client = signed_in(team_admin)

    def found(words):
        return list(client.get(url(application), {"q": words}).context["page"])

    assert found("tax") == [other]
    assert found(binding.mini_program.app_id) == [binding]
    assert found("ferry") == []


def test_what_is_online_is_named_where_something_is(signed_in, admin, binding, program):
    client = signed_in(admin)
    assert "Online now" not in client.get(remove_url(binding)).content.decode()
    factories.make_online(program, "2.4.0")
    assert "Online now" in client.get(remove_url(binding)).content.decode()


def test_remove(signed_in, application, admin, binding, program):
    binding.mini_program.team.memberships.update(role="developer")  # Who asked may not manage the program any more.
    holder = factories.make_member(program.team, "license_holder")
    response = signed_in(admin).post(remove_url(binding), {"note": "Complaints"})
    assert (response.status_code, response["Location"]) == (302, url(application))
    binding.refresh_from_db()
    assert (binding.state, binding.ended_by, binding.end_reason) == ("ended", admin, "Complaints")
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.reason, entry.application_id, entry.mini_program_id) == (
        "binding.removed",
        "Complaints",
        application.application_id,
        binding.mini_program.app_id,
    )
    notice = Notification.objects.get()
    assert (notice.user, notice.text, notice.detail) == (
        holder,
        "Metro Wallet removed City Bus",
        "Complaints",
    )


def test_a_removal_needs_a_reason(signed_in, admin, binding):
    client = signed_in(admin)
    for reason in ("", "   "):
        response = client.post(remove_url(binding), {"note": reason})
        assert response.status_code == 422
        assert set(response.context["form"].errors) == {"note"}
    binding.refresh_from_db()
    assert binding.state == "approved"


def test_the_dialog_says_that_a_running_audit_goes_on_without(signed_in, application, admin, program, audit):
    factories.make_binding(program)
    binding = application.bindings.get()
    client = signed_in(admin)
    assert effects(client.get(remove_url(binding))) == [
        "Devices of Metro Wallet no longer get it.",
        "Messages accepted earlier are still delivered.",
        f"{program.team} is notified, with the reason.",
        "Metro Wallet no longer decides in the audit of 1.1.0.",
    ]
    client.post(remove_url(binding), {"note": "Complaints"})
    audit.refresh_from_db()
    assert audit.state == AuditState.WITHDRAWN  # nobody else was asked
    assert list(audit.decisions.values_list("state", flat=True)) == ["withdrawn"]


def test_remove_twice(signed_in, admin, binding):
    client = signed_in(admin)
    client.post(remove_url(binding), {"note": "Complaints"})
    response = client.post(remove_url(binding), {"note": "Complaints"})
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["Already done: this is now ended."]
    assert ActivityEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_removed_by_two_at_once(admin, binding):
    def remove(_):
        try:
            row = Binding.objects.select_related("application", "mini_program__team", "requested_by").get()
            actions.remove_from_application(row, by=admin, reason="Complaints")
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(remove, range(4))) == [False, False, False, True]
    assert (ActivityEntry.objects.count(), Notification.objects.count()) == (1, 1)


def test_lower_roles_may_not_remove(signed_in, reviewer, team_admin, binding):
    for user in (reviewer, team_admin):
        client = signed_in(user)
        assert [client.get(remove_url(binding)).status_code, client.post(remove_url(binding)).status_code] == [403, 403]


def test_elsewhere_it_does_not_exist(signed_in, application, outsider, binding):
    client = signed_in(outsider)
    own = outsider.application_roles.get().application
    crossed = f"{url(own)}{binding.pk}/remove/"
    assert client.get(url(application)).status_code == 404
    assert [client.post(target, {"note": "x"}).status_code for target in (remove_url(binding), crossed)] == [404, 404]


def test_the_programs_own_team_is_not_the_applications(signed_in, program, binding):
    client = signed_in(program.created_by)
    assert client.get(url(binding.application)).status_code == 404
    assert client.post(remove_url(binding), {"note": "x"}).status_code == 404


def test_wrong_method(signed_in, application, admin, binding):
    client = signed_in(admin)
    assert [client.post(url(application)).status_code, client.put(remove_url(binding)).status_code] == [405, 405]


def test_an_old_proof_asks_for_the_password(signed_in, admin, binding):
    client = signed_in(admin)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(remove_url(binding), {"note": "Complaints"}).status_code == 403
        binding.refresh_from_db()
        assert binding.state == "approved"


def test_as_many_queries_for_three_as_for_one(signed_in, application, team_admin, binding):
    client = signed_in(team_admin)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(application)).status_code == 200
        return len(captured)

    one = queries()
    for _ in range(2):
        factories.make_binding(factories.make_program(), application)
    assert queries() == one
