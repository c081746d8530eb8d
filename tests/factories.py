"""Makers of real rows: each makes what it needs and takes what the test cares about."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import secrets
import zipfile
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import msgspec
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from console.accounts.models import Membership, Team, User
from console.accounts.permissions import ApplicationRole, TeamRole
from console.core.sealing import seal
from console.hosts.models import (
    ApplicationKey,
    ApplicationMember,
    DefaultApi,
    HostApplication,
    SensitiveApi,
    ServerSecret,
)
from console.hosts.signing import make_signing_key
from console.hosts.states import DecisionState
from console.reviews.models import Report
from console.reviews.report import Content
from devmgmt.keys.models import AppSecret
from devmgmt.logs.entry import Entry
from devmgmt.logs.store import log_store
from devmgmt.models import ApiPermission, DomainExemption, ServerDomain
from grayscale import actions as grayscale
from grayscale.claims import DatabaseClaims
from grayscale.decision import Candidate
from grayscale.importing import read_list
from grayscale.models import GrayscaleTask, ObjectList, SeenDevice
from grayscale.standing import rules_of
from messaging.models import Ban, Consent, Gateway, Message, MyTemplate, PublicKeyword, PublicTemplate
from miniprograms.actions import user_of
from miniprograms.models import Binding, Category, MiniProgram, ProgramUser
from miniprograms.privacy.models import PrivacyAgreement, PrivacyDraft
from releases import actions
from releases.models import Audit, TrialVersion, Version

PASSWORD = "correct horse battery"
_count = itertools.count(1)


def make_user(name: str = "", **fields: Any) -> User:
    """A person who can sign in with PASSWORD."""
    number = next(_count)
    fields.setdefault("email", f"person{number}@example.com")
    return User.objects.create_user(password=PASSWORD, name=name or f"Person {number}", **fields)


def make_team(name: str = "", **roles: User) -> Team:
    """A team; `make_team(admin=mira, viewer=tom)` gives the roles."""
    team = Team.objects.create(name=name or f"Team {next(_count)}")
    for role, user in roles.items():
        join(team, user, role)
    return team


def join(team: Team, user: User, role: str) -> Membership:
    """Make `user` a member."""
    return Membership.objects.create(team=team, user=user, role=TeamRole(role))


def make_member(team: Team, role: str) -> User:
    """A new person with a role in the team."""
    user = make_user()
    join(team, user, role)
    return user


def make_application(team: Team | None = None, name: str = "", **fields: Any) -> HostApplication:
    """A host application with one device key, owned by `team` (a new one by default)."""
    team = team or make_team()
    application = HostApplication.objects.create(team=team, name=name or f"Application {next(_count)}", **fields)
    ApplicationKey.objects.create(application=application, created_by=make_user())
    make_signing_key(application, by=None)
    return application


def make_default_apis() -> None:
    """What a migration made, and a test that empties all tables has taken away."""
    listed = import_module("console.hosts.migrations.0003_default_apis")
    DefaultApi.objects.bulk_create(
        [
            DefaultApi(name=name, title=title, restricted=restricted)
            for apis, restricted in ((listed.RESTRICTED, True), (listed.PUBLIC, False))
            for name, title in apis.items()
        ],
        ignore_conflicts=True,
    )


def make_reviewer(application: HostApplication, role: str = ApplicationRole.REVIEWER) -> User:
    """A new person on the host side, viewer in the owning team."""
    user = make_member(application.team, TeamRole.VIEWER)
    ApplicationMember.objects.create(application=application, user=user, role=role)
    return user


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
    return MiniProgram.objects.create(team=team, name=name or f"Program {next(_count)}", **fields)


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


def make_api(application: HostApplication, name: str = "wx.getLocation", **fields: Any) -> SensitiveApi:
    """An API in the application's list, restricted unless told otherwise."""
    return SensitiveApi.objects.create(application=application, name=name, **fields)


def make_domain(program: MiniProgram, host: str, kind: str = "request", **fields: Any) -> ServerDomain:
    """A host that the program may speak to."""
    return ServerDomain.objects.create(mini_program=program, kind=kind, host=host, **fields)


def make_exemption(program: MiniProgram, application: HostApplication, **fields: Any) -> DomainExemption:
    """A granted exemption; `state="waiting"` for one that was only asked for."""
    return DomainExemption.objects.create(**_grant(program, application, fields))


def make_permission(
    program: MiniProgram, application: HostApplication, api: str = "wx.getLocation", **fields: Any
) -> ApiPermission:
    """A granted interface permission; `state="waiting"` for one that was only asked for."""
    return ApiPermission.objects.create(api=api, **_grant(program, application, fields))


def _grant(program: MiniProgram, application: HostApplication, fields: dict[str, Any]) -> dict[str, Any]:
    fields = {"state": DecisionState.APPROVED, "requested_by": program.created_by, **fields}
    fields.setdefault("requested_at", timezone.now())
    if fields["state"] not in (DecisionState.WAITING, DecisionState.WITHDRAWN):
        fields.setdefault("decided_by", make_reviewer(application))
        fields.setdefault("decided_at", timezone.now())
    return {"mini_program": program, "application": application, **fields}


def make_zip(files: dict[str, str | bytes] | None = None, **app: Any) -> ContentFile[bytes]:
    """An honest package with two pages; `files` adds or replaces files, `app` keys of app.json."""
    manifest = {"pages": ["pages/index/index", "pages/about/about"], **app}
    contents: dict[str, str | bytes] = {"app.json": json.dumps(manifest), "app.js": "App({})\n"}
    for page in ("pages/index/index", "pages/about/about"):
        contents |= {f"{page}.js": "Page({})\n", f"{page}.wxml": "<view>Hello</view>\n"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**contents, **(files or {})}.items():
            archive.writestr(name, content)
    return ContentFile(buffer.getvalue(), name="package.zip")


def make_version(program: MiniProgram, number: str = "1.0.0", by: User | None = None, **files: str) -> Version:
    """A development version, uploaded for real; its package differs from that of every other number."""
    major, minor, patch = map(int, number.split("."))
    file = make_zip({"version.js": f"module.exports = '{program.app_id} {number}'", **files})
    by = by or program.created_by
    return actions.upload(program, file=file, number=(major, minor, patch), notes=f"Notes of {number}", by=by)


def make_audit(program: MiniProgram, number: str = "1.0.0", by: User | None = None) -> Audit:
    """A version in audit; an application is bound when none was."""
    if not program.bindings.bound().exists():
        make_binding(program)
    return actions.submit(make_version(program, number, by=by), by=by or program.created_by)


def make_report(version: Version, audit: Audit | None = None, **content: Any) -> Report:
    """A written report on the version, on which nothing was found unless `content` says so; plain values only.

    `content=None` makes one that is still to be written.
    """
    facts = {"version": version, "audit": audit, "requested_by": version.uploaded_by, "requested_at": timezone.now()}
    if content == {"content": None}:
        return Report.objects.create(**facts)
    package, empty = version.package, ("largest", "subpackages", "new_pages", "gone_pages", "apis", "domains", "exempt")
    whole: dict[str, Any] = {name: [] for name in (*empty, "data", "declared_unused", "secrets", "unread")}
    whole |= {"size": package.size, "unpacked_size": package.unpacked_size, "file_count": len(package.files)}
    whole |= {"base": "", "added": len(package.files), "removed": 0, "changed": 0, "growth": 0, "seconds": 0.1}
    whole |= {"pages": package.pages, "agreement": 0, **content}
    kept = msgspec.to_builtins(msgspec.convert(whole, Content))
    return Report.objects.create(**facts, content=kept, written_at=timezone.now())


def make_approved(program: MiniProgram, number: str = "1.0.0") -> Version:
    """A version that every bound application has approved."""
    audit = make_audit(program, number)
    for decision in audit.decisions.select_related("application"):
        actions.decide(decision, approve=True, by=make_reviewer(decision.application))
    return Version.objects.select_related("mini_program").get(pk=audit.version_id)


def make_online(program: MiniProgram, number: str = "1.0.0") -> Version:
    """A published version."""
    version = make_approved(program, number)
    actions.publish(version, by=program.created_by)
    version.refresh_from_db()
    return version


# Grayscale tasks ---------------------------------------------------------------------------------------------------


def make_candidate(number: str = "1.1.0", *, online: str = "1.0.0", **fields: Any) -> Version:
    """An approved version above the online one of a new program: what a grayscale task is made of."""
    program = make_program(**fields)
    make_online(program, online)
    program.refresh_from_db()
    return make_approved(program, number)


def task_settings(version: Version, /, **fields: Any) -> grayscale.TaskSettings:
    """Settings of a task that delivers from an hour ago for a day to all bound applications, without conditions."""
    now = timezone.now()
    bound = version.mini_program.bindings.bound().applications()
    values: dict[str, Any] = {
        "version": version,
        "name": f"Task {next(_count)}",
        "starts_at": now - timedelta(hours=1),
        "ends_at": now + timedelta(days=1),
        "user_limit": 100,
        "applications": [(application, "", "") for application in bound],
        "platforms": [],
        "networks": [],
        "object_lists": [],
    }
    return grayscale.TaskSettings(**{**values, **fields})


def make_task(version: Version | None = None, *, state: str = "delivering", **fields: Any) -> GrayscaleTask:
    """A task of the approved version (of a new program by default) in one of its states, reached by the verbs."""
    version = version or make_candidate()
    by = version.mini_program.created_by
    if state == "pending":
        fields.setdefault("starts_at", timezone.now() + timedelta(hours=1))
    task = grayscale.create(version.mini_program, by=by, settings=task_settings(version, **fields))
    if state == "suspended":
        task = grayscale.suspend(task, by=by)
    if state == "ended":
        task = grayscale.end(task, by=by)
    return task


def make_device(**fields: Any) -> SimpleNamespace:
    """What a device says of itself, as the rules read it; a new GUID each time."""
    device = {"platform": "android", "os_version": "14", "app_version": "9.2.0", "network": "wifi", **fields}
    prefix = {"android": "0302", "ios": "0303"}[device["platform"]]
    return SimpleNamespace(**{"guid": f"{prefix}{next(_count):028}", "device_id": None, "account": None, **device})


def make_claim(task: GrayscaleTask, **fields: Any) -> bool:
    """Let a device ask for a place in the task as the update check does; return whether it has one."""
    (rule,) = rules_of(GrayscaleTask.objects.filter(pk=task.pk)).values()
    device, application = make_device(**fields), task.applications.first().application_id
    with closing(DatabaseClaims()) as claims:
        return claims.take([Candidate(rule, may_claim=True)], device, application=application) is not None


def make_seen(
    program: MiniProgram, count: int = 1, *, ago: timedelta = timedelta(minutes=1), **fields: Any
) -> list[str]:
    """Devices of its (first) application that asked for the program so long ago; returns their GUIDs."""
    application = fields.pop("application", None) or program.bindings.bound().applications().first()
    known = SeenDevice.objects.count()
    facts = {"app_version": "8.4.0", "platform": "android", "os_version": "14", "network": "wifi", **fields}
    prefix = {"android": "0302", "ios": "0303"}[facts["platform"]]
    guids = [f"{prefix}7{known + number:027}" for number in range(count)]
    facts |= {"mini_program": program, "application": application, "seen_at": timezone.now() - ago}
    SeenDevice.objects.bulk_create(SeenDevice(**{"guid": guid, **facts}) for guid in guids)
    return guids


def make_object_list(program: MiniProgram, kind: str = "account", values: Sequence[str] = ("ann",)) -> ObjectList:
    """A draft list, read for real."""
    return read_list("\n".join(values), program=program, kind=kind, by=program.created_by)


def make_trial(version: Version, **fields: Any) -> TrialVersion:
    """The program's trial version, opening on the package's first page."""
    fields = {"page": version.package.entry_page, "set_by": version.uploaded_by, "set_at": timezone.now(), **fields}
    return TrialVersion.objects.create(mini_program=version.mini_program, version=version, **fields)


# Privacy agreements -----------------------------------------------------------------------------------------------


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


# Logs -------------------------------------------------------------------------------------------------------------


def make_entry(program: MiniProgram, *, text: str = "arrivals loaded", level: int = 2, **fields: Any) -> Entry:
    """A log entry of a minute ago with one line, not kept anywhere yet; `application` is a primary key."""
    number = next(_count)
    time = fields.pop("time", None) or timezone.now() - timedelta(minutes=1)
    line = [round(time.timestamp() * 1000), level, text]
    values: dict[str, Any] = {
        "mini_program": program.pk,
        "time": time,
        "id": number,
        "level": level,
        "application": 0,
        "guid": f"0302{number:028}",
        "platform": "android",
        "os_version": "14",
        "page": "pages/index/index",
        "filter_msg": "",
        "trace_id": f"t-{number}",
        "library_version": "3.7.2",
        "client_version": "8.3.1",
        "version": "1.0.0",
        "marks": 0,
        "message": text[:200],
        "error": text[:200] if level & 8 else "",
        "lines": json.dumps([line]),
    }
    return Entry(**{**values, **fields})


def make_place(program: MiniProgram) -> str:
    """Keep an entry and return its place as URLs carry it."""
    (entry,) = make_entries(program, text=program.name)
    return f"{round(entry.time.timestamp() * 1_000_000)}_{entry.id}"


def make_entries(program: MiniProgram, count: int = 1, **fields: Any) -> list[Entry]:
    """Log entries that are kept, newest first: a second apart from each other, or all with the `time` given."""
    newest = timezone.now() - timedelta(minutes=1)
    made = [make_entry(program, **{"time": newest - timedelta(seconds=number), **fields}) for number in range(count)]
    log_store().keep(at=timezone.now())
    log_store().write(made)
    return made


def make_secret(program: MiniProgram, **fields: Any) -> str:
    """An AppSecret of the program; returns the secret itself."""
    secret = secrets.token_hex(16)
    fields = {"created_at": timezone.now(), "created_by": program.created_by, **fields}
    sha256 = hashlib.sha256(secret.encode()).hexdigest()
    AppSecret.objects.create(mini_program=program, sha256=sha256, hint=secret[-4:], **fields)
    return secret


def make_server_secret(application: HostApplication, **fields: Any) -> str:
    """A secret of the application's server; returns the secret itself, `whsec_…`."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    fields = {"created_at": timezone.now(), "created_by": make_user(), **fields}
    ServerSecret.objects.create(application=application, sealed=seal(secret), hint=secret[-4:], **fields)
    return secret


def make_gateway(application: HostApplication, url: str = "https://gateway.example.com/messages") -> Gateway:
    """Where the application takes messages; `make_server_secret` beside it."""
    return Gateway.objects.create(application=application, url=url)


KEYWORDS = (
    ("Clinic", "诊所", "thing"),
    ("Date", "日期", "time"),
    ("Patient", "患者", "name"),
    ("Fee", "费用", "amount"),
)
EXAMPLES = {"thing": "Harbour Clinic", "time": "2026-11-27 14:30", "name": "陈小明", "amount": "￥45.00"}


def make_public_template(title: str = "", kind: str = "one_time", **fields: Any) -> PublicTemplate:
    """A template of the library with the keywords thing1, time2, name3, amount4."""
    number = 900_000 + next(_count)
    fields = {"category": "health", "title_zh": f"模板{number}", **fields}
    template = PublicTemplate.objects.create(number=number, title=title or f"Template {number}", kind=kind, **fields)
    for position, (name, name_zh, of_type) in enumerate(KEYWORDS, start=1):
        example = EXAMPLES[of_type]
        PublicKeyword.objects.create(
            template=template,
            number=position,
            name=name,
            name_zh=name_zh,
            kind=of_type,
            example=example,
            example_zh=example,
        )
    return template


def make_template(
    program: MiniProgram, public_template: PublicTemplate | None = None, numbers: Sequence[int] = (1, 2), **fields: Any
) -> MyTemplate:
    """A template of the program with these keywords in this order: thing1 and time2; `kind="long_term"`."""
    public_template = public_template or make_public_template(kind=fields.pop("kind", "one_time"))
    by_number = {keyword.number: keyword for keyword in public_template.keywords.all()}
    names = ("key", "name", "name_zh", "kind", "example", "example_zh", "options")
    chosen = [{name: getattr(by_number[number], name) for name in names} for number in numbers]
    return MyTemplate.objects.create(
        mini_program=program,
        public_template=public_template,
        title=public_template.title,
        title_zh=public_template.title_zh,
        kind=public_template.kind,
        keywords=chosen,
        keyword_set=",".join(map(str, sorted(numbers))),
        created_by=program.created_by,
        **fields,
    )


def make_program_user(program: MiniProgram, application: HostApplication, account: str = "") -> ProgramUser:
    """An account of the application as the program knows it."""
    return user_of(program, application=application, account=account or f"account-{next(_count)}")


def make_consent(user: ProgramUser, template: MyTemplate, *, granted: int = 1, **fields: Any) -> Consent:
    """One-time: `granted` accepts; long-term: held."""
    long_term = {"granted": 0, "held": True} if template.is_long_term else {"granted": granted}
    fields = {"answer": "accept", "answered_at": timezone.now(), **long_term, **fields}
    return Consent.objects.create(user=user, template=template, **fields)


def make_message(consent: Consent, **fields: Any) -> Message:
    """An accepted message that waits, and has used the consent: a push of today where that is a long-term one.

    `state="failed"` for a dead letter.
    """
    now, template = timezone.now(), consent.template
    if template.is_long_term:
        consent.day, consent.pushed = timezone.localdate(), consent.pushed + 1
    else:
        consent.used += 1
        consent.granted = max(consent.granted, consent.used)
    consent.save(update_fields=["used", "granted", "day", "pushed"])
    if fields.get("state", "waiting") != "waiting":
        fields.setdefault("finished_at", now)
    values = {keyword["key"]: keyword["example"] for keyword in template.keywords}
    common = {"mini_program": template.mini_program, "application": consent.user.application, "template": template}
    times = {"accepted_at": now, "next_try_at": now, "give_up_at": now + timedelta(days=1)}
    use = {"consent": consent, "day": consent.day, "ordinal": consent.pushed or consent.used}
    rest = {"values": values, "program_state": "formal", "lang": "en_US"}
    return Message.objects.create(**{**common, **use, **times, **rest, **fields})


def make_ban(application: HostApplication, program: MiniProgram, **fields: Any) -> Ban:
    """The application takes no messages of the program; `template=` for one of its templates only."""
    fields = {"reason": "Too many messages.", "created_by": make_user(), **fields}
    return Ban.objects.create(application=application, mini_program=program, **fields)


def make_public_templates() -> None:
    """What a migration made, and a test that empties all tables has taken away."""
    import_module("messaging.migrations.0002_public_templates").fill(PublicTemplate, PublicKeyword)
