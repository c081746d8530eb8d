"""When the mail server took its last mail, before a column said so: as far as the mails themselves know."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from console.base.accounts import actions
from console.base.accounts.models import MailServer
from tests.factories import make_user

fill = import_module("console.base.accounts.migrations.0013_last_sent_at").note_the_last_mail


@pytest.fixture
def server(db):
    MailServer.objects.create()

    def filled():
        fill(apps, None)
        return MailServer.objects.get().last_sent_at

    return filled


def tell(user, **fields):
    user.notifications.create(kind="people", text="Words", url="/", **fields)


def test_nothing_is_made_up_where_no_mail_knows(server):
    tell(make_user())
    assert server() is None


def test_the_newest_mail_that_was_sent_counts(house, server):
    now = timezone.now()
    invitation = actions.invite(house.team, email="new@example.com", role="viewer", by=house.admin)
    for hours in (3, 2, 5):
        tell(house.viewer, emailed_at=now - timedelta(hours=hours))
    tell(house.viewer)
    assert server() == now - timedelta(hours=2)
    type(invitation).objects.update(emailed_at=now - timedelta(hours=1))
    assert server() == now - timedelta(hours=1)
