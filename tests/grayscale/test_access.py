"""From a URL to a task or a list: not yours is 404, yours without the right is 403 (P-1)."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from console.base.accounts.permissions import Permission
from grayscale.access import object_list_for, task_for
from tests import factories

LOADERS = {
    "task": (task_for, lambda version: factories.make_task(version)),
    "list": (object_list_for, lambda version: factories.make_object_list(version.mini_program)),
}


@pytest.fixture(params=LOADERS)
def case(request, version):
    """A loader, and a row that it finds."""
    load, make = LOADERS[request.param]
    return load, make(version), version.mini_program


def test_who_may_gets_the_row_with_the_program_and_what_they_hold(case):
    load, row, program = case
    found = load(program.created_by, Permission.MANAGE, program.app_id, row.pk)
    assert found == row
    assert Permission.MANAGE in found.mini_program.held


def test_other_team(case):
    load, row, program = case
    stranger = factories.make_member(factories.make_team(), "admin")
    with pytest.raises(Http404):
        load(stranger, Permission.VIEW, program.app_id, row.pk)


def test_lower_role(case):
    load, row, program = case
    developer = factories.make_member(program.team, "developer")
    assert load(developer, Permission.VIEW, program.app_id, row.pk) == row
    with pytest.raises(PermissionDenied):
        load(developer, Permission.MANAGE, program.app_id, row.pk)


def test_by_another_program_of_the_same_team(case):
    load, row, program = case
    other = factories.make_program(program.team, created_by=program.created_by)
    for app_id, pk in ((other.app_id, row.pk), (program.app_id, 10**9)):
        with pytest.raises(Http404):
            load(program.created_by, Permission.VIEW, app_id, pk)
