"""The demo's privacy agreements, trial versions and offline packages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from console.base.accounts.models import User
from console.base.core import times
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram
from miniprograms.privacy import actions as privacy
from releases.actions.trial import set_trial
from releases.offline import actions as offline

CITY_BUS: dict[str, Any] = {
    "data": [["location", "to show the stops near you and the way there"]],
    "contact_email": "privacy@harbour-mobility.example",
    "contact_phone": "+49 40 555 0134",
    "retention": "30 days; tickets for as long as tax law asks",
    "third_parties": [["Harbour Maps", "draws the map and finds the way", "https://maps.harbour.example/privacy"]],
}
STATED: dict[str, dict[str, Any]] = {
    "city-bus-1": {**CITY_BUS, "third_parties": []},
    "city-bus-2": CITY_BUS,
    "city-bus-draft": {
        **CITY_BUS,
        "data": [*CITY_BUS["data"], ["clipboard", "to copy an invitation for a season ticket"]],
    },
    "tax-helper-1": {
        "data": [
            ["album", "to attach photos of receipts that you choose"],
            ["invoice", "to fill in your tax return"],
        ],
        "contact_email": "privacy@city-services.example",
        "contact_other": "City Services, Town Hall, 20095 Hamburg",
        "retention": "ten years, as tax law asks",
        "third_parties": [],
    },
    "clinic-booking-1": {
        "data": [
            ["calendar", "to put appointments into your calendar"],
            ["phone_number", "to reach you when a doctor is ill"],
        ],
        "contact_phone": "+49 40 555 0190",
        "retention": "until a year after the last appointment",
        "third_parties": [],
    },
}


def save(program: MiniProgram, name: str, *, by: User, at: datetime) -> None:
    """Save a draft of the seed data."""
    current = privacy.draft_of(program)
    effective_on = times.platform_day(at) + timedelta(days=7)
    revision = current.revision if current else 0
    privacy.save_draft(program, by=by, revision=revision, effective_on=effective_on, at=at, **STATED[name])


def publish(program: MiniProgram, name: str, *, by: User, at: datetime) -> None:
    """Save a draft of the seed data and put it online."""
    save(program, name, by=by, at=at)
    draft = privacy.draft_of(program)
    assert draft is not None  # noqa: S101 - just saved
    privacy.publish(program, by=by, revision=draft.revision, asks_again=True, at=at)


def try_out(program: MiniProgram, argument: str, *, by: User, at: datetime) -> None:
    """Set the trial version: “2.7.0 pages/ticket/index from=home”."""
    number, page, query = argument.split()
    version = program.versions.numbered(number).get()
    set_trial(program, version=version, page=page, query=query, seen=None, by=by, at=at)


def take_home(
    program: MiniProgram, name: str, *, by: User, applications: Mapping[str, HostApplication], at: datetime
) -> None:
    """Download the offline package for an application."""
    _version, file = offline.download(program, application=applications[name], by=by, at=at)
    file.close()
