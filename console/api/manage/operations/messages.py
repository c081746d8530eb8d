"""Subscription messages: templates, and what was sent with them (A-2, M-1 to M-8)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Body, Field, Query, Schema, Status

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import checked, typed
from console.api.manage.operations.references import ApplicationRef, application_ref
from console.api.manage.paging import Asked, Page, Paged, Whole, page_of
from console.api.manage.problems import wrong_cursor, wrong_fields
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from messaging.access import message_for, template_for
from messaging.actions import messages as message_actions
from messaging.actions import templates as template_actions
from messaging.forms.library import SelectForm
from messaging.forms.log import LogForm
from messaging.models import Message, MyTemplate, PublicKeyword, PublicTemplate
from messaging.presenters.log import Place, latest
from messaging.states import MessageState, TemplateCategory, TemplateKind
from messaging.stats import days_of
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

TAGS = ["Messages"]
TEMPLATES, MESSAGES = "/programs/{app_id}/templates", "/programs/{app_id}/messages"
TEMPLATE, MESSAGE = f"{TEMPLATES}/{{template_id}}", f"{MESSAGES}/{{message_id}}"


class KeywordOut(Schema):
    """A keyword; `key` is its name in `data` of what servers send: thing4."""

    key: str
    name: str
    name_zh: str
    example: str


class PublicKeywordOut(KeywordOut):
    """A keyword of the library, with the number by which it is chosen."""

    number: int


class PublicTemplateOut(Schema):
    """A template of the public library."""

    number: int
    title: str
    title_zh: str
    kind: TemplateKind
    category: TemplateCategory
    keywords: list[PublicKeywordOut]


class LibraryAsked(Asked):
    """Which templates of the library."""

    q: str = Field("", max_length=100, description="words of the title, or the number")
    kind: Literal["", "one_time", "long_term"] = ""


class TemplateOut(Schema):
    """A template of a program."""

    template_id: str
    number: int = Field(description="of the template of the library that it was made of")
    title: str
    title_zh: str
    kind: TemplateKind
    keywords: list[KeywordOut]
    note: str
    created_at: datetime


class TemplateNew(Sent):
    """Which keywords of which template of the library, in the order in which users read them."""

    number: int = Field(description="of the template of the library")
    keywords: list[int] = Field(max_length=20, description="numbers of one to five of its keywords")
    note: str = Field("", description="what it is for; only the team sees it")


class MessagesAsked(Asked):
    """The criteria of the send log, and which part of it."""

    state: Literal["", "waiting", "delivered", "failed"] = ""
    template_id: str = ""
    application_id: str = ""
    since: str = Field("", description="a day, such as 2026-11-30")
    until: str = Field("", description="the last day")
    recipient: str = Field("", description="openid or account")


class MessageOut(Schema):
    """A message, and where it is."""

    id: int
    webhook_id: str = Field(description="what the gateway knows it by (webhook-id)")
    template_id: str
    application: ApplicationRef
    recipient: str = Field(description="the openid, masked as pages show it")
    state: MessageState
    tries: int
    accepted_at: datetime
    next_try_at: datetime | None = Field(description="of one that waits")
    finished_at: datetime | None
    http_status: int | None = Field(description="of the gateway's last answer")
    reason: str = Field(description="why the last try failed")


class MessageDetail(MessageOut):
    """A message with what the user reads."""

    values: dict[str, str]
    page: str
    lang: str
    program_state: str
    idempotency_key: str


class MessageDay(Schema):
    """The messages that were accepted on a day, by where they are now."""

    date: date
    delivered: int
    failed: int
    waiting: int


@endpoint(
    api.get,
    "/programs/{app_id}/template-library",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Page[PublicTemplateOut],
    tags=TAGS,
)
def list_library_templates(
    request: ApiRequest, program: MiniProgram, asked: Annotated[LibraryAsked, Query()]
) -> dict[str, Any]:
    """List the templates that the public library offers (M-1)."""
    rows = PublicTemplate.objects.listed().prefetch_related("keywords")
    if asked.q:
        rows = rows.matching(asked.q)
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    return page_of(rows, asked, _public_out)


@endpoint(api.get, TEMPLATES, Scope.READ, Permission.VIEW, load=mini_program_for, response=Page[TemplateOut], tags=TAGS)
def list_templates(request: ApiRequest, program: MiniProgram, asked: Paged) -> dict[str, Any]:
    """List a program's templates, newest first (M-3)."""
    return page_of(_templates(program), asked, _template_out)


@endpoint(api.get, TEMPLATE, Scope.READ, Permission.VIEW, load=template_for, response=TemplateOut, tags=TAGS)
def get_template(request: ApiRequest, template: MyTemplate) -> dict[str, Any]:
    """Return a template of a program."""
    return _template_out(template)


@endpoint(
    api.post,
    TEMPLATES,
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=mini_program_for,
    response={201: TemplateOut},
    tags=TAGS,
)
def create_template(
    request: ApiRequest, program: MiniProgram, body: Annotated[TemplateNew, Body()]
) -> Status[dict[str, Any]]:
    """Add a template with keywords of one of the library (M-2)."""
    public = PublicTemplate.objects.listed().filter(number=body.number).first()
    if public is None:
        raise wrong_fields([("number", "The library has no template with this number.")])
    places = {f"place_{number}": place for place, number in enumerate(body.keywords, start=1)}
    form = SelectForm(typed({**places, "keywords": body.keywords, "note": body.note}), keywords=public.keywords.all())
    data = checked(form)
    template = template_actions.add_template(program, public_template=public, by=request.user, **data)
    return Status(201, _template_out(template))


@endpoint(
    api.delete,
    TEMPLATE,
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=template_for,
    response={204: None},
    tags=TAGS,
)
def delete_template(request: ApiRequest, template: MyTemplate) -> Status[None]:
    """Delete a template for good: its consents are worth nothing from now on (M-3)."""
    template_actions.delete_template(template, by=request.user)
    return Status(204, None)


# What was sent (M-7, M-8) ------------------------------------------------------------------------------------------


@endpoint(api.get, MESSAGES, Scope.READ, Permission.VIEW, load=mini_program_for, response=Page[MessageOut], tags=TAGS)
def list_messages(
    request: ApiRequest, program: MiniProgram, asked: Annotated[MessagesAsked, Query()]
) -> dict[str, Any]:
    """List a program's messages, newest first (M-8)."""
    before = Place.read(asked.cursor)
    if asked.cursor and before is None:
        raise wrong_cursor()
    if asked.template_id and not program.templates.filter(template_id=asked.template_id).exists():
        raise wrong_fields([("template_id", "The program has no template with this ID.")])
    if asked.application_id and not program.bindings.filter(application__application_id=asked.application_id).exists():
        raise wrong_fields([("application_id", "The program has no binding to a host app with this ID.")])
    form = LogForm(typed(asked.dict()), program=program)
    checked(form)
    found = latest(program, form.criteria, before=before, limit=asked.limit + 1)
    kept = found[: asked.limit]
    more = str(Place(kept[-1].accepted_at, kept[-1].pk)) if len(found) > len(kept) else ""
    return {"items": [_message_out(message) for message in kept], "next": more}


@endpoint(
    api.get,
    "/programs/{app_id}/message-days",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Whole[MessageDay],
    tags=TAGS,
)
def list_message_days(request: ApiRequest, program: MiniProgram) -> dict[str, Any]:
    """Count a program's messages of the last 14 days, the oldest first (M-8)."""
    return {"items": [asdict(day) for day in days_of(program, at=timezone.now())]}


@endpoint(api.get, MESSAGE, Scope.READ, Permission.VIEW, load=message_for, response=MessageDetail, tags=TAGS)
def get_message(request: ApiRequest, message: Message) -> dict[str, Any]:
    """Return a message with what the user reads, and how its delivery went."""
    return _message_out(message) | {
        "values": {key: str(value) for key, value in message.values.items()},
        "page": message.page,
        "lang": message.lang,
        "program_state": message.program_state,
        "idempotency_key": message.idempotency_key,
    }


@endpoint(
    api.post,
    f"{MESSAGE}/replay",
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=message_for,
    response=MessageOut,
    tags=TAGS,
)
def replay_message(request: ApiRequest, message: Message) -> dict[str, Any]:
    """Send a failed message again, with as many tries as a new one (M-7)."""
    return _message_out(message_actions.replay(message, by=request.user))


def _templates(program: MiniProgram) -> QuerySet[MyTemplate]:
    return MyTemplate.objects.live().filter(mini_program=program).select_related("public_template")


def _keyword(keyword: Any) -> dict[str, Any]:
    return {name: keyword[name] for name in ("key", "name", "name_zh", "example")}


def _public_keyword(keyword: PublicKeyword) -> dict[str, Any]:
    names = ("number", "key", "name", "name_zh", "example")
    return {name: getattr(keyword, name) for name in names}


def _public_out(template: PublicTemplate) -> dict[str, Any]:
    names = ("number", "title", "title_zh", "kind", "category")
    keywords = [_public_keyword(keyword) for keyword in template.keywords.all()]
    return {name: getattr(template, name) for name in names} | {"keywords": keywords}


def _template_out(template: MyTemplate) -> dict[str, Any]:
    names = ("template_id", "title", "title_zh", "kind", "note", "created_at")
    return {name: getattr(template, name) for name in names} | {
        "number": template.public_template.number,
        "keywords": [_keyword(keyword) for keyword in template.keywords],
    }


def _message_out(message: Message) -> dict[str, Any]:
    names = ("state", "tries", "accepted_at", "finished_at", "reason")
    return {name: getattr(message, name) for name in names} | {
        "id": message.pk,
        "webhook_id": message.message_id,
        "http_status": message.status,
        "template_id": message.template.template_id,
        "application": application_ref(message.application),
        "recipient": message.consent.user.masked,
        "next_try_at": message.next_try_at if message.state == MessageState.WAITING else None,
    }
