"""What the tests of teams and people share: one team with each role, and one next door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.cache import cache

from console.base.accounts.models import Membership, Team, User
from tests.factories import make_member, make_team


@dataclass(frozen=True)
class House:
    """A team with one person in each role, and a stranger from another team."""

    team: Team
    admin: User
    license_holder: User
    developer: User
    viewer: User
    stranger: User

    def member(self, user: User) -> Membership:
        return Membership.objects.get(team=self.team, user=user)


@pytest.fixture
def house(db: None) -> House:
    team, other = make_team("Harbour"), make_team("Elsewhere")
    roles = {role: make_member(team, role) for role in ("admin", "license_holder", "developer", "viewer")}
    return House(team, stranger=make_member(other, "admin"), **roles)


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> Iterator[None]:
    """Attempts of one test do not count in the next."""
    cache.clear()
    yield
    cache.clear()
