"""Rows for the lists: `python -m tests.bench.rows PROGRAMS VERSIONS` fills an empty database.

Teams, states, audits and releases are spread as in a console that is used; nothing is random, so each run has the same
rows. Prints as JSON what a client needs: the sessions of a license holder of every team and of an operator, a token of
the former, and the mini program that has the most versions.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django
from django.utils import timezone

if TYPE_CHECKING:
    from console.base.accounts.models import Team, User
    from console.base.hosts.models import HostApplication
    from miniprograms.models import MiniProgram
    from releases.models import Version

TEAMS, APPLICATIONS = 20, 12
BATCH = 2_000
WORDS = ("Metro", "Ticket", "Garden", "Parcel", "Clinic", "Lunch", "Museum", "Coupon", "Harbour", "Library")
# What the newest version of a program is, one program after the other; "" is a program that has nothing online.
TOPS = (
    "development",
    "in_audit",
    "online",
    "approved",
    "development",
    "rejected",
    "online",
    "",
    "development",
    "online",
)
# The versions below the online one, one after the other.
PAST = ("retired", "retired", "rejected", "retired", "development", "retired", "approved")


def states(program: int, count: int) -> list[str]:
    """Return the states of a program's versions, lowest number first."""
    top = TOPS[program % len(TOPS)]
    if not top or count == 1:
        return ["development"] * count
    newer = [top] if top != "online" else []
    past = [PAST[(program + n) % len(PAST)] for n in range(count - 1 - len(newer))]
    return [*past, "online", *newer]


def counts(programs: int, versions: int) -> list[int]:
    """Return how many versions each program has: 1 to 18, and the first one all the rest."""
    others = [1 + n * 7 % 18 for n in range(1, programs)]
    return [versions - sum(others), *others]


@dataclass
class Filler:
    """Makes the rows, table by table."""

    by: User
    reviewer: User
    teams: list[Team]
    applications: list[HostApplication]

    def __post_init__(self) -> None:
        self.now = timezone.now()
        self.programs: list[MiniProgram] = []
        self.versions: list[Version] = []

    def bound(self, program: int) -> list[HostApplication]:
        """Return the one to three applications to which a program is bound."""
        return [self.applications[(program + 5 * n) % APPLICATIONS] for n in range(1 + program % 3)]

    def fill_programs(self, count: int) -> None:
        """Make programs that changed within the last year, in no order, one of 20 off the shelf; and bind them."""
        from miniprograms.models import Binding, Category, MiniProgram

        categories = list(Category.objects.all())
        self.programs = create(
            MiniProgram(
                team=self.teams[n * 7 % TEAMS],
                name=f"{WORDS[n % 10]} {WORDS[n // 10 % 10]} {n}",
                category=categories[n % len(categories)],
                icon=f"icons/{n:032x}.webp",
                introduction="Made to measure how quick the lists are.",
                shelf="off" if n % 20 == 19 else "on",
                created_by=self.by,
                changed_at=self.now - timedelta(minutes=n * 7919 % 525_600),
            )
            for n in range(count)
        )
        create(
            Binding(mini_program=program, application=application, state="approved", **self.decided(days=30))
            for n, program in enumerate(self.programs)
            for application in self.bound(n)
        )

    def decided(self, *, days: int) -> dict[str, Any]:
        """Return the fields of a decision that was taken some days ago."""
        then = self.now - timedelta(days=days)
        return {
            "requested_by": self.by,
            "requested_at": then - timedelta(hours=5),
            "decided_by": self.reviewer,
            "decided_at": then,
        }

    def fill_versions(self, spread: list[int]) -> None:
        """Make the versions, each with a package of its own."""
        from releases.models import Package, Version

        numbered = [
            (program, n, state)
            for number, (program, count) in enumerate(zip(self.programs, spread, strict=True))
            for n, state in enumerate(states(number, count))
        ]
        packages = create(package(Package, n) for n in range(len(numbered)))
        self.versions = create(
            Version(
                mini_program=program,
                major=1 + n // 100,
                minor=n // 10 % 10,
                patch=n % 10,
                notes=f"What changed in version {n}: the pages are quicker and two mistakes are mended.",
                package=own,
                state=state,
                uploaded_by=self.by,
                uploaded_at=program.changed_at - timedelta(hours=200 - n),
            )
            for (program, n, state), own in zip(numbered, packages, strict=True)
        )

    def fill_audits(self) -> None:
        """Make an audit of each version that was submitted, with the decision of each bound application."""
        from releases.models import Audit, ReviewDecision

        audits = create(
            Audit(
                number=f"{self.now:%Y%m%d}{n:010d}",  # Random ones meet among so many of a day.
                mini_program=version.mini_program,
                version=version,
                package_sha256=version.package.sha256,
                state={"rejected": "rejected", "in_audit": "in_audit"}.get(version.state, "approved"),
                submitted_by=self.by,
                submitted_at=version.uploaded_at + timedelta(hours=1),
                closed_at=None if version.state == "in_audit" else version.uploaded_at + timedelta(hours=9),
            )
            for n, version in enumerate(self.versions)
            if version.state != "development"
        )
        places = {program.pk: n for n, program in enumerate(self.programs)}
        waiting = {"requested_by": self.by, "requested_at": self.now}
        create(
            ReviewDecision(
                audit=audit,
                application=application,
                **{"state": "waiting", **waiting}
                if audit.state == "in_audit"
                else {"state": audit.state, **self.decided(days=10)},
            )
            for audit in audits
            for application in self.bound(places[audit.mini_program_id])
        )

    def fill_releases(self) -> None:
        """Make the release of each version that is or was online, and repeat in the program's row what is served."""
        from miniprograms.models import MiniProgram
        from releases.models import Release

        create(self.releases(Release))
        for version in self.versions:
            if version.state == "online":
                version.mini_program.online_number = version.number
                version.mini_program.online_since = version.uploaded_at + timedelta(hours=10)
            elif version.state == "in_audit":
                version.mini_program.in_audit_number = version.number
        MiniProgram.objects.bulk_update(
            self.programs, ["online_number", "online_since", "in_audit_number"], batch_size=BATCH
        )

    def releases(self, model: Callable[..., Any]) -> Iterator[Any]:
        """Yield a publish of each version that was online, from the one before it."""
        before = None
        for version in self.versions:
            if version.state not in ("retired", "online"):
                continue
            if before is not None and before.mini_program is not version.mini_program:
                before = None
            yield model(
                mini_program=version.mini_program,
                kind="publish",
                from_version=before,
                to_version=version,
                by=self.by,
                at=version.uploaded_at + timedelta(hours=10),
            )
            before = version


def create(rows: Iterable[Any]) -> list[Any]:
    """Insert rows of one table."""
    made = list(rows)
    return type(made[0])._default_manager.bulk_create(made, batch_size=BATCH) if made else []


def package(model: Callable[..., Any], n: int) -> Any:
    """Return the row of a package with 40 files."""
    digest = hashlib.sha256(str(n).encode()).hexdigest()
    pages = [f"pages/page{page}/index" for page in range(10)]
    return model(
        sha256=digest,
        file=f"{digest[:2]}/{digest}.apkg",
        size=400_000 + n,
        unpacked_size=1_200_000,
        files=[[f"{page}.{suffix}", 2_000, digest] for page in pages for suffix in ("js", "json", "wxml", "wxss")],
        pages=pages,
        entry_page=pages[0],
        subpackages=[],
        warnings=[],
    )


def fill(programs: int, versions: int) -> dict[str, Any]:
    """Fill every table and return what a client needs."""
    from django.db import connection
    from django.test import Client

    from console.api.manage.actions import create_own
    from console.base.accounts.models import Membership, Team, User
    from console.base.hosts.models import HostApplication

    by, reviewer = (User.objects.create_user(f"{name}@example.com", name=name) for name in ("Mira", "Ravi"))
    operator = User.objects.create_superuser("operator@example.com", name="Operator")
    teams = create(Team(name=f"Team {n:02}") for n in range(TEAMS))
    create(Membership(team=team, user=by, role="license_holder") for team in teams)
    host = Team.objects.create(name="Host")
    applications = create(HostApplication(team=host, name=f"Application {n:02}") for n in range(APPLICATIONS))
    filler = Filler(by, reviewer, teams, applications)
    filler.fill_programs(programs)
    filler.fill_versions(counts(programs, versions))
    filler.fill_audits()
    filler.fill_releases()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    sessions = {}
    for user in (by, operator):
        client = Client()
        client.force_login(user)
        sessions[user.name] = client.cookies["sessionid"].value
    biggest = filler.programs[0]
    token = create_own(by, name="bench", scopes=["read", "upload"], addresses=[], expires_at=None)
    return {
        "session": sessions["Mira"],
        "token": str(token.secret),
        "operator_session": sessions["Operator"],
        "team": teams[0].pk,
        "app_id": biggest.app_id,
        "program": biggest.pk,
        "rows": {
            "programs": programs,
            "versions": versions,
            "own_versions": biggest.versions.count(),
            "own_audits": biggest.audits.count(),
            "own_releases": biggest.releases.count(),
        },
    }


if __name__ == "__main__":
    django.setup()
    json.dump(fill(int(sys.argv[1]), int(sys.argv[2])), sys.stdout)
