"""Making the first secret (K-2)."""

from hashlib import sha256

import pytest

from console.base.core.errors import ActionRefused
from devmgmt.keys import actions, tokens
from devmgmt.keys.models import AppSecret
from tests.devmgmt.keys.asking import CALLER, at_once, entries, told, url
from tests.factories import make_member, make_program, make_secret


def test_makes_a_secret_that_works(program, admin):
    other = make_member(program.team, "admin")
    make_member(program.team, "license_holder")

    row, secret = actions.generate(program, by=admin, reason="First server")

    assert (len(secret), set(secret) <= set("0123456789abcdef")) == (32, True)
    assert (row.sha256, row.hint) == (sha256(secret.encode()).hexdigest(), secret[-4:])
    assert (row.ends_at, row.frozen_at, row.created_by) == (None, None, admin)
    assert tokens.authenticate(program.app_id, secret, caller=CALLER) == program
    [entry] = entries(program)
    assert (entry.verb, entry.actor_id, entry.reason) == ("secret.generated", admin.pk, "First server")
    assert (entry.before, entry.after) == (None, {"secret": f"…{secret[-4:]}"})
    assert told() == [other]
    program.refresh_from_db()
    assert program.last_change == "secret.generated"


def test_once(program, admin):
    actions.generate(program, by=admin)
    with pytest.raises(ActionRefused, match="There is already a secret"):
        actions.generate(program, by=admin)
    assert (AppSecret.objects.count(), len(entries(program))) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_makes_it(program, admin):
    answers = at_once(*[lambda: actions.generate(program, by=admin)] * 2)
    assert sorted(isinstance(answer, ActionRefused) for answer in answers) == [False, True]
    assert AppSecret.objects.count() == 1


def test_the_answer_shows_it_once(signed_in, program, admin):
    client = signed_in(admin)
    assert "Generate the AppSecret of City Bus?" in client.get(url(program, "generate")).content.decode()

    answer = client.post(url(program, "generate"), {"note": ""})

    row = AppSecret.objects.get()
    secret = answer.context["shown"].value
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert row.sha256 == sha256(secret.encode()).hexdigest()
    assert secret in answer.content.decode()
    assert answer.content.decode().count("</html>") == 1
    again = client.post(url(program, "generate"), {"note": ""})
    assert (again.status_code, AppSecret.objects.count()) == (422, 1)
    assert "There is already a secret. Reset it to get a new one." in again.content.decode()
    assert secret not in again.content.decode()


def test_in_the_dialog(signed_in, program, admin):
    headers = {"HX-Request": "true", "HX-Target": "dialog"}
    answer = signed_in(admin).post(url(program, "generate"), headers=headers)
    text = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert (answer.context["shown"].value in text, "<html" in text) == (True, False)


def test_another_teams_program_and_lower_roles(signed_in, program, admin):
    foreign = make_program()
    assert signed_in(admin).post(url(foreign, "generate")).status_code == 404
    for role in ("license_holder", "developer", "viewer"):
        assert signed_in(make_member(program.team, role)).post(url(program, "generate")).status_code == 403
    assert AppSecret.objects.count() == 0


def test_wrong_method(signed_in, program, admin):
    assert signed_in(admin).put(url(program, "generate")).status_code == 405


def test_odd_input(signed_in, program, admin):
    client = signed_in(admin)
    assert client.post(url(program, "generate"), {"note": "a\0b"}).status_code == 422
    assert client.post(url(program, "generate"), {"note": "x" * 501}).status_code == 422
    assert AppSecret.objects.count() == 0


def test_others_secrets_are_nothing_to_it(program, admin):
    make_secret(make_program(program.team))
    assert actions.generate(program, by=admin).row.mini_program == program
