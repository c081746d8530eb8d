"""Dialogs and forms of what can't be done don't open, and say why (G-1, G-4)."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db


def reason(client, address):
    answer = client.get(address)
    assert answer.status_code == 302
    (words,) = map(str, get_messages(answer.wsgi_request))
    return words


@pytest.mark.parametrize(
    ("state", "move", "words"),
    [
        ("pending", "suspend", "This task hasn’t started yet."),
        ("pending", "resume", "This task isn’t suspended."),
        ("delivering", "start", "This task has already started."),
        ("delivering", "resume", "This task isn’t suspended."),
        ("suspended", "suspend", "This task is already suspended."),
        ("ended", "end", "This task has ended."),
        ("ended", "edit", "This task has ended."),
    ],
)
def test_moves_that_can_not_be_made(signed_in, state, move, words):
    task = factories.make_task(state=state)
    address = reverse(f"grayscale:{move}", args=[task.mini_program.app_id, task.pk])
    assert reason(signed_in(task.mini_program.created_by), address) == words


def test_a_new_task_without_a_version_to_try(signed_in):
    program = factories.make_program()
    address = reverse("grayscale:create", args=[program.app_id])
    client = signed_in(program.created_by)
    assert reason(client, address) == "A grayscale release needs an online version. Publish one first."
    factories.make_online(program, "2.0.0")
    words = "No version is ready for grayscale. Get one above 2.0.0 approved first."
    assert words in client.get(address, follow=True).content.decode()


def test_a_version_that_can_not_be_tried_is_not_replaced_by_another(signed_in):
    program = factories.make_program()
    factories.make_approved(program, "1.10.0")
    factories.make_online(program, "2.0.0")
    factories.make_approved(program, "2.1.0")
    address = reverse("grayscale:create", args=[program.app_id])
    client = signed_in(program.created_by)
    assert reason(client, f"{address}?version=1.10.0") == "1.10.0 isn’t higher than the online version, 2.0.0."
    assert client.get(f"{address}?version=2.1.0").status_code == 200


def test_only_a_version_that_can_come_to_be_tried_is_named(signed_in):
    program = factories.make_program()
    factories.make_online(program, "2.0.0")
    factories.make_approved(program, "2.1.0")
    factories.make_audit(program, "1.9.0")
    client = signed_in(program.created_by)
    address = reverse("grayscale:create", args=[program.app_id])
    assert "is still in audit" not in client.get(address).content.decode()


def test_one_above_the_online_one_is(signed_in):
    program = factories.make_program()
    factories.make_online(program, "2.0.0")
    factories.make_approved(program, "2.1.0")
    factories.make_audit(program, "2.2.0")
    client = signed_in(program.created_by)
    assert "2.2.0 is still in audit" in client.get(reverse("grayscale:create", args=[program.app_id])).content.decode()
