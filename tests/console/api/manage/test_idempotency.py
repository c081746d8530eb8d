"""Keys of requests that take longer than anything should (A-2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from console.api.manage import idempotency
from console.api.manage.models import KeptAnswer

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
