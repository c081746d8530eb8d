"""32 threads on one program: always 0 or 1 online version (V-7), and the history replays to the same state."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from console.base.core.errors import ActionRefused
from miniprograms import actions as programs
from releases import actions
from releases.models import Version
from releases.states import ReleaseKind
from tests import factories

THREADS = 32
START = Barrier(THREADS)
MOVES = 6


@pytest.fixture
def program(transactional_db):
    """A program with one online and eight approved versions."""
    program = factories.make_program()
    factories.make_online(program, "1.0.0")
    for number in range(1, 9):
        factories.make_approved(program, f"1.{number}.0")
    return program


def hammer(program, seed):
    """Make random moves; return how each ended."""
    connection.ensure_connection()
    START.wait()
    choose = random.Random(seed)
    outcomes = Counter()
    try:
        for _ in range(MOVES):
            version = choose.choice(program.versions.all())
            move = choose.choice(["publish", "publish", "roll_back", "off", "on", "on"])
            try:
                match move:
                    case "publish":
                        actions.publish(version, by=program.created_by)
                    case "roll_back":
                        actions.roll_back(version, by=program.created_by)
                    case "off":
                        programs.take_off_shelf(program, by=program.created_by, reason="Test")
                    case "on":
                        programs.put_on_shelf(program, by=program.created_by)
                outcomes[move] += 1
            except ActionRefused:
                outcomes["refused"] += 1
            assert Version.objects.online().filter(mini_program=program).count() <= 1
    finally:
        connection.close()
    return outcomes


def test_threads_never_leave_two_online_versions(program):
    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = sum(pool.map(lambda seed: hammer(program, seed), range(THREADS)), Counter())
    assert outcomes.total() == THREADS * MOVES
    assert outcomes["publish"] >= 1

    online, rolled_back = None, set()
    for release in program.releases.order_by("id").select_related("from_version", "to_version"):
        assert release.from_version == online
        if release.kind == ReleaseKind.PUBLISH:
            assert online is None or release.to_version.parts > online.parts
        else:
            rolled_back.add(online)
        online = release.to_version
        assert online not in rolled_back
    program.refresh_from_db()
    assert program.versions.online().get() == online
    assert program.online_number == online.number
    assert set(program.versions.exclude(rolled_back_at=None)) == rolled_back
