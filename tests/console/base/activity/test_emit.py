"""Writing an entry."""

import pytest
from celery import shared_task
from django.db import transaction
from django.urls import reverse

from console.base.accounts.events import TeamEdited
from console.base.activity.events import emit
from console.base.activity.middleware import Source, source
from console.base.activity.models import ActivityEntry
from tests.factories import make_team, make_user


@pytest.mark.django_db(transaction=True)
def test_refused_outside_a_transaction():
    team = make_team()
    with pytest.raises(RuntimeError, match="transaction"):
        emit(TeamEdited(team, team=team, by=None))
    assert ActivityEntry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_goes_with_its_transaction():
    team = make_team()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        emit(TeamEdited(team, team=team, by=None))
        raise ZeroDivisionError
    assert ActivityEntry.objects.count() == 0


def test_who_what_on_what_why(db):
    user, team = make_user("Mira Lund"), make_team("Harbour")

    values = {"before": {"name": "A"}, "after": {"name": "B"}, "reason": "Why"}
    entry = emit(TeamEdited(team, team=team, by=user, **values))

    entry.refresh_from_db()
    assert (entry.actor_id, entry.actor_label, entry.verb) == (user.pk, "Mira Lund", "team.edited")
    assert (entry.target_type, entry.target_id, entry.target_label) == ("team", str(team.pk), "Harbour")
    assert (entry.changes(), entry.reason) == ([("name", "A", "B")], "Why")
    assert (entry.source, entry.address) == ("command", None)


def test_long_labels_are_cut(db):
    team = make_team()
    team.name = "y" * 300
    entry = emit(TeamEdited(team, team=team, by=make_user("x" * 100)))
    assert (len(entry.actor_label), len(entry.target_label)) == (100, 200)


def test_an_entry_outlives_what_it_tells_of(db):
    team = make_team("Harbour")
    emit(TeamEdited(team, team=team, by=None))
    team.delete()
    assert ActivityEntry.objects.get().target_label == "Harbour"


def test_what_a_task_does_comes_from_a_job(db):
    team = make_team()

    @shared_task(name="tests.rename")
    def rename():
        with transaction.atomic():
            return emit(TeamEdited(team, team=team, by=None)).pk

    entry = ActivityEntry.objects.get(pk=rename.apply().get())

    assert (entry.source, entry.address) == ("job", None)
    assert source.get() == Source("command")


def test_source_and_address_of_a_request(db, signed_in):
    user = make_user()
    team = make_team(admin=user)

    signed_in(user).post(reverse("accounts:edit", args=[team.pk]), {"name": "Renamed"}, REMOTE_ADDR="203.0.113.7")

    entry = ActivityEntry.objects.of_team(team.pk).get()
    assert (entry.source, entry.address) == ("web", "203.0.113.7")
    assert source.get() == Source("command")
