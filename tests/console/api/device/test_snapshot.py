"""The fast path against the plain rows and against the rules, on random data that changes at random."""

from __future__ import annotations

import random
import time
from itertools import product
from typing import Any

import msgspec

from console.api.device.credentials import Application
from console.api.device.feed import Feed
from console.api.device.rows import Rows
from console.api.device.schema import UpdateRequest
from console.api.device.snapshot import Snapshot, load
from console.base.hosts.models import HostApplication
from grayscale.claims import DatabaseClaims
from grayscale.decision import Decision, Deliverable, decide
from grayscale.models import Claim, ClaimShard
from miniprograms.models import MiniProgram
from releases.models import Package
from tests.console.api.device.world import World
from tests.grayscale.oracle import failed

STEPS, CHANGES, DEVICES = 5, 60, 6
LOCAL = [None, "1.0.0", "1.2.0", "1.9.0", "1.10.0"]
Words = tuple[str, str | None, str | None, str | None, str | None]
NOTHING = (None, None, None, None)
KEEPS, HAS, GETS = "keeps it after the end", "has a place", "gets a place"


def expected(
    world: World, program: MiniProgram, application: HostApplication, device: dict[str, Any]
) -> tuple[Words, str]:
    """Status, version, channel, page and query by the rules, one query after the other (R-1, L-4, V-14, G-4 to G-9).

    And why it is grayscale, if it is.
    """
    bindings = program.bindings.filter(application=application)
    version = program.versions.filter(state="online").first()
    if not bindings.filter(state="approved").exists():
        return (("removed" if bindings.filter(state="ended").exists() else "unavailable"), *NOTHING), ""
    if program.shelf == "off":
        return ("removed", *NOTHING), ""
    trial = world.trials.get(program.pk)
    if trial and trial[3] == device["trial_token"]:
        return ("current" if device["local_version"] == trial[0] else "update", trial[0], "trial", *trial[1:3]), ""
    number, why = in_grayscale(world, program, application, device)
    channel = "grayscale" if why else "online"
    if not why and version is not None:
        number = str(version)
    if not number:
        return ("unavailable", *NOTHING), ""
    return ("current" if device["local_version"] == number else "update", number, channel, None, None), why


def in_grayscale(
    world: World, program: MiniProgram, application: HostApplication, device: dict[str, Any]
) -> tuple[str, str]:
    """The version of the task in which the device has or gets a place: of the highest version, then the newest."""
    plans = [plan for plan in world.plans if plan["program"] == program.pk]
    plans.sort(key=lambda plan: ([int(part) for part in plan["version"].split(".")], plan["created"]), reverse=True)
    for plan in plans:
        if application.pk not in plan["applications"]:
            continue
        has_place = Claim.objects.filter(task_id=plan["task"], guid=device["guid"]).exists()
        now = time.time()
        if plan["state"] == "ended" or plan["ends"] <= now:
            if has_place and plan["keeps"] and device["local_version"] == plan["version"]:
                return plan["version"], KEEPS
            continue
        if plan["state"] == "pending" and plan["starts"] > now:
            continue
        if has_place:
            return plan["version"], HAS
        if plan["state"] == "suspended" or failed(plan, {**device, "application": application.pk}):
            continue
        shards = ClaimShard.objects.filter(task_id=plan["task"], open=True)
        if any(shard.taken < shard.capacity for shard in shards):
            return plan["version"], GETS
    return "", ""


def test_the_snapshot_answers_as_the_rows_do(db: None) -> None:
    chance = random.Random(20261124)
    world = World(chance)
    feed, rows, claims = Feed(), Rows(), DatabaseClaims()
    seen: set[tuple[str, str | None, str]] = set()
    cases = places = 0
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
            numbers = [plan["version"] for plan in world.plans if plan["program"] == program.pk]
            for application, _number in product(world.applications, range(DEVICES)):
                device = world.device()
                device["local_version"] = chance.choice([*LOCAL, *numbers])
                device["trial_token"] = world.trial_token(program)
                wanted, why = expected(world, program, application, device)
                decision = decide(
                    state,
                    UpdateRequest(app_id=program.app_id, **device),
                    application=application.pk,
                    local_version=device["local_version"],
                    at=time.time(),
                    claims=claims,
                    trial_token=device["trial_token"],
                )
                assert _words(decision) == wanted
                places += why == GETS
                cases += 1
                seen.add((wanted[0], wanted[2], why))
            assert Claim.objects.count() == places
        _same_packages(snapshot, rows, world)
    assert all(shard.taken <= shard.capacity for shard in ClaimShard.objects.all())
    assert cases >= 1_000
    assert seen == {
        ("removed", None, ""),
        ("unavailable", None, ""),
        ("update", "online", ""),
        ("current", "online", ""),
        ("update", "grayscale", HAS),
        ("current", "grayscale", HAS),
        ("update", "grayscale", GETS),
        ("current", "grayscale", GETS),
        ("current", "grayscale", KEEPS),
        ("update", "trial", ""),
        ("current", "trial", ""),
    }


def _same_packages(snapshot: Snapshot, rows: Rows, world: World) -> None:
    """Each package is given to the same devices."""
    for package, application in product(Package.objects.all(), world.applications):
        token = world.trial_token(world.chance.choice(world.programs))
        asked: dict[str, Any] = {"application": application.pk, "trial_token": token}
        fast = snapshot.package(package.sha256, **asked)
        assert _file(fast) == _file(rows.package(package.sha256, **asked))
        assert bool(fast) == world.serves(package, application, token)


def _keys(application: Application | None) -> Application | None:
    """Device keys in any order, all else as it is; without a device key it can't ask and need not be known."""
    if application is None or not application.keys:
        return None
    return msgspec.structs.replace(application, keys=tuple(sorted(application.keys)))


def _file(online: Deliverable | None) -> tuple[str, str, int] | None:
    """Two programs may serve one package under different numbers; the file is the same."""
    return (online.sha256, online.file, online.size) if online else None


def _words(decision: Decision) -> Words:
    trial = decision.trial
    number = decision.release.number if decision.release else None
    return decision.status, number, decision.channel, trial and trial.page, trial and trial.query
