"""The fast path against the plain rows, on random data that changes at random."""

from __future__ import annotations

import hashlib
import random
import time
from itertools import product

from django.utils import timezone

from console.accounts.models import User
from console.api.device.credentials import Application
from console.api.device.feed import Feed
from console.api.device.rows import Rows
from console.api.device.schema import UpdateRequest
from console.api.device.snapshot import load
from console.hosts.models import ApplicationKey, HostApplication
from console.hosts.states import DecisionState
from grayscale.claims import DatabaseClaims
from grayscale.decision import Decision, Deliverable, decide
from miniprograms.models import Binding, MiniProgram
from miniprograms.states import Shelf
from releases.models import Package, Version
from releases.states import VersionState
from tests.factories import make_application, make_program, make_team, make_user

PROGRAMS, APPLICATIONS, STEPS, CHANGES = 20, 5, 7, 12
DEVICE = UpdateRequest(
    app_id="mp00000000000000",
    guid="0302" + "0" * 28,
    platform="android",
    os_version="14",
    app_version="8.0",
    network="wifi",
)
LOCAL = [None, "1.0.0", "1.2.0"]


def expected(program: MiniProgram, application: HostApplication, local: str | None) -> tuple[str, str | None]:
    """Status and version in the words of SPEC, by one query after the other."""
    bindings = program.bindings.filter(application=application)
    version = program.versions.filter(state="online").first()
    if not bindings.filter(state="approved").exists():
        return ("removed" if bindings.filter(state="ended").exists() else "unavailable"), None
    if program.shelf == "off":
        return "removed", None
    if version is None:
        return "unavailable", None
    return ("current" if local == str(version) else "update"), str(version)


class World:
    """Rows that change at random, in every way that the constraints allow and not only as the verbs would."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        team = make_team()
        self.people: list[User] = [make_user(), make_user()]
        self.programs = [make_program(team) for _ in range(PROGRAMS)]
        self.applications = [make_application() for _ in range(APPLICATIONS)]
        for program, minor in product(self.programs, range(3)):
            self.add_version(program, minor)

    def add_version(self, program: MiniProgram, minor: int) -> None:
        """Now and then with the package of another program."""
        package = self.chance.choice([None, Package.objects.order_by("?").first()])
        if package is None:
            digest = hashlib.sha256(f"{program.pk} {minor}".encode()).hexdigest()
            package = Package(sha256=digest, file=f"{digest[:2]}/{digest}.apkg", size=minor + 1, unpacked_size=1)
            package.files = package.pages = package.subpackages = package.warnings = []
            package.save()
        Version.objects.create(
            mini_program=program,
            major=1,
            minor=minor,
            patch=0,
            package=package,
            uploaded_by=self.people[0],
            uploaded_at=timezone.now(),
        )

    def change(self) -> None:
        """Do one thing."""
        program = self.chance.choice(self.programs)
        application = self.chance.choice(self.applications)
        doing = self.chance.choice([self.release, self.release, self.bind, self.bind, self.shelve, self.rotate])
        doing(program, application)

    def release(self, program: MiniProgram, application: HostApplication) -> None:
        program.versions.filter(state="online").update(state=VersionState.RETIRED)
        if self.chance.random() < 0.8:
            chosen = self.chance.choice(list(program.versions.all()))
            Version.objects.filter(pk=chosen.pk).update(state=VersionState.ONLINE)

    def bind(self, program: MiniProgram, application: HostApplication) -> None:
        live = Binding.objects.live().filter(mini_program=program, application=application).first()
        state = self.chance.choice(list(DecisionState))
        decided = {"decided_by": self.people[1], "decided_at": timezone.now()}
        if live:
            Binding.objects.filter(pk=live.pk).update(state=state, **decided)
        else:
            Binding.objects.create(
                mini_program=program,
                application=application,
                state=state,
                requested_by=self.people[0],
                requested_at=timezone.now(),
                **decided,
            )

    def shelve(self, program: MiniProgram, application: HostApplication) -> None:
        MiniProgram.objects.filter(pk=program.pk).update(shelf=self.chance.choice(list(Shelf)))

    def rotate(self, program: MiniProgram, application: HostApplication) -> None:
        application.keys.filter(revoked_at__isnull=False).delete()
        application.keys.update(revoked_at=self.chance.choice([None, timezone.now()]))
        ApplicationKey.objects.create(application=application, created_by=self.people[0])


def test_the_snapshot_answers_as_the_rows_do(db: None) -> None:
    world = World(random.Random(20261124))
    feed, rows, claims, seen = Feed(), Rows(), DatabaseClaims(), set()
    cases = 0
    for _ in range(STEPS):
        for _ in range(CHANGES):
            world.change()
        feed.refresh()
        snapshot = feed.current()
        assert snapshot == load()
        for application in world.applications:
            assert _keys(snapshot.application(application.application_id)) == _keys(
                rows.application(application.application_id)
            )
        for program in MiniProgram.objects.all():
            state = snapshot.program(program.app_id)
            assert state == rows.program(program.app_id)
            for application, local in product(world.applications, LOCAL):
                decision = decide(
                    state, DEVICE, application=application.pk, local_version=local, at=time.time(), claims=claims
                )
                assert _words(decision) == expected(program, application, local)
                seen.add(decision.status)
                cases += 1
        for package, application in product(Package.objects.all(), world.applications):
            fast = snapshot.package(package.sha256, application=application.pk)
            assert _file(fast) == _file(rows.package(package.sha256, application=application.pk))
    assert cases >= 2_000
    assert seen == {"current", "update", "removed", "unavailable"}


def _keys(application: Application | None) -> tuple[int, list[bytes]] | None:
    """In any order; an application without a key can't ask and need not be known."""
    return (application.pk, sorted(application.keys)) if application and application.keys else None


def _file(online: Deliverable | None) -> tuple[str, str, int] | None:
    """Two programs may serve one package under different numbers; the file is the same."""
    return (online.sha256, online.file, online.size) if online else None


def _words(decision: Decision) -> tuple[str, str | None]:
    return decision.status, decision.release.number if decision.release else None
