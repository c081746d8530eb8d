"""Makes the demo data, by the same verbs that the pages call, each at its moment in the past."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from console.base.accounts import actions as accounts
from console.base.accounts.models import Notification, Team, User
from console.base.hosts import actions as hosts
from console.base.hosts.actions import proving
from console.base.hosts.models import HostApplication
from console.local.demo import agreements, development
from console.local.demo.automation import Automation
from console.local.demo.code import code_of
from console.local.demo.devices import Devices
from console.local.demo.icons import draw_icon
from console.local.demo.logs import write_logs
from console.local.demo.messages import Messages
from console.local.demo.packages import pack, package_files
from console.local.demo.seed_data import (
    APPLICATIONS,
    DOWNLOADS,
    PEOPLE,
    PROGRAMS,
    PROOFS,
    SEEN_IN,
    STRANGERS,
    TASKS,
    TEAMS,
)
from console.local.demo.webhooks import Webhooks
from console.reviews import reminders
from devmgmt import expiry
from grayscale import actions as grayscale
from grayscale.importing import read_list
from grayscale.models import GrayscaleTask
from miniprograms import actions as programs
from miniprograms.models import Binding, Category, IdeDownload, MiniProgram
from releases import actions as releases
from releases.models import ReviewDecision, Version

MOVES_TAKE = 0.6  # of the time; the rest is for what devices and servers sent
Moves = dict[str, tuple[str, Callable[..., Any]]]  # the role in the program's team, and what its member does

PROGRAM_MOVES: Moves = {
    "agree": ("license_holder", agreements.publish),
    "draft": ("license_holder", agreements.save),
    "trial": ("developer", agreements.try_out),
    "domains": ("developer", development.change_domains),
}
VERSION_MOVES: Moves = {
    "submit": ("developer", releases.submit),
    "withdraw": ("developer", partial(releases.withdraw, reason="Found a typo")),
    "publish": ("license_holder", releases.publish),
    "roll_back": ("license_holder", partial(releases.roll_back, note="Lists were empty on Android 9")),
}
TASK_MOVES: Moves = {
    "suspend": ("license_holder", partial(grayscale.suspend, reason="Reports of empty timetables")),
    "resume": ("license_holder", partial(grayscale.resume, reason="Not ours: a gateway was down")),
}
APPLICATION_MOVES: Moves = {
    "ask_skip": ("license_holder", development.ask_to_skip),
    "ask_apis": ("license_holder", development.ask_for_apis),
    "offline": ("developer", agreements.take_home),
}
# By a reviewer of the application that the argument begins with.
REVIEWER_MOVES: dict[str, Callable[..., Any]] = {
    "let_skip": development.let_skip,
    "grant_apis": partial(development.decide_on_apis, approve=True),
    "lend_apis": partial(development.decide_on_apis, approve=True, days=5),
    "reject_apis": partial(development.decide_on_apis, approve=False),
    "revoke_api": development.revoke_api,
}


class Seeder:
    """Makes everything and remembers what it made, for the command's output."""

    def __init__(self, password: str | None = None, *, progress: Callable[[float], None] = lambda _part: None) -> None:
        """`progress` is told now and then how much is made: 0.0 to 1.0."""
        self.progress = progress
        self.password = password or secrets.token_urlsafe(9)
        self.people: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        self.applications: dict[str, HostApplication] = {}
        self.programs: dict[str, MiniProgram] = {}
        self.log_entries: dict[str, int] = {}
        self.messages = Messages(self.programs, self.applications)
        self.automation = Automation(self.programs, self.people)
        self.webhooks = Webhooks(self.programs, self.people, self.messages.secrets)
        self.devices = Devices()

    @transaction.atomic
    def seed(self) -> None:
        """Make it all: everything or nothing."""
        now = timezone.now()
        self._make_people(at=now - timedelta(days=45))
        self._make_applications(at=now - timedelta(days=45))
        self._make_downloads()
        moves = [
            (hours, place, name, verb, argument)
            for place, (name, program) in enumerate(PROGRAMS.items())
            for hours, verb, argument in [(24 * 40 - place, "create", ""), *program["moves"]]
        ]
        ordered = sorted(moves, key=lambda move: (-move[0], move[1]))
        planned: list[tuple[float, Callable[..., Any]]] = [
            (hours, partial(self._move, name, verb, argument)) for hours, _place, name, verb, argument in ordered
        ]
        administrators = {name: self.people[about["admin"]] for name, about in APPLICATIONS.items()}
        planned += self.messages.moves(administrators) + self.automation.moves() + self.webhooks.moves()
        for name, (hours, uses) in PROOFS.items():
            by = administrators[name]
            planned.append((hours, partial(proving.require_proofs, self.applications[name], uses=uses, seen=[], by=by)))
        for done, (hours, move) in enumerate(sorted(planned, key=lambda move: -move[0])):
            self.progress(MOVES_TAKE * done / len(planned))
            move(at=now - timedelta(hours=hours))
        for name in SEEN_IN:
            self.devices.report_online(self.programs[name])
        name, number, count = STRANGERS
        self.devices.report_strangers(self._version(name, number), count)
        self.progress(0.75)
        self.messages.send()
        self.webhooks.settle()
        self._settle_notifications()
        self.progress(0.9)
        self.log_entries = write_logs(self.programs)

    def _make_people(self, *, at: datetime) -> None:
        for email, name in PEOPLE.items():
            self.people[email] = accounts.create_user(by=None, email=email, name=name, at=at)
        hashed = make_password(self.password)  # It takes a third of a second, so that is done once for all.
        for user in self.people.values():
            user.password = hashed
        User.objects.bulk_update(self.people.values(), ["password"])
        for name, members in TEAMS.items():
            team = accounts.create_team(by=None, name=name, at=at)
            self.teams[name] = team
            for email, role in members.items():
                accounts.add_member(team, user=self.people[email], role=role, by=None, at=at)

    def _make_applications(self, *, at: datetime) -> None:
        for name, about in APPLICATIONS.items():
            application = hosts.create_application(
                team=self.teams[about["team"]],
                by=self.people[about["admin"]],
                name=name,
                description=about["description"],
                listed=True,
                icon=draw_icon(*about["icon"]),
                at=at,
            )
            HostApplication.objects.filter(pk=application.pk).update(changed_at=at)  # Django's own clock gave it.
            self.applications[name] = application
            admin = self.people[about["admin"]]
            for email in about["reviewers"]:
                hosts.add_person(application, user=self.people[email], role="reviewer", by=admin, at=at)
            self._make_apis(application, about, at=at)

    def _make_apis(self, application: HostApplication, about: dict[str, Any], *, at: datetime) -> None:
        by = self.people[about["admin"]]
        for name, title in about["own_apis"].items():
            hosts.add_api(application, name=name, title=title, by=by, at=at)
        for api in application.apis.filter(name__in=about["open_apis"]):
            hosts.open_api(api, by=by, at=at)

    def _make_downloads(self) -> None:
        for version, days, platform, requirement, megabytes in DOWNLOADS:
            IdeDownload.objects.create(
                version=version,
                platform=platform,
                requirement=requirement,
                url=f"https://ide.example.com/{version}/{platform}",
                size=megabytes * 1024 * 1024,
                released_on=date.today() - timedelta(days=days),
                notes="Packages made by earlier versions are still accepted.",
            )

    def _move(self, name: str, verb: str, argument: str, *, at: datetime) -> None:
        """Make one move of a program's history."""
        if verb in REVIEWER_MOVES:
            by = self._reviewer(argument.split(": ")[0])
            REVIEWER_MOVES[verb](self.programs[name], argument, by=by, at=at)
            return
        moves = PROGRAM_MOVES | VERSION_MOVES | TASK_MOVES | APPLICATION_MOVES
        if verb not in moves:
            getattr(self, f"_{verb}")(name, argument, at=at)
            return
        role, move = moves[verb]
        by = self._one(name, role)
        if verb in VERSION_MOVES:
            move(self._version(name, argument), by=by, at=at)
        elif verb in TASK_MOVES:
            move(self._task_named(argument), by=by, at=at)
        elif verb in APPLICATION_MOVES:
            move(self.programs[name], argument, by=by, applications=self.applications, at=at)
        else:
            move(self.programs[name], argument, by=by, at=at)

    def _one(self, name: str, role: str) -> User:
        """A member of the program's team with the role."""
        members = TEAMS[PROGRAMS[name]["team"]]
        return self.people[next(email for email, held in members.items() if held == role)]

    def _create(self, name: str, _argument: str, *, at: datetime) -> None:
        about = PROGRAMS[name]
        self.programs[name] = programs.create(
            team=self.teams[about["team"]],
            by=self._one(name, "license_holder"),
            name=name,
            icon=draw_icon(*about["icon"]),
            category=Category.objects.get_or_create(name=about["category"])[0],
            introduction=about["introduction"],
            description=about.get("description", ""),
            at=at,
        )

    def _request(self, name: str, application: str, *, at: datetime) -> Binding:
        reason = f"{name} belongs where its people are already."
        return programs.request_binding(
            self.programs[name],
            application=self.applications[application],
            reason=reason,
            by=self._one(name, "license_holder"),
            at=at,
        )

    def _ask(self, name: str, application: str, *, at: datetime) -> None:
        self._request(name, application, at=at)

    def _bind(self, name: str, application: str, *, at: datetime) -> None:
        asked = self._request(name, application, at=at)
        programs.decide_binding(asked, approve=True, by=self._reviewer(application), at=at)

    def _refuse(self, name: str, application: str, *, at: datetime) -> None:
        note = "Describe what the program does with people's location first."
        asked = self._request(name, application, at=at)
        programs.decide_binding(asked, approve=False, by=self._reviewer(application), note=note, at=at)

    def _unbind(self, name: str, application: str, *, at: datetime) -> None:
        binding = self.programs[name].bindings.bound().get(application=self.applications[application])
        programs.unbind(binding, by=self._one(name, "license_holder"), reason="The pilot has ended", at=at)

    def _off(self, name: str, reason: str, *, at: datetime) -> None:
        programs.take_off_shelf(self.programs[name], by=self._one(name, "license_holder"), reason=reason, at=at)

    def _see(self, name: str, _argument: str, *, at: datetime) -> None:
        """Make the devices: seen from today, whenever the history mentions it."""
        self.devices.make(self.programs[name], [self.applications[one] for one in SEEN_IN[name]])

    def _reviewer(self, application: str) -> User:
        return self.people[APPLICATIONS[application]["reviewers"][0]]

    def _upload(self, name: str, argument: str, *, at: datetime) -> None:
        number, _space, notes = argument.partition(" ")
        major, minor, patch = map(int, number.split("."))
        about = PROGRAMS[name]
        pages = about["pages"] + about.get("new_pages", {}).get(number, [])
        files = package_files(name, pages, number, rows=4 * minor + 20) | code_of(name, number)
        files["images/logo.webp"] = draw_icon(*about["icon"]).read()
        robot = self.automation.uploader(name, number)
        version = releases.upload(
            self.programs[name],
            file=pack(files),
            number=(major, minor, patch),
            notes=notes,
            by=robot or self._one(name, "developer"),
            at=at,
        )
        if robot:
            self.automation.note(version, at=at)

    def _version(self, name: str, number: str) -> Version:
        return self.programs[name].versions.numbered(number).select_related("mini_program").get()

    def _decisions(self, name: str, argument: str) -> list[tuple[ReviewDecision, User]]:
        """The waiting decisions of a version's audit: of one application, or of all."""
        number, _space, application = argument.partition(" ")
        audit = self._version(name, number).audits.running().get()
        waiting = audit.decisions.waiting().select_related("application", "audit__version__mini_program")
        chosen = waiting.filter(application__name=application) if application else waiting
        return [(decision, self._reviewer(decision.application.name)) for decision in chosen]

    def _approve(self, name: str, argument: str, *, at: datetime) -> None:
        for decision, reviewer in self._decisions(name, argument):
            releases.decide(decision, approve=True, by=reviewer, at=at)

    def _reject(self, name: str, argument: str, *, at: datetime) -> None:
        decision, reviewer = self._decisions(name, argument)[0]
        note = "The first page stays white without a network connection. Show what went wrong and a way to try again."
        releases.decide(decision, approve=False, by=reviewer, note=note, at=at)

    def _task(self, name: str, task: str, *, at: datetime) -> None:
        """Make a grayscale task of the seed data."""
        about = TASKS[task]
        program, by = self.programs[name], self._one(name, "license_holder")
        start, end = (at + timedelta(hours=hours) for hours in about["hours"])
        lists = []
        if objects := about.get("objects"):
            kind, filename = objects
            text = "\n".join(self.devices.listed(program, kind))
            lists = [read_list(text, program=program, kind=kind, by=by, filename=filename, at=at)]
        grayscale.create(
            program,
            by=by,
            settings=grayscale.TaskSettings(
                version=self._version(name, about["version"]),
                name=task,
                starts_at=start,
                ends_at=end,
                user_limit=about["limit"],
                applications=[(self.applications[one], *versions) for one, *versions in about["applications"]],
                platforms=about["platforms"],
                networks=about.get("networks", []),
                object_lists=lists,
                guardrail=about.get("guardrail"),
            ),
            at=at,
        )

    def _task_named(self, task: str) -> GrayscaleTask:
        return GrayscaleTask.objects.select_related("mini_program", "version").get(name=task)

    def _enrol(self, name: str, argument: str, *, at: datetime) -> None:
        task, users, hours = argument.rsplit(" ", 2)
        self.devices.enrol(self._task_named(task), int(users), since=at, until=at + timedelta(hours=int(hours)))

    def _raise(self, name: str, argument: str, *, at: datetime) -> None:
        task_name, _space, limit = argument.rpartition(" ")
        task = self._task_named(task_name)
        settings = replace(grayscale.settings_of(task), user_limit=int(limit))
        grayscale.edit(task, by=self._one(name, "license_holder"), revision=task.revision, settings=settings, at=at)

    def _settle_notifications(self) -> None:
        """Nobody mails people of a demo, nor reminds them at once; what is older than a day was read."""
        now = timezone.now()
        reminders.remind(at=now)
        expiry.remind(at=now)
        Notification.objects.update(emailed_at=now)
        read = Notification.objects.filter(user=OuterRef("pk"), created_at__lt=now - timedelta(days=1))
        User.objects.update(notifications_read_to=Coalesce(Subquery(read.values("pk")[:1]), 0))
