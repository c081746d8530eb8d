"""Stopping the messages of a mini program, or of one of its templates, and allowing them again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from messaging.actions.gateways import ban, lift
from messaging.models import Ban
from tests import factories
from tests.dialogs import change


@pytest.fixture
def template(program):
    return factories.make_template(program, factories.make_public_template("Arrival reminder"))


def add_url(application, program=None):
    query = f"?program={program.app_id}" if program else ""
    return f"/apps/{application.application_id}/bans/add/{query}"


def lift_url(application, row):
    return f"/apps/{application.application_id}/bans/{row.pk}/lift/"


def standing():
    return [(row.mini_program.name, str(row.template or ""), row.reason) for row in Ban.objects.in_force()]


def test_stop_a_program(signed_in, application, admin, program):
    response = signed_in(admin).post(add_url(application, program), {"template": "all", "reason": "Advertising."})
    assert (response.status_code, response["Location"]) == (302, f"/apps/{application.application_id}/gateway/")
    assert standing() == [("City Bus", "", "Advertising.")]
    assert Ban.objects.get().created_by == admin
    program.refresh_from_db()
    assert program.last_change == "messages.banned"


def test_stop_one_template(signed_in, application, admin, program, template):
    client = signed_in(admin)
    client.post(add_url(application, program), {"template": template.template_id, "reason": "At night."})
    assert standing() == [("City Bus", "Arrival reminder", "At night.")]
    # The whole program may be stopped as well.
    client.post(add_url(application, program), {"template": "all", "reason": "Advertising."})
    assert standing() == [("City Bus", "", "Advertising."), ("City Bus", "Arrival reminder", "At night.")]


def test_both_sides_see_the_entry(application, admin, program, template):
    lift(ban(application, program=program, template=template, reason="At night.", by=admin), by=admin)
    of_program = ActivityEntry.objects.of_program(program.app_id)
    assert list(of_program) == list(ActivityEntry.objects.of_application(application.application_id))
    assert list(of_program) == list(ActivityEntry.objects.of_team(program.team_id))
    assert [(row.verb, row.target_label, row.reason) for row in of_program] == [
        ("messages.allowed", "Arrival reminder – City Bus – Metro Wallet", ""),
        ("messages.banned", "Arrival reminder – City Bus – Metro Wallet", "At night."),
    ]


def test_managers_and_developers_are_told(application, admin, program):
    roles = ("admin", "license_holder", "developer", "viewer")
    people = {role: factories.make_member(program.team, role) for role in roles}
    told = {program.created_by, people["admin"], people["license_holder"], people["developer"]}
    row = ban(application, program=program, reason="Advertising.", by=admin)
    assert {notice.user for notice in Notification.objects.all()} == told
    assert set(Notification.objects.values_list("text", "detail", "url")) == {
        (
            "Metro Wallet stopped messages from City Bus",
            "Advertising.",
            f"/miniprograms/{program.app_id}/messages/templates/",
        )
    }
    Notification.objects.all().delete()
    lift(row, by=admin)
    assert {notice.user for notice in Notification.objects.all()} == told
    assert set(Notification.objects.values_list("text", flat=True)) == {
        "Metro Wallet allows messages from City Bus again"
    }


def test_lift(signed_in, application, admin, program):
    row = factories.make_ban(application, program)
    client = signed_in(admin)
    assert change(client.get(lift_url(application, row))) == [("Stopped because", "Too many messages.")]
    assert client.post(lift_url(application, row)).status_code == 302
    row.refresh_from_db()
    assert (standing(), row.lifted_by, row.lifted_at is None) == ([], admin, False)
    # Twice; and then it can be stopped anew.
    response = client.post(lift_url(application, row))
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["Already done: someone else allowed these messages again."]
    ban(application, program=program, reason="Again.", by=admin)
    assert standing() == [("City Bus", "", "Again.")]


def test_stopped_twice(signed_in, application, admin, program):
    client, data = signed_in(admin), {"template": "all", "reason": "Advertising."}
    assert [client.post(add_url(application, program), data).status_code for _ in range(2)] == [302, 422]
    assert (len(standing()), ActivityEntry.objects.filter(verb="messages.banned").count()) == (1, 1)


def test_a_reason_is_needed(signed_in, application, admin, program):
    for reason in ("", "  ", "x" * 501, "\x00"):
        response = signed_in(admin).post(add_url(application, program), {"template": "all", "reason": reason})
        assert (response.status_code, list(response.context["form"].errors)) == (422, ["reason"])
    with pytest.raises(ActionRefused, match="Enter a reason"):
        ban(application, program=program, reason=" ", by=admin)
    assert standing() == []


def test_what_was_typed_stays(signed_in, application, admin, program, template):
    response = signed_in(admin).post(add_url(application, program), {"template": template.template_id, "reason": ""})
    assert response.context["form"]["template"].value() == template.template_id


def test_only_bound_programs_and_their_own_templates(signed_in, application, admin, program, template):
    client = signed_in(admin)
    elsewhere = factories.make_program()
    foreign = factories.make_template(elsewhere)
    deleted = factories.make_template(program, deleted_at=timezone.now())
    assert client.get(add_url(application, elsewhere)).status_code == 404
    assert client.get(f"{add_url(application)}?program=%00").status_code == 404
    for choice in (foreign.template_id, deleted.template_id, "", "x", "9" * 40, "\x00"):
        response = client.post(add_url(application, program), {"template": choice, "reason": "No."})
        assert (response.status_code, list(response.context["form"].errors)) == (422, ["template"])
    for wrong in (foreign, deleted):
        with pytest.raises(ActionRefused, match="deleted"):
            ban(application, program=program, template=wrong, reason="No.", by=admin)
    with pytest.raises(ActionRefused, match="no longer bound"):
        ban(application, program=elsewhere, reason="No.", by=admin)
    assert standing() == []


def test_without_a_program_one_is_chosen(signed_in, application, admin, program):
    factories.make_program()
    client = signed_in(admin)
    assert list(client.get(add_url(application)).context["form"].fields["program"].queryset) == [program]
    assert client.post(add_url(application), {"program": program.pk, "reason": "No."}).status_code == 302
    assert standing() == [("City Bus", "", "No.")]


def test_lower_roles_may_not_and_elsewhere_it_does_not_exist(signed_in, application, program, reviewer, outsider):
    row = factories.make_ban(application, program)
    own = outsider.application_roles.get().application
    targets = [add_url(application, program), lift_url(application, row)]
    assert [signed_in(reviewer).post(target).status_code for target in targets] == [403, 403]
    foreign = [*targets, add_url(own, program), lift_url(own, row)]
    assert [signed_in(outsider).post(target).status_code for target in foreign] == [404, 404, 404, 404]
    assert len(standing()) == 1


def test_wrong_method(signed_in, application, admin, program):
    row = factories.make_ban(application, program)
    targets = [add_url(application), lift_url(application, row)]
    assert [signed_in(admin).put(target).status_code for target in targets] == [405, 405]


def test_an_old_proof_asks_for_the_password(signed_in, application, admin, program):
    client, data = signed_in(admin), {"template": "all", "reason": "No."}
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(add_url(application, program), data).status_code == 403
        assert standing() == []
        proven = {**data, "sudo_password": factories.PASSWORD}
        assert client.post(add_url(application, program), proven).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_at_once(application, admin, program):
    def attempt(verb):
        try:
            verb()
        except ActionRefused:
            return False
        finally:
            connection.close()
        return True

    def stop(_):
        return attempt(lambda: ban(application, program=program, reason="No.", by=admin))

    def allow(_):
        return attempt(
            lambda: lift(Ban.objects.select_related("application", "mini_program", "template").get(), by=admin)
        )

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(stop, range(4))) == [False, False, False, True]
        assert sorted(pool.map(allow, range(4))) == [False, False, False, True]
    assert ActivityEntry.objects.count() == 2


def test_an_old_row_is_overtaken(application, admin, program):
    row = factories.make_ban(application, program)
    stale = Ban.objects.select_related("application", "mini_program", "template").get(pk=row.pk)
    lift(row, by=admin)
    with pytest.raises(Conflict):
        lift(stale, by=admin)
