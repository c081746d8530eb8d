"""The registry of events: every event is whole, in every language, and every one is emitted somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from console.base.activity.events import EVENTS, Event, event_of, in_list, log_words
from console.base.activity.models import ActivityEntry
from console.base.core.templatetags.console import icon
from miniprograms.events import ProgramEvent

ROOT = Path(settings.BASE_DIR)
COLOURS = {"green", "blue", "orange", "red", "secondary"}
APPS = ("console", "miniprograms", "releases", "grayscale", "devmgmt", "messaging")


def test_the_names_are_those_that_rows_keep() -> None:
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in EVENTS)
    assert max(map(len, EVENTS)) <= ActivityEntry._meta.get_field("verb").max_length
    assert len(EVENTS) > 100


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.name)
def test_an_event_has_every_text_in_every_language(event: type[Event]) -> None:
    labels = [field.label for field in event.fields.values()]
    for text in [event.log, *filter(None, [event.in_list, event.title])]:
        words = {}
        for language, _name in settings.LANGUAGES:
            with override(language):
                words[language] = str(text)
        assert all(words.values())
        assert len(set(words.values())) == len(words), text
    assert all(str(label) for label in labels)


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.name)
def test_an_event_has_an_icon_and_a_colour_that_exist(event: type[Event]) -> None:
    assert event.colour in COLOURS
    assert "<svg" in str(icon(event.icon))


def test_an_event_stands_in_the_file_of_the_app_that_emits_it() -> None:
    """An event that nobody emits would be described and never happen."""
    for event in EVENTS.values():
        module = event.__module__
        assert module.endswith(".events"), event
        sources = "".join(path.read_text() for path in (ROOT / module.replace(".", "/")).parent.rglob("*.py"))
        assert len(re.findall(rf"\b{event.__name__}\b", sources)) > 1, event.name


def test_what_a_program_s_list_shows_has_words_of_its_own_or_says_that_it_has_none() -> None:
    for event in filter(lambda event: issubclass(event, ProgramEvent), EVENTS.values()):
        said = [parent for parent in event.__mro__ if "in_list" in parent.__dict__]
        assert said[0] is not Event, event.name


def test_a_name_is_taken_once() -> None:
    with pytest.raises(TypeError, match="two events"):
        type("Another", (Event,), {"name": "team.edited"})


def test_an_event_of_a_later_release_is_shown_by_its_name() -> None:
    assert log_words("spaceship.launched") == "spaceship.launched"
    assert event_of("spaceship.launched").icon == "edit"
    assert in_list("spaceship.launched", "Apollo") == "spaceship.launched: Apollo"
