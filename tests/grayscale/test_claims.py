"""Who gets a place (G-5), one request after the other; requests at the same time are in test_claims_together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.base.core.errors import ActionRefused
from grayscale.claims import DatabaseClaims, close_shards, make_shards, open_shards, resize
from grayscale.decision import Candidate, TaskRule
from grayscale.models import SHARDS, Claim, ClaimShard, GrayscaleTask
from grayscale.program_state import rules_of
from tests.factories import make_device, make_task


def rule(task: GrayscaleTask) -> TaskRule:
    """The task as the update check knows it."""
    return rules_of(GrayscaleTask.objects.filter(pk=task.pk))[task.pk]


def take(device: SimpleNamespace, *tasks: GrayscaleTask, may_claim: bool = True) -> int | None:
    """Ask for a place in the first task that has one; its key."""
    candidates = [Candidate(rule(task), may_claim) for task in tasks]
    taken = DatabaseClaims().take(candidates, device, application=7)
    return taken.id if taken else None


def shards(task: GrayscaleTask) -> list[tuple[int, int, int, bool]]:
    """Number, places, taken ones, and whether new users get one."""
    return list(
        ClaimShard.objects.filter(task=task).order_by("shard").values_list("shard", "capacity", "taken", "open")
    )


def delivered(task: GrayscaleTask) -> int:
    """How many users have a place."""
    return ClaimShard.objects.filter(task=task).aggregate(sum=Sum("taken"))["sum"]


@pytest.mark.parametrize("limit", [1, 2, 15, 16, 17, 100, 100_000_000])
def test_a_limit_is_divided_evenly(task: GrayscaleTask, limit: int) -> None:
    ClaimShard.objects.filter(task=task).delete()
    task.user_limit = limit
    make_shards(task)
    each, rest = divmod(limit, SHARDS)
    assert shards(task) == [(n, each + (n < rest), 0, True) for n in range(SHARDS)]


@pytest.mark.parametrize("limit", [1, 3, 16, 21])
def test_exactly_as_many_as_the_limit(task: GrayscaleTask, limit: int) -> None:
    resize(task, limit)
    devices = [make_device() for _ in range(limit + 5)]
    assert [take(device, task) for device in devices] == [task.pk] * limit + [None] * 5
    assert [take(device, task) for device in devices] == [task.pk] * limit + [None] * 5  # each keeps what it has
    assert set(task.claims.values_list("guid", flat=True)) == {device.guid for device in devices[:limit]}
    assert delivered(task) == limit


def test_what_is_kept_of_the_device(task: GrayscaleTask) -> None:
    device = make_device(platform="ios", os_version="17.2", app_version="9.3", network="5g")
    take(device, task)
    facts = ("guid", "application_id", "app_version", "platform", "os_version", "network")
    assert list(task.claims.values_list(*facts)) == [(device.guid, 7, "9.3", "ios", "17.2", "5g")]


def test_who_may_not_claim_only_keeps(task: GrayscaleTask) -> None:
    known, stranger = make_device(), make_device()
    take(known, task)
    assert take(known, task, may_claim=False) == task.pk
    assert take(stranger, task, may_claim=False) is None
    assert delivered(task) == 1


def test_closed_shards_give_no_new_place(task: GrayscaleTask) -> None:
    known, stranger = make_device(), make_device()
    take(known, task)
    close_shards(task)
    assert (take(known, task), take(stranger, task)) == (task.pk, None)
    open_shards(task)
    assert take(stranger, task) == task.pk


def test_the_next_task_when_the_first_is_full(version, task: GrayscaleTask) -> None:
    other = make_task(version)
    resize(task, 1)
    first, second = make_device(), make_device()
    assert take(first, task, other) == task.pk
    assert take(second, task, other) == other.pk
    assert take(second, other, task) == other.pk
    resize(task, 2)
    assert take(second, task, other) == task.pk  # G-7: the first that has a place
    assert (delivered(task), delivered(other)) == (2, 1)


def test_the_limit_can_be_what_is_delivered_but_not_less(task: GrayscaleTask) -> None:
    for _ in range(5):
        take(make_device(), task)
    before = shards(task)
    with pytest.raises(ActionRefused) as refused:
        resize(task, 4)
    assert refused.value.field == "user_limit"
    assert refused.value.message == "5 devices already have the version. The limit can’t be lower."
    assert shards(task) == before
    resize(task, 5)
    assert all(capacity == taken for _, capacity, taken, _ in shards(task))
    assert take(make_device(), task) is None
    resize(task, 6)
    assert take(make_device(), task) == task.pk


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 30)),
        st.tuples(st.just("limit"), st.integers(1, 40)),
        st.tuples(st.just("close"), st.none()),
        st.tuples(st.just("open"), st.none()),
    ),
    max_size=60,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(limit=st.integers(1, 20), steps=STEPS)
def test_like_a_set_with_a_limit(task: GrayscaleTask, limit: int, steps: list[tuple[str, int | None]]) -> None:
    with transaction.atomic():
        Claim.objects.filter(task=task).delete()
        ClaimShard.objects.filter(task=task).update(taken=0, open=True)
        resize(task, limit)
        places: set[int] = set()
        is_open = True
        for step, number in steps:
            if step == "ask":
                if is_open and len(places) < limit:
                    places.add(number)
                device = make_device()
                device.guid = f"0302{number:028}"
                assert (take(device, task) == task.pk) == (number in places)
            elif step == "limit":
                if number < len(places):
                    with pytest.raises(ActionRefused):
                        resize(task, number)
                else:
                    resize(task, number)
                    limit = number
            else:
                is_open = step == "open"
                open_shards(task) if is_open else close_shards(task)
            rows = shards(task)
            assert sum(capacity for _, capacity, _, _ in rows) == limit
            assert delivered(task) == len(places) == task.claims.count()
            assert {row[3] for row in rows} == {is_open}


def test_nothing_of_a_claim_that_is_rolled_back(task: GrayscaleTask) -> None:
    claims, device = DatabaseClaims(), make_device()
    candidates = [Candidate(rule(task), may_claim=True)]
    with transaction.atomic():
        assert claims.take(candidates, device, application=7) is not None
        transaction.set_rollback(True)
    close_shards(task)
    assert claims.take(candidates, device, application=7) is None
    assert (delivered(task), task.claims.count()) == (0, 0)


def test_free_places_are_spread_when_many_are_taken(task: GrayscaleTask) -> None:
    resize(task, 40)
    for _ in range(25):
        take(make_device(), task)
    resize(task, delivered(task) + 32)
    assert {capacity - taken for _, capacity, taken, _ in shards(task)} == {2}
