"""The demo's robots, and what they uploaded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from console.api.manage import uploads
from console.api.manage.actions import Made, create_robot
from console.api.manage.models import Upload
from console.base.accounts.models import User
from miniprograms.models import MiniProgram
from releases.models import Version

# By name: made hours ago by whom, scopes, for which program alone, days until its end, last used hours ago from where.
ROBOTS: dict[str, tuple[float, str, list[str], str, int | None, float, str]] = {
    "release": (24 * 28, "mira@example.com", ["upload", "submit"], "", 68, 30, "203.0.113.14"),
    "nightly": (24 * 39, "ada@example.com", ["upload", "trial"], "City Bus", 6, 26, "203.0.113.14"),
    "dashboard": (24 * 31, "mira@example.com", ["read"], "", None, 0.05, "198.51.100.7"),
    "old-jenkins": (24 * 38, "tomas@example.com", ["upload", "publish"], "Island Ferry", -9, 24 * 35, "192.0.2.80"),
}
# Versions that a robot uploaded, and from where in the repository.
UPLOADED = {
    ("City Bus", "2.6.1"): ("release", "main, 8c41e02"),
    ("City Bus", "2.6.2"): ("nightly", "main, 19aa7f3"),
}
REFUSED = "The page pages/pay/index has no .js and no .wxml file. (app.json)"

Move = Callable[..., object]  # takes the moment as `at`


class Automation:
    """Robots of a team as moves among the programs' others; `made` has them with their tokens, by name."""

    def __init__(self, programs: dict[str, MiniProgram], people: dict[str, User]) -> None:
        self.programs = programs
        self.people = people
        self.made: dict[str, Made] = {}

    def moves(self) -> list[tuple[float, Move]]:
        """Return (hours before now, what is done then)."""
        made: list[tuple[float, Move]] = [(about[0], partial(self._make, name)) for name, about in ROBOTS.items()]
        return [*made, (30, self._refuse)]

    def uploader(self, program: str, number: str) -> User | None:
        """Return the robot that uploads a version, if one does."""
        robot, _source = UPLOADED.get((program, number), ("", ""))
        return self.made[robot].row.holder if robot else None

    def note(self, version: Version, *, at: datetime) -> None:
        """Write down that a robot uploaded it."""
        robot, source = UPLOADED[version.mini_program.name, version.number]
        uploads.note(
            self.made[robot].row,
            version.mini_program,
            number=version.number,
            source=source,
            size=version.package.size,
            warnings=len(version.findings),
        )
        Upload.objects.filter(mini_program=version.mini_program, number=version.number).update(at=at)

    def _make(self, name: str, *, at: datetime) -> None:
        _hours, email, scopes, program, days, used, address = ROBOTS[name]
        made = self.made[name] = create_robot(
            self.programs["City Bus"].team,
            name=name,
            scopes=scopes,
            program=self.programs[program] if program else None,
            addresses=[],
            expires_at=None,
            by=self.people[email],
            at=at,
        )
        robot = made.row
        robot.expires_at = None if days is None else timezone.now() + timedelta(days=days)
        robot.last_used_at, robot.last_used_from = timezone.now() - timedelta(hours=used), address
        robot.save(update_fields=["expires_at", "last_used_at", "last_used_from"])

    def _refuse(self, *, at: datetime) -> None:
        robot, program = self.made["release"].row, self.programs["Island Ferry"]
        uploads.note(robot, program, number="1.12.1", source="hotfix, 77d0b1c", size=412_000, refusal=REFUSED)
        Upload.objects.filter(mini_program=program).update(at=at)
