"""Fixtures of keys."""

from __future__ import annotations

import pytest

from console.base.accounts.models import Team, User
from miniprograms.models import MiniProgram
from tests.factories import make_member, make_program, make_team


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def admin(team: Team) -> User:
    return make_member(team, "admin")


@pytest.fixture
def program(team: Team) -> MiniProgram:
    return make_program(team, "City Bus")
