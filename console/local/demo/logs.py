"""The demo's logs: what its devices sent within the last two days, up to this moment.

Devices of a demo send nothing, so entries are made and written here, always by the same dice.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from console.local.demo.scripts import HOSTILE, SCRIPTS, Script
from devmgmt.logs import volume
from devmgmt.logs.entry import ERROR, INFO, WARN, Entry, Line, Origin, Times, entry, milliseconds
from devmgmt.logs.store import log_store
from grayscale.models import Claim
from grayscale.states import TaskState
from miniprograms.models import MiniProgram
from releases.field.models import SeenDevice

MINUTES = 2 * 24 * 60
LIBRARIES = ["3.7.2"] * 7 + ["3.7.1"] * 2 + ["3.6.4"]
# How busy each hour of the day is: the way to work, the way home, some at night.
HOURS = (6, 5, 5, 5, 6, 8, 11, 15, 16, 13, 11, 11, 12, 12, 12, 13, 15, 17, 16, 13, 11, 9, 7, 5)
SPIKE = range(9, 22)  # minutes before now in which the newest version fails most
OUTAGE = range(20 * 60, 20 * 60 + 25)  # minutes before now in which a gateway was down


class Sent(NamedTuple):
    """What a device sent, before it is an entry; the time in milliseconds."""

    time: int
    device: SeenDevice
    trace_id: str
    page: str
    filter_msg: str
    lines: list[Line]


def write_logs(programs: dict[str, MiniProgram]) -> dict[str, int]:
    """Write the logs of those programs that have a script; return how many entries each got."""
    now = timezone.now()
    made = {name: entries_of(programs[name], script, now=now) for name, script in SCRIPTS.items()}
    entries = [one for entries in made.values() for one in entries]
    log_store().write(entries)
    volume.write(volume.count(entries))
    return {name: len(entries) for name, entries in made.items()}


def entries_of(program: MiniProgram, script: Script, *, now: datetime) -> list[Entry]:
    """Return a program's entries, oldest first."""
    devices = list(SeenDevice.objects.filter(mini_program=program).order_by("guid"))
    delivering = Claim.objects.filter(task__mini_program=program).exclude(task__state=TaskState.ENDED)
    early = {claim.guid: claim.task.version.number for claim in delivering.select_related("task__version")}
    online = program.versions.online().get().number
    play = Play(script, devices, early, now)
    times = Times.at(now, days=settings.LOG_DAYS)
    return [
        entry(
            _origin(program, sent.device, early.get(sent.device.guid, online)),
            times,
            time=sent.time,
            page=sent.page,
            filter_msg=sent.filter_msg,
            trace_id=sent.trace_id,
            lines=sent.lines,
        )
        for sent in play.all()
    ]


def _origin(program: MiniProgram, device: SeenDevice, version: str) -> Origin:
    return Origin(
        mini_program=program.pk,
        application=device.application_id,
        guid=device.guid,
        platform=device.platform,
        os_version=device.os_version,
        library_version=LIBRARIES[int(device.guid[-1])],
        client_version=device.app_version,
        version=version,
    )


class Play:
    """One program's devices at their launches; those in `early` have a version that is being tried."""

    def __init__(self, script: Script, devices: list[SeenDevice], early: Collection[str], now: datetime) -> None:
        self.script = script
        self.devices = devices
        self.early = early
        self.now = now
        self.chance = random.Random(script.entries)  # noqa: S311 - a demo wants the same logs each time

    def all(self) -> list[Sent]:
        """Return everything that was sent up to now, oldest first."""
        sent: list[Sent] = []
        for minute in self._launches():
            sent += self._launch(self.chance.choice(self.devices), minute)
        if self.script.fresh:
            failing = [device for device in self.devices if device.guid in self.early]
            for minute in SPIKE:
                for _ in range(6 - abs(SPIKE[len(SPIKE) // 2] - minute) // 2):
                    sent += self._launch(self.chance.choice(failing), minute)
            sent += self._hostile()
        latest = milliseconds(self.now)
        return sorted((one for one in sent if one.time <= latest), key=lambda one: one.time)

    def _launches(self) -> Iterator[int]:
        """Yield how many minutes before now each launch was: more at busy hours."""
        weights = [HOURS[timezone.localtime(self.now - timedelta(minutes=ago)).hour] for ago in range(MINUTES)]
        sums = list(accumulate(weights))
        for _ in range(self.script.entries // 6):
            yield bisect_left(sums, self.chance.random() * sums[-1])

    def _launch(self, device: SeenDevice, minute: int) -> Iterator[Sent]:
        """Yield what a device sends from one launch: some six entries within a few minutes."""
        chance = self.chance
        trace_id = f"t-{chance.getrandbits(32):08x}"
        at = self.now - timedelta(minutes=minute, seconds=60 * chance.random())
        number = chance.randrange(1000, 5000)
        for _ in range(chance.randrange(3, 10)):
            at += timedelta(seconds=chance.expovariate(1 / 25))
            page = chance.choice(self.script.pages)
            filter_msg = f"{self.script.noun}-{number}" if chance.random() < 0.7 else ""
            lines = self._lines(milliseconds(at), minute, number, is_early=device.guid in self.early)
            yield Sent(milliseconds(at), device, trace_id, page, filter_msg, lines)

    def _lines(self, at: int, minute: int, number: int, *, is_early: bool) -> list[Line]:
        """Return an entry's lines: what went before, then the one that counts."""
        chance, script = self.chance, self.script
        dice = chance.random()
        if script.fresh and is_early and dice < (0.45 if minute in SPIKE else 0.02):
            level, text = ERROR, script.fresh
        elif script.fresh and minute in OUTAGE and dice < 0.3:
            level, text = ERROR, "request:fail timeout"
        elif dice > 0.98:
            level, text = ERROR, chance.choice(script.errors)
        elif dice > 0.9:
            level, text = WARN, chance.choice(script.warnings)
        else:
            level, text = INFO, chance.choice(script.infos)
        words = {"n": number, "few": chance.randrange(2, 19), "ms": int(chance.lognormvariate(5.3, 0.5))}
        lines = [Line(at, level, text.format(**words))]
        if level != INFO:
            lines.insert(0, Line(at - chance.randrange(2, 400), INFO, chance.choice(script.infos).format(**words)))
        return lines

    def _hostile(self) -> Iterator[Sent]:
        """Yield what a console must show harmlessly."""
        for place, (level, page, filter_msg, text) in enumerate(HOSTILE):
            at = milliseconds(self.now - timedelta(minutes=3 + 5 * place))
            yield Sent(at, self.devices[place], "t-0ddba11", page, filter_msg, [Line(at, level, text)])
