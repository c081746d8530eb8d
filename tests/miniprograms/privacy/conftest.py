"""A program whose agreement is written, and who may write it."""

import pytest

from tests import factories


@pytest.fixture
def team(db):
    return factories.make_team("Harbour Mobility")


@pytest.fixture
def holder(team):
    """Who may publish."""
    return factories.make_member(team, "license_holder")


@pytest.fixture
def program(team, holder):
    return factories.make_program(team, "City Bus", created_by=holder)
