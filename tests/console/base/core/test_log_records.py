"""What the process's own log says."""

import logging
import sys

import pytest
from django.core.exceptions import SuspiciousOperation

from console.base.core.log_records import without_traceback_of_refusals
from tests.factories import make_member, make_program

pytestmark = pytest.mark.django_db


def test_a_403_is_one_line(signed_in, caplog):
    program = make_program()
    page = f"/miniprograms/{program.app_id}/keys/"
    assert signed_in(make_member(program.team, "viewer")).get(page).status_code == 403
    lines = [logging.Formatter().format(record) for record in caplog.records if record.name == "django.request"]
    assert lines == [f"Forbidden (Permission denied): {page}"]


@pytest.mark.parametrize(
    ("name", "lines"), [("django.request", 1), ("django.security.DisallowedHost", 1), ("celery.app.trace", 4)]
)
def test_only_a_refused_request_has_no_traceback(name, lines):
    try:
        raise SuspiciousOperation("Refused")
    except SuspiciousOperation:
        record = logging.LogRecord(name, logging.ERROR, __file__, 1, "It failed", (), sys.exc_info())
    assert without_traceback_of_refusals(record)
    assert len(logging.Formatter().format(record).splitlines()) >= lines
    assert (record.exc_info is None) == (lines == 1)


def test_nothing_is_written_twice():
    """Django's own handler beside ours would."""
    assert logging.getLogger("django").handlers == []
    assert logging.getLogger("django").propagate
