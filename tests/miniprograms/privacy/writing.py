"""What the form sends, and what the verbs take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.models import User
from miniprograms.models import MiniProgram
from miniprograms.privacy import actions
from miniprograms.privacy.models import FoundData, PrivacyAgreement, PrivacyDraft

TEXT = "# {{program}} of {{team}}\n\n{{effective_date}}\n\n{{data}}\n{{third_parties}}\n{{retention}}\n{{contact}}"


def url(program: MiniProgram, page: str, *arguments: int) -> str:
    """The address of a page of the agreement."""
    return reverse(f"privacy:{page}", args=[program.app_id, *arguments])


def tomorrow() -> str:
    """A day that can be published, as the form sends it."""
    return (timezone.localdate() + timedelta(days=1)).isoformat()


def typed(client: Client, program: MiniProgram, **changes: Any) -> dict[str, Any]:
    """What a filled-in form sends that was opened now; None leaves a field out."""
    form = client.get(url(program, "edit")).context["form"]
    sent = {
        "revision": form["revision"].value(),
        "seen": form["seen"].value(),
        "uses_location": "on",
        "purpose_location": "to show the next stop",
        "contact_email": "privacy@example.com",
        "contact_phone": "",
        "contact_other": "",
        "retention": "30 days",
        "effective_on": tomorrow(),
        "party_name": [""],
        "party_purpose": [""],
        "party_link": [""],
        "tab": "en",
        "text_en": TEXT,
        "text_zh": "",
    }
    return {name: value for name, value in {**sent, **changes}.items() if value is not None}


def save(program: MiniProgram, by: User, **stated: Any) -> PrivacyDraft:
    """Save a draft that can be published, in the newest revision."""
    draft = actions.draft_of(program)
    complete = {
        "data": [["location", "to show the next stop"]],
        "third_parties": [],
        "contact_email": "privacy@example.com",
        "retention": "30 days",
        "effective_on": timezone.localdate(),
        "text_en": TEXT,
        "text_zh": "",
    }
    return actions.save_draft(program, by=by, revision=draft.revision if draft else 0, **{**complete, **stated})


def publish(program: MiniProgram, by: User, *, asks_again: bool = False, **stated: Any) -> PrivacyAgreement:
    """Save what is `stated` and put it online."""
    draft = save(program, by, **stated)
    return actions.publish(program, by=by, revision=draft.revision, asks_again=asks_again)


def find_data(program: MiniProgram, *apis: str, types: tuple[str, ...] = ("location",)) -> FoundData:
    """What the newest report found in the program's package."""
    found = {"version_number": "2.5.0", "data_types": list(types), "apis": list(apis), "found_at": timezone.now()}
    return FoundData.objects.create(mini_program=program, **found)
