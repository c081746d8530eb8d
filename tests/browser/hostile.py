"""Text that tries to execute, in every field of every table: also where a validator would have refused it.

What a validator refuses today may be in the database from yesterday, from an operator or from a restored backup. Pages
must not depend on it.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from console.base.accounts.models import Invitation
from console.base.activity.events import EVENTS
from console.base.activity.models import ActivityEntry
from console.platform.models import Heartbeat
from miniprograms.privacy.models import PrivacyAgreement, PrivacyDraft
from releases.models import Audit, Package, Release, Report, Version
from tests import factories

SHORT = "<b onclick=x()>"
SCRIPT = "</script><script>x()</script>"
LONG = f"'\"><img src=x onerror=x()>{SHORT}{SCRIPT}<svg onload=x()>{{{{7*7}}}}<a href=javascript:x()>go</a>"
LINKS = "[go](javascript:x()) ![go](javascript:x()) <javascript:x()> <data:text/html,x>"
LINKS = "[go](javascript:x()) ![go](javascript:x()) <javascript:x()> <data:text/html,x>"
MARKDOWN = f"# {LONG}\n\n{LINKS}\n\n```\n{LONG}\n```\n"
FILE_NAME = "it's onclick=x() {{7+7}} &lt;b&gt;.js"  # The worst that a package may have.

APPEND_ONLY = {Package, Release, PrivacyAgreement}
# What addresses are made of, what is looked up by its value, and what is no text.
KEPT = {
    "accounts": {"password", "email", "kind", "language", "url"},
    "hosts": {"application_id", "key", "sealed", "key_id", "public_key", "icon"},
    "miniprograms": {"app_id", "icon", "last_change", "online_number", "in_audit_number", "openid", "unionid"},
    "privacy": {"data", "third_parties", "data_types", "apis"},
    "releases": {"sha256", "package_sha256", "number", "token", "files", "pages", "subpackages", "findings"},
    "grayscale": {"networks", "guard_seen", "invalid_lines", "platform", "network", "lowest", "highest"},
    "devmgmt": {"query"},
    "keys": {"sha256", "nonce"},
    "messaging": {"template_id", "keywords", "keyword_set", "body_sha256", "answers", "values", "options", "lang"},
    "reviews": {"content"},
    "platform": {"queue"},
}

# As earlier releases stored them, in words, and as this one does.
FINDINGS = [
    dict.fromkeys(("severity", "code", "where", "title", "detail", "hint", "rule"), LONG),
    {"severity": "note", "code": "app-id", "line": 1, **dict.fromkeys(("where", "key", "other", "app_id"), LONG)},
]
STATEMENTS = {
    "data": [["location", LONG], ["camera", SHORT]],
    "third_parties": [[LONG, LONG, "javascript:x()"], [SHORT, SHORT, f"https://{SHORT}"]],
}


def poison(world: Any) -> None:
    """Fill every text of the world with hostile strings."""
    program = apps.get_model("miniprograms.MiniProgram").objects.get(app_id=world.arguments["app_id"])
    change_package(program, world.arguments["number"])
    for label, kept in KEPT.items():
        for model in apps.get_app_config(label).get_models():
            poison_table(model, kept)
    poison_structures()
    append(program, world)
    make_logs(program)
    invitation = Invitation.objects.get(pk=world.arguments["invitation_id"])
    world.per_route["accounts:accept"] = {"token": invitation.token}
    world.per_route["switch"] = {"kind": "programs"}
    world.per_route["releases:landing"] = {"token": program.trial.token}


def poison_table(model: type[models.Model], kept: set[str]) -> None:
    """Write hostile text into every plain text field, as much as fits; unique ones end in their key."""
    if model in APPEND_ONLY:  # `append` adds to them.
        return
    for field in model._meta.concrete_fields:
        text = isinstance(field, models.CharField | models.TextField) and not isinstance(field, models.FileField)
        if not text or field.choices or field.name in kept or field.is_relation or field.primary_key:
            continue
        value = MARKDOWN if field.name.startswith("text_") else LONG
        length = field.max_length or len(value)
        if len(value) > length:
            value = SHORT[:length]
        for row in model._default_manager.only("pk"):
            end = str(row.pk)
            mine = value[: length - len(end)] + end if is_unique(model, field) else value
            model._default_manager.filter(pk=row.pk).update(**{field.name: mine})


def is_unique(model: type[models.Model], field: models.Field) -> bool:
    """Whether two rows may not have the same value."""
    together = [constraint for constraint in model._meta.constraints if isinstance(constraint, models.UniqueConstraint)]
    named = {name for constraint in together for name in constraint.fields}
    expressions = " ".join(str(constraint.expressions) for constraint in together)
    return field.unique or field.name in named or f"F({field.name})" in expressions


def poison_structures() -> None:
    """Write hostile text into the texts of kept JSON, whose shape stays."""
    PrivacyDraft.objects.update(**STATEMENTS)
    Heartbeat.objects.update(facts={"version": LONG, "machine": LONG, "process": 1, "queues": [LONG]})
    for template in apps.get_model("messaging.MyTemplate").objects.all():
        texts = dict.fromkeys(("name", "name_zh", "example", "example_zh"), LONG)
        type(template).objects.filter(pk=template.pk).update(keywords=[{**row, **texts} for row in template.keywords])
    for message in apps.get_model("messaging.Message").objects.all():
        type(message).objects.filter(pk=message.pk).update(values=dict.fromkeys(message.values, LONG))


def change_package(program: Any, number: str) -> None:
    """Give the version in audit a package with hostile names and lines, beside which a reviewer sees the online one."""
    made = factories.make_version(program, "0.3.0", **{FILE_NAME: f"{LONG}\n", "app.js": f"App({{}}) // {LONG}\n"})
    Version.objects.filter(mini_program=program, state="in_audit").update(package=made.package)
    for version in program.versions.select_related("package"):
        package = hostile_copy(version.package)
        Version.objects.filter(pk=version.pk).update(package=package, findings=FINDINGS)
        Audit.objects.filter(version=version).update(package_sha256=package.sha256)
    version = program.versions.get(state="in_audit")
    assert version.number == number
    now = timezone.now()
    by = program.created_by
    for audit in (version.audits.get(), None):
        Report.objects.create(
            version=version, audit=audit, requested_by=by, requested_at=now, written_at=now, content=report_content()
        )


def hostile_copy(package: Package) -> Package:
    """Return a package of the same bytes whose lists have more in them."""
    return Package.objects.create(
        sha256=secrets.token_hex(32),
        file=package.file.name,
        size=package.size,
        unpacked_size=package.unpacked_size,
        files=[*package.files, [f"{LONG}.js", 1, "0" * 64]],
        pages=[*package.pages, LONG],
        entry_page=LONG,
        subpackages=[*package.subpackages, {"root": LONG, "size": 1}],
    )


def report_content() -> dict[str, Any]:
    """Return a report in which every text is hostile (`releases.report.content.Content`)."""
    place = {"path": LONG, "line": 1}
    use = {"name": LONG, "count": 2, "places": [place]}
    return {
        **dict.fromkeys(("size", "unpacked_size", "file_count", "added", "removed", "changed", "growth"), 3),
        "largest": [{"path": LONG, "size": 5}],
        "subpackages": [{"path": LONG, "size": 5}],
        "base": "0.1.0",
        **{key: [LONG, SHORT] for key in ("pages", "new_pages", "gone_pages")},
        "apis": [{"use": use, "standing": {f"{SHORT} 2": "restricted", SHORT: "granted"}}],
        "domains": [{"use": use, "kind": "request", "configured": []}],
        "data": [{"data_type": "location", "apis": [LONG], "declared": False}],
        "exempt": [SHORT, f"{SHORT} 2"],
        "declared_unused": ["camera"],
        "agreement": 1,
        "secrets": [{"kind": "app_secret", "hint": SHORT, "place": place}],
        "unread": [{"path": LONG, "why": "syntax", "by_patterns": True}],
        "seconds": 0.1,
    }


def append(program: Any, world: Any) -> None:
    """Add to the tables that can't be changed."""
    versions = list(program.versions.all()[:2])
    now = timezone.now()
    Release.objects.create(
        mini_program=program,
        kind="publish",
        from_version=versions[0],
        to_version=versions[1],
        by=program.created_by,
        at=now,
        note=LONG,
    )
    texts = {"text_en": MARKDOWN, "text_zh": MARKDOWN, "note": LONG, "retention": LONG, "contact_other": LONG}
    texts |= {"contact_phone": SHORT, "contact_email": f'"{SHORT}"@example.com'}
    world.arguments["agreement_number"] = factories.make_agreement(program, **texts, **STATEMENTS).number
    places = {"mini_program_id": program.app_id, "application_id": world.arguments["application_id"]}
    ActivityEntry.objects.bulk_create(  # as no event writes them
        ActivityEntry(
            at=now,
            actor_label=LONG[:150],
            verb=verb,
            target_type="team",
            target_id="1",
            target_label=LONG[:200],
            team_id=program.team_id,
            before={"state": LONG, LONG: LONG},
            after={"state": LONG, "overlap": None, "version": SHORT, "application": LONG, LONG: [LONG]},
            reason=LONG,
            source="web",
            **places,
        )
        for verb in EVENTS
    )


def make_logs(program: Any) -> None:
    """Keep log entries of whose texts all are hostile, and saved queries for them."""
    texts = ("page", "filter_msg", "trace_id", "library_version", "client_version", "os_version")
    for level in (2, 4, 8):
        factories.make_entries(program, text=LONG, level=level, **dict.fromkeys(texts, SHORT))
