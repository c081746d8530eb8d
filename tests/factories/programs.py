"""Mini programs, their bindings, users and privacy agreements."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from console.base.accounts.models import Team
from console.base.accounts.permissions import TeamRole
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from miniprograms.actions import user_of
from miniprograms.models import Binding, Category, MiniProgram, ProgramUser
from miniprograms.privacy.models import PrivacyAgreement, PrivacyDraft
from tests.factories.hosts import make_application, make_reviewer
from tests.factories.people import make_member, make_team, serial


def make_icon(name: str = "icon.png", size: int = 64) -> ContentFile[bytes]:
    """A small PNG, as a file to upload."""
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), "teal").save(buffer, "PNG")
    return ContentFile(buffer.getvalue(), name=name)


def make_category(name: str = "Transport") -> Category:
    """A category by name."""
    return Category.objects.get_or_create(name=name)[0]


def make_program(team: Team | None = None, name: str = "", **fields: Any) -> MiniProgram:
    """A mini program on the shelf, nothing uploaded."""
    team = team or make_team()
    fields.setdefault("category", make_category())
    fields.setdefault("introduction", "What it is for.")
    fields.setdefault("icon", "icons/none.webp")
    if "created_by" not in fields:
        fields["created_by"] = make_member(team, TeamRole.LICENSE_HOLDER)
    return MiniProgram.objects.create(team=team, name=name or f"Program {next(serial)}", **fields)


def make_binding(program: MiniProgram, application: HostApplication | None = None, **fields: Any) -> Binding:
    """A binding in force; `state="waiting"` for one that was only asked for."""
    fields.setdefault("state", DecisionState.APPROVED)
    fields.setdefault("requested_by", program.created_by)
    fields.setdefault("requested_at", timezone.now())
    application = application or make_application()
    if fields["state"] not in (DecisionState.WAITING, DecisionState.WITHDRAWN):
        if "decided_by" not in fields:
            fields["decided_by"] = make_reviewer(application)
        fields.setdefault("decided_at", timezone.now())
    return Binding.objects.create(mini_program=program, application=application, **fields)


def make_agreement(program: MiniProgram, **fields: Any) -> PrivacyAgreement:
    """A published agreement, the next number."""
    fields.setdefault("number", program.privacy_agreements.count() + 1)
    fields.setdefault("text_en", "# Privacy\n\nWe read the **location**.")
    fields.setdefault("data", [["location", "to show the next stop"]])
    fields.setdefault("contact_email", "privacy@example.com")
    fields.setdefault("effective_on", timezone.localdate())
    fields.setdefault("asks_again", True)
    fields.setdefault("published_by", program.created_by)
    fields.setdefault("published_at", timezone.now())
    return PrivacyAgreement.objects.create(mini_program=program, **fields)


def make_privacy_draft(program: MiniProgram, **fields: Any) -> PrivacyDraft:
    """A draft that names one type of data."""
    fields = {"changed_by": program.created_by, "changed_at": timezone.now(), **fields}
    fields.setdefault("data", [["location", "to show the next stop"]])
    fields.setdefault("contact_email", "privacy@example.com")
    fields.setdefault("text_en", "# Privacy\n\nWe read the **location**.")
    return PrivacyDraft.objects.create(mini_program=program, **fields)


def make_program_user(program: MiniProgram, application: HostApplication, account: str = "") -> ProgramUser:
    """An account of the application as the program knows it."""
    return user_of(program, application=application, account=account or f"account-{next(serial)}")
