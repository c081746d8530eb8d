"""What `manage.py up` tells the person at the terminal: where the console is, and how to sign in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from console.base.accounts.permissions import ApplicationRole, TeamRole
from console.local.demo.seed_data import APPLICATIONS, PEOPLE, TEAMS


@dataclass(frozen=True)
class FirstStart:
    """The passwords that a first start has made; "" for the demo's without one. They are kept nowhere."""

    email: str
    password: str = field(repr=False)
    demo_password: str = field(default="", repr=False)

    def lines(self, *, roles: bool = True) -> list[str]:
        """Return how to sign in as the people of the demo, with their roles or not, and as an operator."""
        demo = f"Demo accounts, all with the password {self.demo_password}:"
        named = [demo, *(f"  {line}" for line in people())] if roles else [f"{demo} {next(iter(PEOPLE))}, …"]
        return [
            *(named if self.demo_password else []),
            f"Sign in as {self.email} with the password {self.password} to be the operator.",
        ]


def people() -> list[str]:
    """Return the demo's people and what each is, one a line."""
    return [f"{email:20} {'; '.join(_roles(email))}" for email in PEOPLE]


def _roles(email: str) -> Iterator[str]:
    for team, members in TEAMS.items():
        if email in members:
            yield f"{TeamRole(members[email]).label.lower()} in {team}"
    for application, about in APPLICATIONS.items():
        if email == about["admin"]:
            yield f"{ApplicationRole.APP_ADMIN.label.lower()} of {application}"
        elif email in about["reviewers"]:
            yield f"{ApplicationRole.REVIEWER.label.lower()} of {application}"


def ready(address: str, first: FirstStart | None, *, mailbox: str) -> list[str]:
    """Return what is said when the console answers; `mailbox` is its page, "" where a mail server is set."""
    return [
        f"The console is ready: {address}",
        *([f"Its mails are here:   {mailbox}"] if mailbox else []),
        *(["", *first.lines(), "Passwords are shown in this run only."] if first else []),
        "Ctrl-C stops it.",
    ]


def stopped(first: FirstStart | None, *, again: str) -> list[str]:
    """Return what is said in the end: how to start again, and once more what only this run knows."""
    return [f"Stopped. All data is kept; start again with: {again}", *(first.lines(roles=False) if first else [])]
