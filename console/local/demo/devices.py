"""The demo's devices: which were seen, which are enrolled in a grayscale task, and how their updates ended.

Devices of a demo have no past, so these rows are written directly, with the times of the history.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from console.base.hosts.models import HostApplication
from grayscale.matching import fits
from grayscale.models import Claim, GrayscaleTask
from grayscale.program_state import task_rules
from miniprograms.models import MiniProgram
from releases.field.models import SeenDevice, UpdateReport
from releases.field.states import ReportResult
from releases.models import Version

DEVICES = 4_000  # of each program in SEEN_IN
APP_VERSIONS = {"8.4.0": 50, "8.3.1": 28, "8.2.0": 14, "8.1.2": 8}
SYSTEMS = {
    "android": {"15": 20, "14": 38, "13": 22, "12": 12, "9": 8},
    "ios": {"18.1": 44, "17.6": 36, "16.7": 20},
}
NETWORKS = {"wifi": 62, "5g": 24, "4g": 12, "3g": 2}
REASONS = ["Not enough space", "The download broke off", "The package did not open"]
FAILURES = 0.01


class Devices:
    """Always the same devices, in any order of calls."""

    def __init__(self) -> None:
        self.chance = random.Random(20261126)  # noqa: S311 - a demo wants the same devices each time

    def make(self, program: MiniProgram, applications: Sequence[HostApplication]) -> None:
        """Make devices of the applications that asked for the program within the last days, seen from today."""
        now = datetime.now(UTC)
        SeenDevice.objects.bulk_create(
            self._device(program, self.chance.choice(applications), now - timedelta(hours=self.chance.random() * 150))
            for _ in range(DEVICES)
        )

    def listed(self, program: MiniProgram, kind: str) -> list[str]:
        """Return values of one kind for an object list, some of them of devices that were never seen."""
        seen = SeenDevice.objects.filter(mini_program=program).order_by("guid").values_list(kind, flat=True)
        return [*self.chance.sample(list(seen), 300), *(f"new-{number:04d}" for number in range(18))]

    def _device(self, program: MiniProgram, application: HostApplication, at: datetime) -> SeenDevice:
        platform = self._one_of({"android": 58, "ios": 42})
        prefix = "0302" if platform == "android" else "0303"
        number = self.chance.randrange(10**28)
        return SeenDevice(
            mini_program=program,
            guid=f"{prefix}{number:028d}",
            application=application,
            device_id=f"dev-{number % 10**8:08d}",
            account=f"user-{number % 10**7:07d}",
            platform=platform,
            os_version=self._one_of(SYSTEMS[platform]),
            app_version=self._one_of(APP_VERSIONS),
            network=self._one_of(NETWORKS),
            seen_at=at,
        )

    def _one_of(self, weights: dict[str, int]) -> str:
        return self.chance.choices(list(weights), list(weights.values()))[0]

    def enrol(self, task: GrayscaleTask, users: int, *, since: datetime, until: datetime) -> None:
        """Enrol `users` more devices that fit, more of them in the first hours than later."""
        rule = next(rule for rule in task_rules([task.mini_program_id])[task.mini_program_id] if rule.id == task.pk)
        seen = SeenDevice.objects.filter(mini_program=task.mini_program_id).order_by("guid")
        placed = set(task.claims.values_list("guid", flat=True))
        fitting = [
            device
            for device in seen
            if device.guid not in placed and fits(rule.conditions, device, application=device.application_id)
        ]
        chosen = self.chance.sample(fitting, min(users, len(fitting), task.user_limit - len(placed)))
        moments = sorted(since + (until - since) * self.chance.random() ** 1.4 for _ in chosen)
        Claim.objects.bulk_create(
            Claim(
                task=task,
                guid=device.guid,
                claimed_at=moment,
                application_id=device.application_id,
                app_version=device.app_version,
                platform=device.platform,
                os_version=device.os_version,
                network=device.network,
            )
            for device, moment in zip(chosen, moments, strict=True)
        )
        left = len(placed) + len(chosen)
        for shard in task.shards.order_by("shard"):
            taken = min(left, shard.capacity)
            task.shards.filter(shard=shard.shard).update(taken=taken)
            left -= taken
        self.report(task.version, chosen, at=until)

    def report(self, version: Version, devices: Sequence[SeenDevice], *, at: datetime) -> None:
        """Let most devices report how their update to the version ended."""
        reporting = self.chance.sample(list(devices), len(devices) * 9 // 10)
        failed = {device.guid for device in reporting if self.chance.random() < FAILURES}
        UpdateReport.objects.bulk_create(
            (
                UpdateReport(
                    version=version,
                    guid=device.guid,
                    application_id=device.application_id,
                    result=ReportResult.FAILED if device.guid in failed else ReportResult.INSTALLED,
                    failures=int(device.guid in failed),
                    reason=self.chance.choice(REASONS) if device.guid in failed else "",
                    reported_at=at,
                )
                for device in reporting
            ),
            ignore_conflicts=True,
        )

    def report_strangers(self, version: Version, count: int) -> None:
        """Let devices that have no place say that an update failed: anyone with the app's key could."""
        application = version.mini_program.bindings.bound().applications()[0]
        UpdateReport.objects.bulk_create(
            UpdateReport(
                version=version,
                guid=f"0302{10**27 + number:028d}",
                application=application,
                result=ReportResult.FAILED,
                failures=1,
                reason=REASONS[0],
                reported_at=timezone.now(),
            )
            for number in range(count)
        )

    def report_online(self, program: MiniProgram) -> None:
        """Let devices report on the version that is online."""
        seen = SeenDevice.objects.filter(mini_program=program).order_by("guid")[: DEVICES // 2]
        self.report(program.versions.online().get(), list(seen), at=timezone.now())
