"""Lists of the API ask as often for many rows as for one: what the database is asked again for each fails here."""

from __future__ import annotations

import pytest

from tests import factories
from tests.console.api.manage.sending import get

pytestmark = pytest.mark.django_db
OF_A_PROGRAM = ("bindings", "bindable-applications", "permissions", "restricted-apis", "exemptions", "templates")
OF_A_PROGRAM += ("template-library", "messages", "agreements", "activity")


def test_no_list_of_a_host_app_asks_for_each_row(robot):
    application = factories.make_application()
    programs = [factories.make_program() for _ in range(3)]
    for program in programs:
        factories.make_binding(program, application)
        factories.make_permission(program, application, factories.make_api(application, f"wx.open{program.pk}").name)
        factories.make_exemption(program, application)
    client = robot(factories.make_program(application.team), "read", whole_team=True)
    for name in ("programs", "permissions", "exemptions"):
        found = get(client, f"/applications/{application.application_id}/{name}")["items"]
        assert [each["program"]["app_id"] for each in found] == [program.app_id for program in programs][::-1]


def test_no_list_of_a_program_asks_for_each_row(program, robot):
    for number in range(3):
        application = factories.make_application(program.team)
        factories.make_application(program.team)  # not bound
        factories.make_binding(program, application)
        factories.make_permission(program, application, factories.make_api(application).name)
        factories.make_api(application, "wx.openDoor")
        factories.make_exemption(program, application)
        factories.make_agreement(program)
        template = factories.make_template(program)
        user = factories.make_program_user(program, application)
        factories.make_message(factories.make_consent(user, template))
        factories.make_program(program.team, f"Program {number}")
    client = robot(program, "read", whole_team=True)
    paths = ["/programs", "/applications", "/activity"] + [
        f"/programs/{program.app_id}/{name}" for name in OF_A_PROGRAM
    ]
    few = [path for path in paths if len(get(client, path)["items"]) < 3]
    assert few == ["/activity", f"/programs/{program.app_id}/activity"]  # factories write no entries
