"""The pages of offline packages."""

from __future__ import annotations

import json

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.filters import EntriesFilter
from console.base.core.errors import ActionRefused
from console.base.core.files import attachment
from console.base.core.pages import page_of, posted, show
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from miniprograms.views import programs_page
from releases.models import Version
from releases.offline import actions, rules
from releases.offline.filters import OverviewFilter
from releases.offline.forms import DownloadForm
from releases.offline.presenters import Signature, downloads, presets_of, signatures_of, summaries


@route(Permission.SIGNED_IN)
def overview(request: SignedInRequest) -> HttpResponse:
    """All my programs: package, size, last download, stale presets."""
    return programs_page(request, "offline/overview.html", OverviewFilter(request), summaries=summaries)


@route(Permission.VIEW, load=mini_program_for)
def package(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The package, how to build it in, who downloaded it, which presets are stale (O-2)."""
    why_not = rules.why_not_download(program)
    version = None if why_not else _online(program)
    applications = program.bindings.bound().applications()
    signatures = signatures_of(version, applications) if version else []
    filters = EntriesFilter(request.GET, downloads().of_program(program.app_id), request=request)
    history = page_of(request, filters.qs)
    total = history.paginator.count
    context = {
        "mini_program": program,
        "version": version,
        "why_not": why_not,
        "why_not_download": lacking(program.held, Permission.DEVELOP) or why_not,
        "needs": Permission.DEVELOP,
        "file_name": actions.file_name(program, version.number) if version else "",
        "signatures": signatures,
        "commands": _commands(version, signatures) if version else {},
        "presets": presets_of(program),
        "filter": filters,
        "page": history,
        "total": ngettext("%(count)d download", "%(count)d downloads", total) % {"count": total},
    }
    return render(request, "offline/package.html", context)


def _commands(version: Version, signatures: list[Signature]) -> dict[str, str]:
    """Return what is typed to build the package in and to verify it, for the first application."""
    app_id, number = version.mini_program.app_id, version.number
    name = actions.file_name(version.mini_program, number)
    signature = signatures[0].value if signatures else "SIGNATURE"
    configuration = f"{signatures[0].application.application_id}.json" if signatures else "FILE"
    return {
        "preset": json.dumps({"presets": [{"app_id": app_id, "version": number}]}),
        "checksum": f'echo "{version.package.sha256}  {name}" | sha256sum --check',
        "verify": f"mpc verify {name} --configuration {configuration} --appid {app_id} --uv {number} "
        f'--signature "{signature}"',
    }


def _online(program: MiniProgram) -> Version | None:
    version = program.versions.online().light().first()
    if version:
        version.mini_program = program
    return version


@route(Permission.DEVELOP, load=mini_program_for, methods="GET POST")  # type: ignore[arg-type]  # a streaming response
def download(request: SignedInRequest, program: MiniProgram) -> HttpResponse | StreamingHttpResponse:
    """The online bytes under their name, on record (O-1)."""
    form = DownloadForm(posted(request), applications=program.bindings.bound().applications())
    if form.is_valid():
        try:
            return _file(program, form, by=request.user)
        except ActionRefused as refused:
            form.add_error(refused.field, refused.message)
    context = {
        "form": form,
        "mini_program": program,
        "file_name": actions.file_name(program, program.online_number) if program.online_number else "",
        "reason": rules.why_not_download(program),
        "download": True,
        "cancel": reverse("offline:package", args=[program.app_id]),
    }
    return show(request, "offline/confirm/download.html", context, status=422 if form.is_bound else 200)


def _file(program: MiniProgram, form: DownloadForm, *, by: User) -> StreamingHttpResponse:
    """Return the file. Raises ActionRefused."""
    version, content = actions.download(program, application=form.cleaned_data["application"], by=by)
    return attachment(content, size=version.package.size, name=actions.file_name(program, version.number))
