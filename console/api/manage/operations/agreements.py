"""Privacy agreements: the draft, and the versions that users agree to (A-2, S-1 to S-4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.conf import settings
from ninja import Body, Field, Schema, Status

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import checked, typed
from console.api.manage.paging import Page, Paged, page_of
from console.api.manage.problems import wrong_fields
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from console.base.core import times
from console.base.core.errors import ActionRefused
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from miniprograms.privacy import actions, rules
from miniprograms.privacy.access import agreement_for
from miniprograms.privacy.comparison import concerns_users, data_rows, says_the_same
from miniprograms.privacy.forms.draft import LINES, TEXTS, DraftForm
from miniprograms.privacy.forms.publishing import PublishForm
from miniprograms.privacy.models import STATED, FoundData, PrivacyAgreement, PrivacyDraft, Statements
from miniprograms.privacy.states import DataType

TAGS = ["Privacy agreements"]
ALL = "/programs/{app_id}/agreements"
DRAFT = f"{ALL}/draft"


class DataUse(Sent):
    """A type of personal data, and what it is for."""

    kind: DataType
    purpose: str = ""


class ThirdParty(Sent):
    """An SDK of somebody else."""

    name: str = ""
    purpose: str = ""
    link: str = Field("", description="https://…")


class AgreementOut(Schema):
    """A published version; the highest number is online."""

    number: int
    asks_again: bool = Field(description="users who agreed to an earlier version must agree again")
    note: str
    published_by: str
    published_at: datetime
    url: str = Field(description="where everybody reads it")


class AgreementFacts(Schema):
    """What an agreement states."""

    data: list[DataUse]
    third_parties: list[ThirdParty]
    contact_email: str
    contact_phone: str
    contact_other: str
    retention: str
    effective_on: date | None
    text_en: str = Field(description="Markdown")
    text_zh: str


class AgreementDetail(AgreementOut, AgreementFacts):
    """A published version with its text."""


class AgreementDraftOut(AgreementFacts):
    """The draft, or what it would begin with while revision is 0."""

    revision: int = Field(description="rises with each save")
    why_not: str = Field(description="why it can't be published; empty when it can")
    undeclared: list[DataType] = Field(description="what the newest package uses and no published version names")


class AgreementDraftChange(Sent):
    """What is to change; what is left out stays. In the texts, {{name}} stands for a fact, as on the page."""

    data: list[DataUse] = Field([], max_length=100)
    third_parties: list[ThirdParty] = Field([], max_length=200)
    contact_email: str = ""
    contact_phone: str = ""
    contact_other: str = ""
    retention: str = ""
    effective_on: str = Field("", description="the first day, such as 2026-12-01")
    text_en: str = Field("", description="Markdown")
    text_zh: str = ""
    revision: int | None = Field(None, description="the one that was read: 409 when someone has saved since")


class AgreementPublishing(Sent):
    """How the draft goes online."""

    revision: int | None = Field(None, description="the one that was read: 409 when someone has saved since")
    asks_again: bool | None = Field(None, description="null: when the version adds data, a purpose or a third party")
    note: str = Field("", description="what changed; for the team and the activity log")


@endpoint(api.get, ALL, Scope.READ, Permission.VIEW, load=mini_program_for, response=Page[AgreementOut], tags=TAGS)
def list_agreements(request: ApiRequest, program: MiniProgram, asked: Paged) -> dict[str, Any]:
    """List the versions of a program's privacy agreement, newest first (S-2)."""
    rows = PrivacyAgreement.objects.of_program(program).without_texts()
    return page_of(rows.select_related("published_by", "mini_program"), asked, _agreement_out)


@endpoint(api.get, DRAFT, Scope.READ, Permission.VIEW, load=mini_program_for, response=AgreementDraftOut, tags=TAGS)
def get_agreement_draft(request: ApiRequest, program: MiniProgram) -> dict[str, Any]:
    """Return the draft of a program's privacy agreement (S-1)."""
    return _draft_out(program)


@endpoint(
    api.patch, DRAFT, Scope.CONFIGURE, Permission.MANAGE, load=mini_program_for, response=AgreementDraftOut, tags=TAGS
)
def edit_agreement_draft(
    request: ApiRequest, program: MiniProgram, body: Annotated[AgreementDraftChange, Body()]
) -> dict[str, Any]:
    """Save the draft of a program's privacy agreement (S-1)."""
    draft = actions.draft_of(program) or actions.first_draft(program)
    changes = body.dict(include=body.model_fields_set)
    if changes.get("revision") is None:
        changes["revision"] = draft.revision
    form = DraftForm(typed(_as_typed({**_facts(draft), **changes})), draft=draft, found=None)
    data = _checked_draft(form)
    actions.save_draft(program, by=request.user, revision=data["revision"], **form.stated_data())
    return _draft_out(program)


@endpoint(
    api.post,
    f"{DRAFT}/publish",
    Scope.CONFIGURE,
    Permission.MANAGE,
    load=mini_program_for,
    response={201: AgreementDetail},
    tags=TAGS,
)
def publish_agreement(
    request: ApiRequest, program: MiniProgram, body: Annotated[AgreementPublishing, Body()]
) -> Status[dict[str, Any]]:
    """Put the draft online as the next version (S-2, S-4)."""
    draft, online = actions.draft_of(program), PrivacyAgreement.objects.online_of(program)
    if draft is None:
        raise ActionRefused(rules.why_not_publish(None, online, unchanged=False, today=times.platform_day()))
    concerned, revision = concerns_users(online, draft), draft.revision if body.revision is None else body.revision
    values = {"revision": revision, "note": body.note}
    values["asks_again"] = concerned if body.asks_again is None else body.asks_again
    form = PublishForm(typed(values), revision=revision, concerns_users=concerned, is_first=online is None)
    data = {"asks_again": True, **checked(form)}
    return Status(201, _agreement_detail(actions.publish(program, by=request.user, **data)))


@endpoint(
    api.get,
    f"{ALL}/{{agreement_number}}",
    Scope.READ,
    Permission.VIEW,
    load=agreement_for,
    response=AgreementDetail,
    tags=TAGS,
)
def get_agreement(request: ApiRequest, agreement: PrivacyAgreement) -> dict[str, Any]:
    """Return a version of a program's privacy agreement with its text."""
    return _agreement_detail(agreement)


def _as_typed(stated: dict[str, Any]) -> dict[str, Any]:
    """Return facts by the names that the page's form has for them."""
    values = {name: stated[name] for name in (*LINES, *TEXTS, "effective_on", "revision")}
    for use in stated["data"]:
        data_type = DataType(use["kind"]).value
        values |= {f"uses_{data_type}": True, f"purpose_{data_type}": use["purpose"]}
    for column in ("name", "purpose", "link"):
        values[f"party_{column}"] = [party[column] for party in stated["third_parties"]]
    return values


def _checked_draft(form: DraftForm) -> dict[str, Any]:
    """Return what the form has read; raises Problem 422, also with what is wrong with which third party."""
    form.is_valid()
    rows = [
        (f"third_parties.{number}.{column}", str(message))
        for number, row in enumerate(form.parties)
        for column, messages in row.errors.items()
        for message in messages
    ]
    if rows:
        raise wrong_fields(rows, "Some third parties have errors.")
    purposes = {f"purpose_{each}": f"data.{each}.purpose" for each in DataType.values}
    return checked(form, **purposes)


def _facts(stated: Statements) -> dict[str, Any]:
    return {name: getattr(stated, name) for name in STATED} | {
        "data": [{"kind": data_type, "purpose": purpose} for data_type, purpose in stated.data],
        "third_parties": [
            {"name": name, "purpose": purpose, "link": link} for name, purpose, link in stated.third_parties
        ],
    }


def _draft_out(program: MiniProgram) -> dict[str, Any]:
    kept, online = actions.draft_of(program), PrivacyAgreement.objects.online_of(program)
    draft: PrivacyDraft = kept or actions.first_draft(program)
    unchanged = says_the_same(kept, online, program)
    why_not = rules.why_not_publish(kept, online, unchanged=unchanged, today=times.platform_day())
    rows = data_rows(FoundData.objects.filter(mini_program=program).first(), online, kept)
    undeclared = [row.data_type for row in rows if row.is_undeclared]
    return _facts(draft) | {"revision": draft.revision, "why_not": why_not, "undeclared": undeclared}


def _agreement_out(agreement: PrivacyAgreement) -> dict[str, Any]:
    names = ("number", "asks_again", "note", "published_at")
    return {name: getattr(agreement, name) for name in names} | {
        "published_by": str(agreement.published_by),
        "url": settings.BASE_URL + agreement.get_public_url(),
    }


def _agreement_detail(agreement: PrivacyAgreement) -> dict[str, Any]:
    return _agreement_out(agreement) | _facts(agreement)
