"""Every state that the console knows has its colour, and says the same everywhere."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from console.api.manage.states import LoginState
from console.base.core.states import STATES
from console.base.hosts.states import DecisionState
from grayscale.states import TaskState
from messaging.states import MessageState
from miniprograms.states import Shelf
from releases.states import AuditState, VersionState

ALL = [DecisionState, Shelf, AuditState, VersionState, TaskState, MessageState, LoginState]


@pytest.mark.parametrize("states", ALL)
def test_every_state_is_known_with_the_same_words(states: type[models.TextChoices]):
    assert {value: str(STATES[value][1]) for value in states.values} == {
        value: str(label) for value, label in states.choices
    }


def test_no_model_has_a_state_that_was_forgotten():
    unknown = {
        f"{model.__name__}.{value}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if getattr(field, "name", "") in ("state", "shelf")
        for value, _label in field.choices or ()
        if value not in STATES
    }
    assert unknown == set()


def test_no_state_is_listed_that_nothing_has():
    known = {value for states in ALL for value in states.values}
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        known.update(re.findall(r'{% status "(\w+)"', template.read_text()))
    # what pages show for an approved ProgramGrant, for one that its renewal replaced, and of an AppSecret
    known |= {"granted", "renewed", "frozen"}
    assert set(STATES) - known == set()
