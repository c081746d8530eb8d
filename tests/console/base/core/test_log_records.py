"""What the process's own log says."""

import logging

import pytest

from tests.factories import make_member, make_program

pytestmark = pytest.mark.django_db


def test_a_403_is_one_line(signed_in, caplog):
    program = make_program()
    page = f"/miniprograms/{program.app_id}/keys/"
    assert signed_in(make_member(program.team, "viewer")).get(page).status_code == 403
    lines = [logging.Formatter().format(record) for record in caplog.records if record.name == "django.request"]
    assert lines == [f"Forbidden (Permission denied): {page}"]


def test_nothing_is_written_twice():
    """Django's own handler beside ours would."""
    assert logging.getLogger("django").handlers == []
    assert logging.getLogger("django").propagate
