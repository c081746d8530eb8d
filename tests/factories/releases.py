"""Packages, versions, audits, reports and the trial version."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import msgspec
from django.core.files.base import ContentFile
from django.utils import timezone

from console.base.accounts.models import User
from miniprograms.models import MiniProgram
from releases import actions
from releases.models import Audit, Report, SettledFinding, TrialVersion, Version
from releases.report.content import Content
from tests.factories.hosts import make_reviewer
from tests.factories.programs import make_binding


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


def make_settled(program: MiniProgram, sha256: str, **fields: Any) -> SettledFinding:
    """A finding that the program's creator said is no secret."""
    known = {"kind": "app_secret", "hint": "9f2c…41ab", "path": "app.js", "reason": "a sample of the documentation"}
    by = {"settled_by": program.created_by, "settled_at": timezone.now()}
    return SettledFinding.objects.create(mini_program=program, sha256=sha256, **{**known, **by, **fields})


def make_trial(version: Version, **fields: Any) -> TrialVersion:
    """The program's trial version, opening on the package's first page."""
    fields = {"page": version.package.entry_page, "set_by": version.uploaded_by, "set_at": timezone.now(), **fields}
    return TrialVersion.objects.create(mini_program=version.mini_program, version=version, **fields)
