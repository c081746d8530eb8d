"""A console full of programs, for benchmarks: `python -m tests.bench.catalogue PROGRAMS [LIST …]` fills a database.

Every tenth program has five delivering grayscale tasks, in which some devices have a place. For each LIST, a number,
there is one program more, with one task and an object list of so many GUIDs. Prints the id and key of an application
to which every program is bound, the programs' App IDs, and proofs of the GUIDs that ask, as JSON. With BENCH_PROVED the
applications require proof for places.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from array import array
from collections import Counter
from datetime import timedelta
from heapq import merge
from itertools import cycle, pairwise
from typing import Any

import django
from django.utils import timezone

APPLICATIONS = 20
VERSIONS = 3  # of each program; the highest is online
TASKS = 5  # of each tenth program
KNOWN = 5_000  # GUIDs that have a place already: the first ones
LISTED = 2_500  # every second of them
ENOUGH = 100_000_000  # places in each task


def fill(programs: int, lists: list[int]) -> dict[str, object]:
    """Make programs on the shelf, each with an online version and bound to three applications, and tasks."""
    from console.base.accounts.models import Team, User
    from console.base.hosts.models import ApplicationKey, HostApplication
    from console.base.hosts.proofs import issue
    from console.base.hosts.signing import make_signing_key
    from miniprograms.models import Binding, Category, MiniProgram
    from releases.models import Package, Version

    now = timezone.now()
    asker, decider = (
        User.objects.create_user(email=f"{name}@example.com", password=None, name=name) for name in ("asker", "decider")
    )
    team = Team.objects.create(name="Bench")
    category = Category.objects.create(name="Bench")
    hosts = HostApplication.objects.bulk_create(
        HostApplication(team=team, name=f"Application {n}") for n in range(APPLICATIONS)
    )
    keys = ApplicationKey.objects.bulk_create(ApplicationKey(application=host, created_by=asker) for host in hosts)
    for host in hosts:
        make_signing_key(host, by=None)
    if os.environ.get("BENCH_PROVED"):
        HostApplication.objects.update(places_proved_since=now)
    made = MiniProgram.objects.bulk_create(
        MiniProgram(
            team=team,
            name=f"Program {n}",
            category=category,
            introduction="For measuring.",
            created_by=asker,
            online_number=f"1.{VERSIONS - 1}.0",
            online_since=now,
        )
        for n in range(programs + len(lists))
    )
    Binding.objects.bulk_create(
        Binding(
            mini_program=program,
            application=host,
            state="approved",
            requested_by=asker,
            requested_at=now,
            decided_by=decider,
            decided_at=now,
        )
        for n, program in enumerate(made)
        for host in (hosts[0], hosts[1 + n % 9], hosts[10 + n % 10])
    )
    packages = Package.objects.bulk_create(_package(Package, n) for n in range(len(made) * VERSIONS))
    Version.objects.bulk_create(
        Version(
            mini_program=made[n // VERSIONS],
            major=1,
            minor=n % VERSIONS,
            patch=0,
            package=package,
            state="online" if n % VERSIONS == VERSIONS - 1 else "retired",
            uploaded_by=asker,
            uploaded_at=now,
        )
        for n, package in enumerate(packages)
    )
    plain = [program for n, program in enumerate(made[:programs]) if n % 10]
    tasked, listed = made[:programs:10], made[programs:]
    add_claims(add_tasks(tasked, hosts, asker)[TASKS - 1 :: TASKS], range(KNOWN), hosts[0])
    for program, task, length in zip(listed, add_tasks(listed, hosts, asker, each=1), lists, strict=True):
        add_list(program, task, asker, length)
        add_claims([task], range(0, 2 * LISTED, 2), hosts[0])
    return {
        "application_id": hosts[0].application_id,
        "key": keys[0].key,
        "plain": [program.app_id for program in plain],
        "tasked": [program.app_id for program in tasked],
        "proofs": [
            issue(hosts[0].application_id, 1, guid=_guid(n), account=None, at=now.timestamp())[0] for n in range(KNOWN)
        ],
        "listed": [program.app_id for program in listed],
    }


def add_tasks(programs: list[Any], hosts: list[Any], by: Any, each: int = TASKS) -> list[Any]:
    """Make `each` delivering tasks of each program, of two versions; our devices fit the one of the highest version."""
    from grayscale.models import SHARDS, ApplicationCondition, ClaimShard, GrayscaleTask, PlatformCondition
    from releases.models import Package, Version

    now = timezone.now()
    packages = Package.objects.bulk_create(_package(Package, (program.pk, n)) for program in programs for n in range(2))
    versions = Version.objects.bulk_create(
        Version(
            mini_program=programs[n // 2],
            major=2,
            minor=n % 2,
            patch=0,
            package=package,
            state="approved",
            uploaded_by=by,
            uploaded_at=now,
        )
        for n, package in enumerate(packages)
    )
    tasks = GrayscaleTask.objects.bulk_create(
        GrayscaleTask(
            mini_program=program,
            version=versions[2 * n + (number == each - 1)],
            name=f"Task {number}",
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(days=7),
            user_limit=ENOUGH,
            networks=["wifi", "5g"] if number == each - 1 else ["2g", "3g"],
            state="delivering",
            state_since=now,
            created_by=by,
            created_at=now + timedelta(seconds=number),
        )
        for n, program in enumerate(programs)
        for number in range(each)
    )
    ApplicationCondition.objects.bulk_create(
        ApplicationCondition(task=task, application=host, lowest="8.0", highest="")
        for task in tasks
        for host in hosts[:2]
    )
    PlatformCondition.objects.bulk_create(
        PlatformCondition(task=task, platform=platform, lowest=lowest, highest="")
        for task in tasks
        for platform, lowest in (("android", "10"), ("ios", "15.0"))
    )
    ClaimShard.objects.bulk_create(
        (ClaimShard(task=task, shard=n, capacity=ENOUGH // SHARDS) for task in tasks for n in range(SHARDS)),
        batch_size=10_000,
    )
    return tasks


def add_claims(tasks: list[Any], guids: range, host: Any) -> None:
    """Give each GUID a place in one task: the first in the first, the second in the second and so on."""
    from grayscale.models import Claim, ClaimShard

    facts = {"app_version": "8.0.50", "platform": "android", "os_version": "14", "network": "wifi"}
    claims = Claim.objects.bulk_create(
        Claim(task=task, guid=_guid(n), claimed_at=timezone.now(), application=host, **facts)
        for n, task in zip(guids, cycle(tasks), strict=False)
    )
    for task_id, taken in Counter(claim.task_id for claim in claims).items():
        ClaimShard.objects.filter(task=task_id, shard=0).update(taken=taken)


def add_list(program: Any, task: Any, by: Any, length: int) -> None:
    """Give the task a list of GUIDs: LISTED that ask, among others; hashes only, the values are of no use here."""
    from grayscale.hashed import hash_of
    from grayscale.models import ObjectList

    key = os.urandom(16)
    asking = sorted(hash_of(_guid(n), key) for n in range(0, 2 * LISTED, 2))
    step = 2**64 // (length - LISTED)
    # Evenly spread, as hashes are, and a little aside of the even places.
    others = range(step // 3, 2**64 - step // 3, step)
    hashes = array("Q", merge(asking, others))
    assert all(one < other for one, other in pairwise(hashes))
    ObjectList.objects.create(
        mini_program=program,
        task=task,
        kind="guid",
        count=len(hashes),
        key=key,
        hashes=hashes.tobytes(),
        uploaded_by=by,
        uploaded_at=timezone.now(),
    )


def _guid(n: int) -> str:
    return f"0302{n:028}"


def _package(model: Any, n: object) -> Any:
    digest = hashlib.sha256(str(n).encode()).hexdigest()
    return model(
        sha256=digest,
        file=f"{digest[:2]}/{digest}.apkg",
        size=100_000,
        unpacked_size=200_000,
        files=[],
        pages=["pages/index/index"],
        entry_page="pages/index/index",
        subpackages=[],
        warnings=[],
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    json.dump(fill(int(sys.argv[1]), [int(length) for length in sys.argv[2:]]), sys.stdout)
