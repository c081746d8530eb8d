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
from console.base.core import retention
from console.base.hosts.models import ApplicationMember
from tests import factories

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


def asked(key):
    return RequestFactory().post("/api/v1/x", headers={"Idempotency-Key": key} if key else {})


@pytest.mark.parametrize(("limit", "most"), [("MOST_ANSWERS", 2), ("MOST_ANSWER_BYTES", 6)])
def test_no_more_answers_of_a_token_are_kept_than_it_may_have(program, robot, monkeypatch, limit, most):
    monkeypatch.setattr(idempotency, limit, most)
    token, other = (robot(program, "upload", name=name).made.row for name in ("release", "nightly"))
    for key in ("build-1", "build-2"):
        assert idempotency.once(asked(key), token, lambda: HttpResponse("yes")).content == b"yes"

    done = []
    with pytest.raises(Problem) as refused:
        idempotency.once(asked("build-3"), token, lambda: done.append("build-3"))
    assert (refused.value.status, refused.value.code, done) == (429, "too_many_keys", [])
    assert 86_000 < int(refused.value.headers["Retry-After"]) <= 86_401
    assert set(KeptAnswer.objects.values_list("key", flat=True)) == {"build-1", "build-2"}

    again = idempotency.once(asked("build-2"), token, HttpResponse)
    assert again[idempotency.REPLAYED] == "true"
    for who, key in ((token, ""), (other, "build-3")):
        assert idempotency.once(asked(key), who, lambda: HttpResponse("yes")).content == b"yes"

    KeptAnswer.objects.filter(key="build-1").update(created_at=timezone.now() - idempotency.ANSWERS_KEPT)
    assert idempotency.once(asked("build-3"), token, lambda: HttpResponse("yes")).content == b"yes"


def test_the_api_says_how_many_keys_a_token_has(client):
    found = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/programs/{app_id}/versions"]["post"]
    key = next(parameter for parameter in found["parameters"] if parameter["name"] == "Idempotency-Key")
    assert (str(idempotency.MOST_ANSWERS) in key["description"], "too_many_keys" in key["description"]) == (True, True)


def test_answers_go_in_batches_after_a_day(program, robot, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    token, at = robot(program, "upload").made.row, timezone.now()
    for number in range(4):
        idempotency.once(asked(f"build-{number}"), token, lambda: HttpResponse("yes"))
    KeptAnswer.objects.exclude(key="build-3").update(created_at=at - idempotency.ANSWERS_KEPT - timedelta(seconds=1))
    kind = retention.KINDS["kept_answers"]
    assert list(kind.steps(at, kind.days, retention.Place())) == [2, 1]
    assert KeptAnswer.objects.get().key == "build-3"


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


@pytest.fixture
def edit(program, own_token):
    """Edit the program with the token of a license holder who also reviews for an app, always with the same key."""
    holder = factories.make_member(program.team, "license_holder")
    application = factories.make_application(program.team)
    ApplicationMember.objects.create(application=application, user=holder, role="reviewer")
    client, url = own_token(holder, "configure"), f"/api/v1/programs/{program.app_id}"

    def send():
        body, headers = '{"introduction": "All stops"}', {"Idempotency-Key": "build-7"}
        return client.patch(url, body, content_type="application/json", headers=headers)

    send.holder = holder
    return send


@pytest.mark.parametrize(
    "change",
    [
        lambda holder: holder.memberships.all().delete(),
        lambda holder: holder.memberships.update(role="viewer"),
        lambda holder: holder.application_roles.all().delete(),
    ],
)
def test_who_lost_a_role_reads_no_answer_from_before(edit, change):
    """P-1, P-3."""
    first, again = edit(), edit()
    assert (first.status_code, again.content, again[idempotency.REPLAYED]) == (200, first.content, "true")
    change(edit.holder)
    refused = edit()
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key")
    assert "roles" in refused.json()["detail"] and "introduction" not in refused.content.decode()


def test_an_answer_that_the_previous_release_kept_is_given_again(edit):
    first = edit()
    KeptAnswer.objects.update(roles="")
    assert edit().content == first.content
