"""A console full of programs, for benchmarks: `python -m tests.bench.catalogue PROGRAMS` fills an empty database.

Prints the id and key of an application to which every program is bound, and the programs' App IDs, as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any

import django
from django.utils import timezone

APPLICATIONS = 20
VERSIONS = 3  # of each program; the highest is online


def fill(programs: int) -> dict[str, object]:
    """Make `programs` programs on the shelf, each with an online version and bound to three applications."""
    from console.accounts.models import Team, User
    from console.hosts.models import ApplicationKey, HostApplication
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
        for n in range(programs)
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
    packages = Package.objects.bulk_create(_package(Package, n) for n in range(programs * VERSIONS))
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
    return {
        "application_id": hosts[0].application_id,
        "key": keys[0].key,
        "app_ids": [program.app_id for program in made],
    }


def _package(model: Any, n: int) -> Any:
    digest = hashlib.sha256(str(n).encode()).hexdigest()
    return model(
        sha256=digest,
        file=f"{digest[:2]}/{digest}.apkg",
        size=100_000 + n,
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
    json.dump(fill(int(sys.argv[1])), sys.stdout)
