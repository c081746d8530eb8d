"""A-4: what webhooks tell of an event has one shape, which the example has, too, and nothing that is nobody's."""

from __future__ import annotations

import json

import pytest
from django.utils import translation

from console.base.activity import payloads
from console.base.activity.events import EVENTS
from console.base.activity.models import ActivityEntry
from console.base.activity.signals import emitted
from miniprograms import actions as miniprograms
from releases import actions as releases
from tests import factories

pytestmark = pytest.mark.django_db
DATA = {
    "summary", "actor", "team_id", "program", "application", "version", "target", "before", "after", "reason", "source",
    "url",
}  # fmt: skip


def test_every_event_that_can_be_heard_has_an_example_in_each_language():
    told = payloads.told()
    assert len(told) > 80
    for language in ("en", "zh-hans"):
        with translation.override(language):
            for event in told:
                example = json.loads(json.dumps(payloads.example(event)))
                assert (example["type"], example["version"]) == (event.name, 1)
                assert example["data"].keys() == DATA
                assert set(example["data"]["after"] or {}) == set(event.fields)
                assert payloads.details(example) is not None


def test_what_concerns_a_person_alone_is_told_to_nobody():
    names = {event.name for event in payloads.told()}
    assert {name for name in EVENTS if name.startswith("user.")} & names == set()
    assert {"version.published", "member.added", "gateway.set", "binding.approved", "token.created"} <= names


def test_what_is_told_has_the_shape_of_the_example():
    """Of every event that some verbs emit, whatever it is about."""
    found = []

    def note(sender, *, event, entry, **_rest):
        found.append((event, payloads.payload(event, entry)))

    program = factories.make_program(name="City Bus")
    by = program.created_by
    emitted.connect(note)
    try:
        releases.publish(factories.make_approved(program, "2.4.0"), by=by)
        miniprograms.take_off_shelf(program, by=by, reason="No buses")
        factories.make_webhook(program.team)
        factories.make_webhook(factories.make_application(program.team))
    finally:
        emitted.disconnect(note)
    assert {event.name for event, _ in found} >= {"version.published", "mini_program.taken_off_shelf"}
    for event, told in found:
        example = payloads.example(type(event))
        assert told.keys() == example.keys() and told["data"].keys() == DATA
        for key, value in told["data"].items():
            sample = example["data"][key]
            if isinstance(value, dict) and key not in ("before", "after"):
                assert sample is not None and value.keys() == sample.keys(), (event.name, key)
        entry = ActivityEntry.objects.filter(verb=event.name).first()
        assert entry.address is None or entry.address not in json.dumps(told)
