"""Keys of requests that take longer than anything should (A-2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from console.api.manage import idempotency
from console.api.manage.models import KeptAnswer
from console.api.manage.problems import Problem

pytestmark = pytest.mark.django_db


def test_a_request_that_outlives_its_key_takes_it_from_nobody(program, robot):
    token = robot(program, "upload").made.row
    request = RequestFactory().post("/api/v1/x", headers={"Idempotency-Key": "build-7"})

    def slow() -> HttpResponse:
        KeptAnswer.objects.update(created_at=timezone.now() - idempotency.LONGEST - timedelta(seconds=1))
        assert idempotency.once(request, token, lambda: HttpResponse("second")).content == b"second"
        return HttpResponse("first")

    assert idempotency.once(request, token, slow).content == b"first"
    assert bytes(KeptAnswer.objects.get().body) == b"second"
    assert idempotency.once(request, token, lambda: HttpResponse("third")).content == b"second"


def test_a_request_whose_twin_was_refused_in_this_moment_is_asked_to_come_again(program, robot):
    token = robot(program, "upload").made.row
    request = RequestFactory().post("/api/v1/x", headers={"Idempotency-Key": "build-7"})
    with connection.cursor() as cursor:  # The twin's row was there, and is gone.
        cursor.execute(
            "CREATE FUNCTION twin() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE unique_violation; END';"
            "CREATE TRIGGER twin BEFORE INSERT ON automation_keptanswer FOR EACH ROW EXECUTE FUNCTION twin()"
        )
    with pytest.raises(Problem) as again:
        idempotency.once(request, token, HttpResponse)
    assert (again.value.status, again.value.headers) == (409, {"Retry-After": "2"})
