"""Which checklist somebody sees who begins (P-11): at most one, and none once what they set up works."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from console.home.checklist import Checklist
from console.home.first_application import of_application
from console.home.first_program import of_team
from console.home.person import Person
from console.home.setting_up import of_platform


def checklist_for(person: Person, request: HttpRequest, *, at: datetime) -> Checklist | None:
    """Return what the person has still to do first: for the platform, else for their team, else for an application."""
    if person.user.is_staff and not person.held:
        return of_platform(person.user, host=request.get_host(), at=at)
    return of_team(person, at=at) or of_application(person)
