"""Toasts that take an act back: by its inverse verb, and only while nothing happened since."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from console.base.accounts.models import Notification, User
from console.base.accounts.states import NotificationKind
from console.base.core.toasts import undo_of
from devmgmt import actions
from devmgmt.models import SavedQuery
from tests.factories import make_member, make_program, make_team, make_user

pytestmark = pytest.mark.django_db
CHOICES = "/notifications/choices/"


def offered(answer):
    """Return where the toast of an answer leads, and what it sends."""
    (message,) = get_messages(answer.wsgi_request)
    return undo_of(message)


def press(client, answer):
    """Press Undo, as the toast on the next page has it; return that page's answer."""
    undo = offered(answer)
    page = client.get("/notifications/").content.decode()
    assert f'action="{undo.url.replace("&", "&amp;")}"' in page
    return client.post(undo.url, undo.fields, follow=True)


def unread(user):
    return Notification.objects.unread_by(User.objects.get(pk=user.pk)).count()


def notify(user):
    return user.notifications.create(kind="people", text="Words", url="/")


def test_what_was_marked_read_is_unread_again(signed_in):
    user = make_user()
    client = signed_in(user)
    notify(user)
    answer = client.post(reverse("notifications_read"))
    assert unread(user) == 0
    press(client, answer)
    assert unread(user) == 1

    answer = client.post(reverse("notifications_read"))
    notify(user)
    client.post(reverse("notifications_read"))
    assert "Not undone" in press(client, answer).content.decode()
    assert unread(user) == 0


@pytest.mark.parametrize(
    "fields", [{}, {"to": "x", "since": "1"}, {"to": "5", "since": "3"}, {"to": "0", "since": "9" * 30}]
)
def test_nonsense_marks_nothing(signed_in, fields):
    user = make_user(notifications_read_to=3)
    assert signed_in(user).post(reverse("notifications_unread"), fields).status_code == 302
    assert User.objects.get(pk=user.pk).notifications_read_to == 3
    assert signed_in(user).get(reverse("notifications_unread")).status_code == 405


def test_nothing_to_take_back_offers_nothing(signed_in):
    assert offered(signed_in(make_user()).post(reverse("notifications_read"))) is None
    assert offered(signed_in(make_user()).post(CHOICES, all_on())) is None


def all_on():
    return {f"{kind}_{place}": "on" for kind in NotificationKind.values for place in ("in_console", "by_email")}


def choices(user):
    return {row.kind: (row.in_console, row.by_email) for row in user.notification_choices.all()}


def test_choices_are_as_before_unless_they_changed_again(signed_in):
    user = make_user()
    client = signed_in(user)
    client.post(CHOICES, all_on())
    before = choices(user)
    client.get(CHOICES)
    answer = client.post(CHOICES, {"keys_in_console": "on"})
    assert choices(user) != before
    press(client, answer)
    assert choices(user) == before

    answer = client.post(CHOICES, {"keys_in_console": "on"})
    undo = offered(answer)
    client.post(CHOICES, {"keys_by_email": "on"})
    meanwhile = choices(user)
    answer = client.post(undo.url, undo.fields)
    assert answer.status_code == 422
    assert "Not undone" in answer.content.decode()
    assert choices(user) == meanwhile
    assert client.post(CHOICES, {**undo.fields, "instead_of": "x"}).status_code == 422


def test_the_first_steps_are_shown_again(signed_in):
    client = signed_in(make_member(make_team(), "admin"))
    for _time in range(2):  # Twice is as once.
        answer = client.post(reverse("first_run"))
        undo = offered(answer)
        client.post(undo.url, undo.fields)
        assert client.post(undo.url, undo.fields, follow=True).context["checklist"] is not None


@pytest.mark.parametrize("shared", [True, False])
def test_a_deleted_query_is_kept_again_by_its_author(signed_in, shared):
    program = make_program()
    author = make_member(program.team, "developer")
    client = signed_in(author)

    def delete():
        saved = SavedQuery.objects.get()
        return client.post(reverse("devmgmt:delete_query", args=[program.app_id, saved.pk]))

    actions.save_query(program, name="Errors", query="level=error", by=author, is_shared=shared)
    press(client, delete())
    assert SavedQuery.objects.values_list("name", "query", "is_shared", "user").get() == (
        "Errors", "level=error", shared, author.pk,
    )  # fmt: skip

    answer = delete()
    actions.save_query(program, name="Errors", query="level=warn", by=author, is_shared=shared)
    assert "form" in press(client, answer).context
    assert SavedQuery.objects.get().query == "level=warn"


def test_somebody_elses_query_would_become_mine(signed_in):
    program = make_program()
    saved = actions.save_query(
        program, name="Errors", query="level=error", by=make_member(program.team, "developer"), is_shared=True
    )
    client = signed_in(make_member(program.team, "admin"))
    answer = client.post(reverse("devmgmt:delete_query", args=[program.app_id, saved.pk]))
    assert offered(answer) is None
