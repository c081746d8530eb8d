"""People and teams."""

from __future__ import annotations

import itertools
from typing import Any

from console.base.accounts.models import Membership, Team, User
from console.base.accounts.permissions import TeamRole

PASSWORD = "correct horse battery"

serial = itertools.count(1)


def make_user(name: str = "", **fields: Any) -> User:
    """A person who can sign in with PASSWORD."""
    number = next(serial)
    fields.setdefault("email", f"person{number}@example.com")
    return User.objects.create_user(password=PASSWORD, name=name or f"Person {number}", **fields)


def make_team(name: str = "", **roles: User) -> Team:
    """A team; `make_team(admin=mira, viewer=tom)` gives the roles."""
    team = Team.objects.create(name=name or f"Team {next(serial)}")
    for role, user in roles.items():
        join(team, user, role)
    return team


def join(team: Team, user: User, role: str) -> Membership:
    """Make `user` a member."""
    return Membership.objects.create(team=team, user=user, role=TeamRole(role))


def make_member(team: Team, role: str) -> User:
    """A new person with a role in the team."""
    user = make_user()
    join(team, user, role)
    return user
