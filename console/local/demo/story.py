"""The story that the demo tells, by the same verbs that the pages call."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from console.base.accounts import actions as accounts
from console.base.accounts.models import Membership, Notification, Team, User
from console.base.hosts import actions as hosts
from console.base.hosts.models import ApplicationKey, ApplicationMember, HostApplication
from console.local.demo import agreements, development
from console.local.demo.cast import APPLICATIONS, CROWDS, DOWNLOADS, PEOPLE, PROGRAMS, TASKS, TEAMS
from console.local.demo.code import code_of
from console.local.demo.crowd import Crowd
from console.local.demo.icons import draw_icon
from console.local.demo.logs import write_logs
from console.local.demo.messages import Messages
from console.local.demo.packages import pack, package_files
from grayscale import actions as grayscale
from grayscale.importing import read_list
from grayscale.models import GrayscaleTask
from miniprograms import actions as programs
from miniprograms.models import Binding, Category, IdeDownload, MiniProgram
from releases import actions as releases
from releases.models import ReviewDecision, Version


@contextmanager
def hours_ago(hours: float) -> Iterator[None]:
    """Let the verbs read a clock that stands `hours` before now, so that the story has a past.

    They all ask `timezone.now()`, and have no parameter for the time: only this command needs another one. So the
    function is exchanged, in the process of a command that does nothing else.
    """
    real = timezone.now
    moment = real() - timedelta(hours=hours)
    timezone.now = lambda: moment
    try:
        yield
    finally:
        timezone.now = real


class Story:
    """Makes everything and remembers what it made, for the command's output."""

    def __init__(self, password: str | None = None) -> None:
        self.password = password or secrets.token_urlsafe(9)
        self.people: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        self.applications: dict[str, HostApplication] = {}
        self.programs: dict[str, MiniProgram] = {}
        self.log_entries: dict[str, int] = {}
        self.messages = Messages(self.programs, self.applications)
        self.crowd = Crowd()

    @transaction.atomic
    def tell(self) -> None:
        """Make it all: everything or nothing."""
        with hours_ago(24 * 45):
            self._make_people()
            self._make_applications()
            self._make_downloads()
            self._backdate()
        moves = [
            (hours, place, name, verb, argument)
            for place, (name, program) in enumerate(PROGRAMS.items())
            for hours, verb, argument in [(24 * 40 - place, "create", ""), *program["moves"]]
        ]
        ordered = sorted(moves, key=lambda move: (-move[0], move[1]))
        played: list[tuple[float, Callable[[], Any]]] = [
            (hours, partial(self._move, name, verb, argument)) for hours, _place, name, verb, argument in ordered
        ]
        administrators = {name: self.people[about["admin"]] for name, about in APPLICATIONS.items()}
        played += self.messages.moves(administrators)
        for hours, move in sorted(played, key=lambda move: -move[0]):
            with hours_ago(hours):
                move()
        for name in CROWDS:
            self.crowd.report_online(self.programs[name])
        self.messages.send()
        self._settle_notifications()
        self.log_entries = write_logs(self.programs)

    def _make_people(self) -> None:
        for email, name in PEOPLE.items():
            self.people[email] = accounts.create_user(by=None, email=email, name=name, password=self.password)
        for name, members in TEAMS.items():
            team = accounts.create_team(by=None, name=name)
            self.teams[name] = team
            for email, role in members.items():
                accounts.add_member(team, user=self.people[email], role=role, by=None)

    def _make_applications(self) -> None:
        for name, about in APPLICATIONS.items():
            application = hosts.create_application(
                team=self.teams[about["team"]],
                by=self.people[about["admin"]],
                name=name,
                description=about["description"],
                listed=True,
                icon=draw_icon(*about["icon"]),
            )
            self.applications[name] = application
            for email in about["reviewers"]:
                hosts.add_person(application, user=self.people[email], role="reviewer", by=self.people[about["admin"]])
            self._make_apis(application, about)

    def _make_apis(self, application: HostApplication, about: dict[str, Any]) -> None:
        by = self.people[about["admin"]]
        for name, title in about["own_apis"].items():
            hosts.add_api(application, name=name, title=title, by=by)
        for api in application.apis.filter(name__in=about["open_apis"]):
            hosts.open_api(api, by=by)

    def _backdate(self) -> None:
        """Set the times that the database's own clock gave."""
        now = timezone.now()
        teams, applications = self.teams.values(), self.applications.values()
        Membership.objects.filter(team__in=teams).update(since=now)
        HostApplication.objects.filter(pk__in=[application.pk for application in applications]).update(created_at=now)
        ApplicationMember.objects.filter(application__in=applications).update(since=now)
        ApplicationKey.objects.filter(application__in=applications).update(created_at=now)

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

    def _move(self, name: str, verb: str, argument: str) -> None:
        """Make one move of a program's story."""
        moves: dict[str, Callable[[str, str], Any]] = {
            "create": self._create,
            "bind": self._bind,
            "ask": self._ask,
            "refuse": self._refuse_binding,
            "unbind": self._unbind,
            "upload": self._upload,
            "submit": lambda name, number: releases.submit(
                self._version(name, number), by=self._one(name, "developer")
            ),
            "withdraw": lambda name, number: releases.withdraw(
                self._version(name, number), by=self._one(name, "developer"), reason="Found a typo"
            ),
            "approve": self._approve,
            "reject": self._reject,
            "publish": lambda name, number: releases.publish(
                self._version(name, number), by=self._one(name, "license_holder")
            ),
            "roll_back": lambda name, number: releases.roll_back(
                self._version(name, number),
                by=self._one(name, "license_holder"),
                note="Lists were empty on Android 9",
            ),
            "gather": lambda name, _argument: self.crowd.gather(
                self.programs[name], [self.applications[one] for one in CROWDS[name]]
            ),
            "task": self._task,
            "deliver": self._deliver,
            "suspend": lambda name, task: grayscale.suspend(
                self._task_named(task), by=self._one(name, "license_holder"), reason="Reports of empty timetables"
            ),
            "resume": lambda name, task: grayscale.resume(
                self._task_named(task), by=self._one(name, "license_holder"), reason="Not ours: a gateway was down"
            ),
            "raise": self._raise_limit,
            "off": lambda name, reason: programs.take_off_shelf(
                self.programs[name], by=self._one(name, "license_holder"), reason=reason
            ),
            "agree": lambda name, stated: agreements.publish(
                self.programs[name], stated, by=self._one(name, "license_holder")
            ),
            "draft": lambda name, stated: agreements.save(
                self.programs[name], stated, by=self._one(name, "license_holder")
            ),
            "trial": lambda name, argument: agreements.try_out(
                self.programs[name], argument, by=self._one(name, "developer")
            ),
            "offline": lambda name, application: agreements.take_home(
                self.programs[name], application, by=self._one(name, "developer"), applications=self.applications
            ),
            "domains": lambda name, changes: development.change_domains(
                self.programs[name], changes, by=self._one(name, "developer")
            ),
            "ask_skip": partial(self._ask_application, development.ask_to_skip),
            "let_skip": partial(self._decide_grants, development.let_skip),
            "ask_apis": partial(self._ask_application, development.ask_for_apis),
            "grant_apis": partial(self._decide_grants, partial(development.decide_on_apis, approve=True)),
            "reject_apis": partial(self._decide_grants, partial(development.decide_on_apis, approve=False)),
            "revoke_api": partial(self._decide_grants, development.revoke_api),
        }
        moves[verb](name, argument)

    def _ask_application(self, ask: Callable[..., None], name: str, argument: str) -> None:
        by = self._one(name, "license_holder")
        ask(self.programs[name], argument, by=by, applications=self.applications)

    def _decide_grants(self, decide: Callable[..., None], name: str, argument: str) -> None:
        decide(self.programs[name], argument, by=self._reviewer(argument.split(": ")[0]))

    def _one(self, name: str, role: str) -> User:
        """A member of the program's team with the role."""
        members = TEAMS[PROGRAMS[name]["team"]]
        return self.people[next(email for email, held in members.items() if held == role)]

    def _create(self, name: str, _argument: str) -> None:
        about = PROGRAMS[name]
        self.programs[name] = programs.create(
            team=self.teams[about["team"]],
            by=self._one(name, "license_holder"),
            name=name,
            icon=draw_icon(*about["icon"]),
            category=Category.objects.get_or_create(name=about["category"])[0],
            introduction=about["introduction"],
            description=about.get("description", ""),
        )

    def _request(self, name: str, application: str) -> Binding:
        reason = f"{name} belongs where its people are already."
        return programs.request_binding(
            self.programs[name],
            application=self.applications[application],
            reason=reason,
            by=self._one(name, "license_holder"),
        )

    def _ask(self, name: str, application: str) -> None:
        self._request(name, application)

    def _bind(self, name: str, application: str) -> None:
        programs.decide_binding(self._request(name, application), approve=True, by=self._reviewer(application))

    def _refuse_binding(self, name: str, application: str) -> None:
        note = "Describe what the program does with people's location first."
        programs.decide_binding(
            self._request(name, application), approve=False, by=self._reviewer(application), note=note
        )

    def _unbind(self, name: str, application: str) -> None:
        binding = self.programs[name].bindings.bound().get(application=self.applications[application])
        programs.unbind(binding, by=self._one(name, "license_holder"), reason="The pilot has ended")

    def _reviewer(self, application: str) -> User:
        return self.people[APPLICATIONS[application]["reviewers"][0]]

    def _upload(self, name: str, argument: str) -> None:
        number, _space, notes = argument.partition(" ")
        major, minor, patch = map(int, number.split("."))
        about = PROGRAMS[name]
        pages = about["pages"] + about.get("new_pages", {}).get(number, [])
        files = package_files(name, pages, number, rows=4 * minor + 20) | code_of(name, number)
        files["images/logo.webp"] = draw_icon(*about["icon"]).read()
        releases.upload(
            self.programs[name],
            file=pack(files),
            number=(major, minor, patch),
            notes=notes,
            by=self._one(name, "developer"),
        )

    def _version(self, name: str, number: str) -> Version:
        return self.programs[name].versions.numbered(number).select_related("mini_program").get()

    def _decisions(self, name: str, argument: str) -> list[tuple[ReviewDecision, User]]:
        """The waiting decisions of a version's audit: of one application, or of all."""
        number, _space, application = argument.partition(" ")
        audit = self._version(name, number).audits.running().get()
        waiting = audit.decisions.waiting().select_related("application", "audit__version__mini_program")
        chosen = waiting.filter(application__name=application) if application else waiting
        return [(decision, self._reviewer(decision.application.name)) for decision in chosen]

    def _approve(self, name: str, argument: str) -> None:
        for decision, reviewer in self._decisions(name, argument):
            releases.decide(decision, approve=True, by=reviewer)

    def _reject(self, name: str, argument: str) -> None:
        decision, reviewer = self._decisions(name, argument)[0]
        note = "The first page stays white without a network connection. Show what went wrong and a way to try again."
        releases.decide(decision, approve=False, by=reviewer, note=note)

    def _task(self, name: str, task: str) -> None:
        """Make a grayscale task of the cast."""
        about = TASKS[task]
        program, by = self.programs[name], self._one(name, "license_holder")
        now = timezone.now()
        start, end = (now + timedelta(hours=hours) for hours in about["hours"])
        lists = []
        if objects := about.get("objects"):
            kind, filename = objects
            text = "\n".join(self.crowd.members(program, kind))
            lists = [read_list(text, program=program, kind=kind, by=by, filename=filename)]
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
        )

    def _task_named(self, task: str) -> GrayscaleTask:
        return GrayscaleTask.objects.select_related("mini_program", "version").get(name=task)

    def _deliver(self, name: str, argument: str) -> None:
        task, users, hours = argument.rsplit(" ", 2)
        now = timezone.now()
        self.crowd.deliver(self._task_named(task), int(users), since=now, until=now + timedelta(hours=int(hours)))

    def _raise_limit(self, name: str, argument: str) -> None:
        task_name, _space, limit = argument.rpartition(" ")
        task = self._task_named(task_name)
        settings = replace(grayscale.settings_of(task), user_limit=int(limit))
        grayscale.edit(task, by=self._one(name, "license_holder"), revision=task.revision, settings=settings)

    def _settle_notifications(self) -> None:
        """Nobody mails people of a demo; what is older than a day was read."""
        now = timezone.now()
        Notification.objects.update(emailed_at=now)
        read = Notification.objects.filter(user=OuterRef("pk"), created_at__lt=now - timedelta(days=1))
        User.objects.update(notifications_read_to=Coalesce(Subquery(read.values("pk")[:1]), 0))
