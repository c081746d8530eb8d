"""Rows that change at random, in every way that the constraints allow and not only as the verbs would."""

from __future__ import annotations

import hashlib
import random
import time
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from django.utils import timezone

from console.base.accounts.models import User
from console.base.hosts.models import PROOF_USES, ApplicationKey, HostApplication, SigningKey
from console.base.hosts.signing import make_signing_key
from console.base.hosts.states import DecisionState
from grayscale.conditions import CHOICES, LISTED, Choice
from grayscale.hashed import hash_of
from grayscale.models import ApplicationCondition, Claim, ClaimShard, GrayscaleTask, ObjectList, PlatformCondition
from grayscale.states import TaskState
from miniprograms.models import Binding, MiniProgram
from miniprograms.states import Shelf
from releases import actions as releases
from releases.field.device import UNKNOWN
from releases.models import Audit, Package, TrialVersion, Version
from releases.states import AuditState, VersionState
from tests.factories import make_application, make_program, make_team, make_user

PROGRAMS, APPLICATIONS, GUIDS = 10, 4, 4
MINORS = (0, 2, 9, 10)  # 1.10.0 is higher than 1.9.0
VERSIONS = ["7", "8.0", "8.0.0", "8.0.1", "8.1", "8.10", "8.9", "9-beta", "9.0.0.1"]
BOUNDS = ["", "", "7.0", "8", "8.0.1", "8.9", "8.10.0", "9"]
KINDS = list(LISTED)
NAMES = ["ann", "ben", "cleo", "张三"]
TASKS = 100
Trial = tuple[str, str, str, str]  # version, page, query, token


class World:
    """`plans` are the tasks as they should be, in plain values, for an answer that shares nothing with the code."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        team = make_team()
        self.people: list[User] = [make_user(), make_user()]
        self.programs = [make_program(team) for _ in range(PROGRAMS)]
        self.applications = [make_application() for _ in range(APPLICATIONS)]
        self.plans: list[dict[str, Any]] = []
        self.trials: dict[int, Trial] = {}
        self.tokens = ["", "no-token", "ключ"]
        for program, minor in product(self.programs, MINORS):
            self.add_version(program, minor)
        for program, application in product(self.programs, self.applications):
            self.bind(program, application)
            self.add_task(program, application)

    def add_version(self, program: MiniProgram, minor: int) -> None:
        """Approved; now and then with the package of another program."""
        package = self.chance.choice([None, None, *Package.objects.order_by("pk")[:1]])
        if package is None:
            digest = hashlib.sha256(f"{program.pk} {minor}".encode()).hexdigest()
            package = Package(sha256=digest, file=f"{digest[:2]}/{digest}.apkg", size=minor + 1, unpacked_size=1)
            package.files = package.pages = package.subpackages = package.warnings = []
            package.save()
        uploaded = {"uploaded_by": self.people[0], "uploaded_at": timezone.now(), "package": package}
        version = Version.objects.create(
            mini_program=program, major=1, minor=minor, patch=0, state=VersionState.APPROVED, **uploaded
        )
        Audit.objects.create(
            mini_program=program,
            version=version,
            package_sha256=package.sha256,
            state=AuditState.APPROVED,
            submitted_by=self.people[0],
            submitted_at=timezone.now(),
            closed_at=timezone.now(),
        )

    def change(self) -> None:
        """Do one thing."""
        program = self.chance.choice(self.programs)
        application = self.chance.choice(self.applications)
        things = [self.release, self.publish, self.bind, self.bind, self.shelve, self.rotate]
        things += [
            self.add_task,
            self.add_task,
            self.move_task,
            self.move_task,
            self.end_task,
            self.list_objects,
            self.resize,
            self.try_out,
            self.try_out,
            self.rotate_signing,
            self.require_proofs,
        ]
        self.chance.choice(things)(program, application)

    def release(self, program: MiniProgram, application: HostApplication) -> None:
        program.versions.filter(state="online").update(state=VersionState.RETIRED)
        if self.chance.random() < 0.8:
            chosen = self.chance.choice(list(program.versions.all()))
            Version.objects.filter(pk=chosen.pk).update(state=VersionState.ONLINE)

    def publish(self, program: MiniProgram, application: HostApplication) -> None:
        """By the verb: it ends what it reaches, and nobody keeps a version from before (G-6, G-9)."""
        program.versions.filter(state="online").update(state=VersionState.RETIRED)
        MiniProgram.objects.filter(pk=program.pk).update(shelf=Shelf.ON)
        version = self.chance.choice(list(program.versions.all()))
        Version.objects.filter(pk=version.pk).update(state=VersionState.APPROVED)
        version = Version.objects.select_related("mini_program").get(pk=version.pk)
        releases.publish(version, by=program.created_by)
        now = time.time()
        for plan in self.plans:
            if plan["program"] != program.pk:
                continue
            if plan["state"] == "pending" and plan["starts"] <= now:
                plan["state"] = "delivering"  # the clock's move, which the verb writes down
            if int(plan["version"].split(".")[1]) <= version.minor or plan["ends"] <= now:
                plan["state"] = "ended"
            if plan["state"] == "ended":
                plan["keeps"] = False

    def bind(self, program: MiniProgram, application: HostApplication) -> None:
        live = Binding.objects.live().filter(mini_program=program, application=application).first()
        state = self.chance.choice([*DecisionState, DecisionState.APPROVED, DecisionState.APPROVED])
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
        shelf = self.chance.choice([Shelf.ON, Shelf.ON, Shelf.OFF])
        MiniProgram.objects.filter(pk=program.pk).update(shelf=shelf)

    def rotate(self, program: MiniProgram, application: HostApplication) -> None:
        application.keys.filter(revoked_at__isnull=False).delete()
        application.keys.update(revoked_at=self.chance.choice([None, timezone.now()]))
        ApplicationKey.objects.create(application=application, created_by=self.people[0])

    def require_proofs(self, program: MiniProgram, application: HostApplication) -> None:
        """Of some uses, and sometimes make all proofs void."""
        since = {f"{use}_proved_since": self.chance.choice([None, timezone.now()]) for use in PROOF_USES}
        series = self.chance.choice([1, 1, 2])
        HostApplication.objects.filter(pk=application.pk).update(proof_series=series, **since)

    def rotate_signing(self, program: MiniProgram, application: HostApplication) -> None:
        """Add a key, retire one, or take one away; sometimes none is left."""
        keys = list(application.signing_keys.all())
        if not keys or self.chance.random() < 0.5:
            make_signing_key(application, by=None)
        elif self.chance.random() < 0.8:
            retired_at = self.chance.choice([timezone.now(), timezone.now(), None])
            SigningKey.objects.filter(pk=self.chance.choice(keys).pk).update(retired_at=retired_at)
        else:
            self.chance.choice(keys).delete()

    def try_out(self, program: MiniProgram, application: HostApplication) -> None:
        """Set, change or cancel the trial; with another token or the same, with any version of the program."""
        if self.chance.random() < 0.2:
            self.trials.pop(program.pk, None)
            TrialVersion.objects.filter(mini_program=program).delete()
            return
        version = self.chance.choice(list(program.versions.all()))
        page, query = self.chance.choice(["pages/index/index", "pages/a/b"]), self.chance.choice(["", "a=1"])
        trial = {"version": version, "page": page, "query": query}
        if program.pk not in self.trials or self.chance.random() < 0.5:
            trial["token"] = f"token-{len(self.tokens)}"
            self.tokens.append(trial["token"])
        trial |= {"set_by": self.people[0], "set_at": timezone.now()}
        row, _ = TrialVersion.objects.update_or_create(mini_program=program, defaults=trial)
        self.trials[program.pk] = (version.number, page, query, row.token)

    def add_task(self, program: MiniProgram, application: HostApplication) -> None:
        """With conditions that many devices meet; sometimes with few places."""
        if len(self.plans) >= TASKS:
            return
        version = self.chance.choice(list(program.versions.all()))
        chosen = self.chance.sample(self.applications, self.chance.randint(1, APPLICATIONS))
        platforms = self.chance.sample(["android", "ios"], self.chance.choice([0, 0, 1, 2]))
        plan: dict[str, Any] = {
            "program": program.pk,
            "version": version.number,
            "applications": {one.pk: self._bounds() for one in chosen},
            "platforms": {platform: self._bounds() for platform in platforms},
            **{one.of_task: self._some(one) for one in CHOICES},
            "objects": {},
            **self._times(),
        }
        task = GrayscaleTask.objects.create(
            mini_program=program,
            version=version,
            name="Task",
            user_limit=1,
            state_since=timezone.now(),
            created_by=self.people[0],
            created_at=timezone.now() - timedelta(minutes=self.chance.randint(0, 3)),
            **{one.of_task: plan[one.of_task] for one in CHOICES},
            **_columns(plan),
        )
        plan |= {"task": task.pk, "created": (task.created_at, task.pk)}
        self.plans.append(plan)
        for key, (lowest, highest) in plan["applications"].items():
            ApplicationCondition.objects.create(task=task, application_id=key, lowest=lowest, highest=highest)
        for key, (lowest, highest) in plan["platforms"].items():
            PlatformCondition.objects.create(task=task, platform=key, lowest=lowest, highest=highest)
        for shard in self.chance.sample(range(16), 2):
            ClaimShard.objects.create(task=task, shard=shard, capacity=self.chance.choice([0, 1, 20]))

    def move_task(self, program: MiniProgram, application: HostApplication) -> None:
        """Anywhere but out of the end, which is final."""
        plan = self._running(program)
        if plan:
            plan |= self._times()
            GrayscaleTask.objects.filter(pk=plan["task"]).update(**_columns(plan))

    def end_task(self, program: MiniProgram, application: HostApplication) -> None:
        """Some task in which devices have places."""
        taken = set(Claim.objects.values_list("task_id", flat=True))
        if plans := [plan for plan in self.plans if plan["task"] in taken and plan["state"] != "ended"]:
            plan = self.chance.choice(plans)
            plan |= {"state": "ended", "keeps": self.chance.random() < 0.8}
            GrayscaleTask.objects.filter(pk=plan["task"]).update(**_columns(plan))

    def list_objects(self, program: MiniProgram, application: HostApplication) -> None:
        """Add a list or a draft, or take in a draft."""
        plan, kind = self._running(program), self.chance.choice(KINDS)
        if plan is None:
            return
        values = set(self.chance.sample([_guid(n) for n in range(GUIDS)] if kind == "guid" else NAMES, 3))
        key = self.chance.randbytes(16)
        added = ObjectList.objects.create(
            mini_program=program,
            kind=kind,
            key=key,
            hashes=b"".join(
                sorted_hash.to_bytes(8, "little") for sorted_hash in sorted(hash_of(v, key) for v in values)
            ),
            count=len(values),
            uploaded_by=self.people[0],
            uploaded_at=timezone.now(),
        )
        if self.chance.random() < 0.7:
            ObjectList.objects.filter(pk=added.pk).update(task_id=plan["task"])
            plan["objects"].setdefault(kind, set()).update(values)

    def resize(self, program: MiniProgram, application: HostApplication) -> None:
        """Nobody reads the snapshot anew for this: the shards know by themselves."""
        if plan := self._running(program):
            for shard in ClaimShard.objects.filter(task_id=plan["task"]):
                capacity = shard.taken + self.chance.choice([0, 0, 5])
                ClaimShard.objects.filter(pk=shard.pk).update(capacity=capacity, open=self.chance.random() < 0.8)

    def device(self) -> dict[str, Any]:
        """One of a few GUIDs, in any condition."""
        number = self.chance.randrange(GUIDS)
        return {
            "guid": _guid(number),
            "platform": "ios" if number % 2 else "android",
            "os_version": self.chance.choice(VERSIONS),
            "app_version": self.chance.choice(VERSIONS),
            **{one.of_device: self.chance.choice([*one.options.values, UNKNOWN]) for one in CHOICES},
            "device_id": self.chance.choice([None, *NAMES]),
            "account": self.chance.choice([None, *NAMES]),
        }

    def trial_token(self, program: MiniProgram) -> str | None:
        """None, the one of the program, or any that there is or was."""
        right = self.trials[program.pk][3] if program.pk in self.trials else None
        return self.chance.choice([None, None, right, self.chance.choice(self.tokens)])

    def serves(self, package: Package, application: HostApplication, trial_token: str | None) -> bool:
        """Whether R-2 lets a device of the application have the package now."""
        now = time.time()
        numbers = {
            (plan["program"], plan["version"])
            for plan in self.plans
            if application.pk in plan["applications"] and plan["ends"] > now
            if plan["state"] in ("delivering", "suspended") or (plan["state"] == "pending" and plan["starts"] <= now)
        }
        numbers |= {(program, trial[0]) for program, trial in self.trials.items() if trial[3] == trial_token}
        return any(
            (version.state == "online" or (version.mini_program_id, version.number) in numbers)
            and version.mini_program.shelf == "on"
            and version.mini_program.bindings.filter(application=application, state="approved").exists()
            for version in Version.objects.filter(package=package).select_related("mini_program")
        )

    def _running(self, program: MiniProgram) -> dict[str, Any] | None:
        plans = [plan for plan in self.plans if plan["program"] == program.pk and plan["state"] != "ended"]
        return self.chance.choice(plans) if plans else None

    def _some(self, one: Choice) -> list[str]:
        return self.chance.sample(one.options.values, self.chance.choice([0, 0, 0, min(3, len(one.options))]))

    def _bounds(self) -> tuple[str, str]:
        lowest, highest = self.chance.choice(BOUNDS), self.chance.choice(BOUNDS)
        return lowest, self.chance.choice([highest, ""])

    def _times(self) -> dict[str, Any]:
        """A state, and a window that the clock may be inside, before or behind; minutes away from its ends."""
        starts = time.time() + 600 * self.chance.choice([-2, -2, -2, 1])
        ends = starts + 600 * self.chance.choice([1, 9, 9, 9])
        states = ["pending", "delivering", "delivering", "suspended", "ended"]
        return {
            "state": self.chance.choice(states),
            "starts": starts,
            "ends": ends,
            "keeps": self.chance.random() < 0.7,
        }


def _columns(plan: dict[str, Any]) -> dict[str, Any]:
    return {
        "state": TaskState(plan["state"]),
        "starts_at": datetime.fromtimestamp(plan["starts"], UTC),
        "ends_at": datetime.fromtimestamp(plan["ends"], UTC),
        "keeps": plan["keeps"],
    }


def _guid(number: int) -> str:
    return f"030{2 + number % 2}{number:028}"
