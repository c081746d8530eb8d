"""What people had read before one number said so is read afterwards, and nothing else."""

from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification, User
from tests.factories import make_user

FILL = import_module("console.base.accounts.migrations.0006_notifications_read_to").FILL
READ, UNREAD, MAILED = {"read_at": timezone.now()}, {}, {"in_console": False}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "unread"),
    [
        ([], 0),
        ([READ, READ, UNREAD], 1),
        ([READ, READ, READ], 0),
        ([UNREAD, READ, UNREAD], 2),  # one that came while the others were marked
        ([UNREAD, UNREAD], 2),
        ([READ, MAILED], 0),
        ([MAILED, UNREAD], 1),
    ],
)
def test_fill(rows, unread):
    user = make_user()
    for fields in rows:
        user.notifications.create(kind="people", text="Words", url="/", **fields)
    with connection.cursor() as cursor:
        cursor.execute(FILL)
    user = User.objects.get(pk=user.pk)
    assert Notification.objects.unread_by(user).count() == unread
    newest = user.notifications.values_list("pk", flat=True).first() or 0
    assert user.notifications_read_to <= newest
