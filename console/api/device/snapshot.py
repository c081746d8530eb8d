"""All that an update check needs, in memory: never changed, only replaced.

10,000 programs and 5,000 tasks take a few megabytes and are read in a fraction of a second; object lists lie in files
that the processes of a machine share.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.db import connection

from console.api.device.credentials import Application, Counted
from grayscale.decision import Deliverable, ProgramState, served
from grayscale.program_state import task_rules, trials_of
from miniprograms.querysets import BOUND, ON_SHELF, UNBOUND
from releases.field import seen
from releases.field.device import Device
from releases.querysets import ONLINE

# One statement, so that a program's shelf, bindings and version are of the same moment.
PROGRAMS = f"""
    SELECT program.id, program.app_id, {ON_SHELF}, bindings.bound, bindings.ended,
           version.major || '.' || version.minor || '.' || version.patch, package.sha256, package.size, package.file
    FROM miniprograms_miniprogram AS program
    LEFT JOIN releases_version AS version ON version.mini_program_id = program.id AND {ONLINE}
    LEFT JOIN releases_package AS package ON package.id = version.package_id
    LEFT JOIN (
        SELECT mini_program_id,
               array_agg(application_id) FILTER (WHERE {BOUND}) AS bound,
               array_agg(DISTINCT application_id) FILTER (WHERE {UNBOUND}) AS ended
        FROM miniprograms_binding AS binding WHERE ({BOUND} OR {UNBOUND}) {{bindings_of}} GROUP BY mini_program_id
    ) AS bindings ON bindings.mini_program_id = program.id
    {{programs}}
"""  # noqa: S608 - put together from constants
ALL_PROGRAMS = PROGRAMS.format(bindings_of="", programs="")
SOME_PROGRAMS = PROGRAMS.format(
    bindings_of="AND mini_program_id = ANY(%(ids)s)", programs="WHERE program.id = ANY(%(ids)s)"
)
# The keys themselves stay in the database, those that sign stay sealed.
APPLICATIONS = """
    SELECT application.application_id, application.id, array_agg(sha256(convert_to(key.key, 'UTF8'))),
           ARRAY(SELECT ARRAY[signing.key_id, signing.sealed] FROM hosts_signingkey AS signing
                 WHERE signing.application_id = application.id AND signing.retired_at IS NULL ORDER BY signing.id DESC),
           application.proof_series, ARRAY[
               places_proved_since IS NOT NULL, consents_proved_since IS NOT NULL,
               reports_proved_since IS NOT NULL, logs_proved_since IS NOT NULL]
    FROM hosts_hostapplication AS application
    JOIN hosts_applicationkey AS key ON key.application_id = application.id AND key.revoked_at IS NULL
    GROUP BY application.id
"""


class Snapshot(msgspec.Struct, frozen=True):
    """Host applications by id, mini programs by App ID, App IDs by primary key and by the packages they may give.

    `proved` and `answers` are filled as requests come, and end with the snapshot (`credentials.Source`).
    """

    applications: Mapping[str, Application]
    programs: Mapping[str, ProgramState]
    app_ids: Mapping[int, str]
    packages: Mapping[str, frozenset[str]]
    proved: dict[str, Application] = msgspec.field(default_factory=dict)
    answers: dict[tuple[str, int, str, str, str | None], Counted] = msgspec.field(default_factory=dict)

    def application(self, application_id: str) -> Application | None:
        """Return the host application with this id; None also when all its keys are revoked."""
        return self.applications.get(application_id)

    def program(self, app_id: str) -> ProgramState | None:
        return self.programs.get(app_id)

    def package(self, sha256: str, *, application: int, trial_token: str | None = None) -> Deliverable | None:
        """Return the version with this package that is served to such a device now (R-2)."""
        asking: dict[str, Any] = {"application": application, "at": time.time(), "trial_token": trial_token}
        programs = (self.programs[app_id] for app_id in self.packages.get(sha256, ()))
        offered = (one for program in programs for one in served(program, **asking))
        return next((one for one in offered if one.sha256 == sha256), None)

    def seen(self, app_id: str, device: Device, *, application: int) -> None:
        """Note the device, to be written soon."""
        seen.buffer.note(app_id, device, application=application)


def load() -> Snapshot:
    """Read everything."""
    empty = Snapshot(applications=_applications(), programs={}, app_ids={}, packages={})
    return _with_programs(empty)


def of_parts(applications: Mapping[str, Application], programs: Mapping[str, ProgramState]) -> Snapshot:
    """Return the snapshot of these host applications by id and programs by App ID."""
    packages: dict[str, frozenset[str]] = {}
    for app_id, program in programs.items():
        for sha256 in _packages(program):
            packages[sha256] = packages.get(sha256, frozenset()) | {app_id}
    return Snapshot(applications, programs, {program.pk: app_id for app_id, program in programs.items()}, packages)


def reload(snapshot: Snapshot, *, mini_programs: Iterable[int] = (), applications: bool = False) -> Snapshot:
    """Return a new snapshot in which these programs (primary keys), and all applications if so, are as they are now."""
    if applications:
        snapshot = Snapshot(_applications(), snapshot.programs, snapshot.app_ids, snapshot.packages)
    if ids := list(mini_programs):
        snapshot = _with_programs(_without(snapshot, ids), ids)
    return snapshot


def _without(snapshot: Snapshot, ids: Iterable[int]) -> Snapshot:
    programs, app_ids, packages = dict(snapshot.programs), dict(snapshot.app_ids), dict(snapshot.packages)
    for pk in ids:
        if (app_id := app_ids.pop(pk, None)) is None:
            continue
        for sha256 in _packages(programs.pop(app_id)):
            packages[sha256] -= {app_id}
            if not packages[sha256]:
                del packages[sha256]
    return Snapshot(snapshot.applications, programs, app_ids, packages)


def _with_programs(snapshot: Snapshot, ids: list[int] | None = None) -> Snapshot:
    """Add these programs; None: all.

    Tasks and trials are read after the programs. What is committed in between is read again at the next look, as
    its change is newer than the position; and a task that has just ended gives no new place, since its shards are
    closed.
    """
    rows = _rows(ALL_PROGRAMS) if ids is None else _rows(SOME_PROGRAMS, {"ids": ids})
    tasks, trials = task_rules(ids), trials_of(ids)
    programs, app_ids, packages = dict(snapshot.programs), dict(snapshot.app_ids), dict(snapshot.packages)
    shared: dict[frozenset[int], frozenset[int]] = {}  # Many programs are bound to the same applications.
    for pk, app_id, on_shelf, bound, ended, *release in rows:
        now = frozenset(bound or ())
        before = frozenset(ended or ()) - now
        program = programs[app_id] = ProgramState(
            pk,
            on_shelf,
            Deliverable(*release) if release[0] else None,
            shared.setdefault(now, now),
            shared.setdefault(before, before),
            tasks.get(pk, ()),
            trials.get(pk),
        )
        app_ids[pk] = app_id
        for sha256 in _packages(program):
            packages[sha256] = packages.get(sha256, frozenset()) | {app_id}
    return Snapshot(snapshot.applications, programs, app_ids, packages)


def _packages(program: ProgramState) -> set[str]:
    """Return the hashes of all packages that the program may give."""
    releases = [program.online, program.trial and program.trial.release, *(task.release for task in program.tasks)]
    return {release.sha256 for release in releases if release}


def _rows(query: str, parameters: dict[str, list[int]] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _applications() -> dict[str, Application]:
    return {
        application_id: Application(
            pk,
            tuple(bytes(key) for key in keys),
            tuple((key_id, sealed) for key_id, sealed in signing),
            application_id,
            series,
            *required,
        )
        for application_id, pk, keys, signing, series, required in _rows(APPLICATIONS)
    }
