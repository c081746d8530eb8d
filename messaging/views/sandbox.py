"""The sandbox: checks a message as the API would, and shows it, without sending anything (M-8)."""

from __future__ import annotations

import shlex
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.core.pages import posted
from messaging.explanation import Problem, explain
from messaging.forms.sandbox import PLACEHOLDER, SandboxForm, body_of
from messaging.localization import lines_in, title_in, title_of
from messaging.models import MyTemplate
from messaging.sending import address
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

FIELDS = {"touser": "openid", "miniprogram_state": "program_state"}  # in the API → in the form


@route(Permission.VIEW, load=mini_program_for, methods="GET POST")
def sandbox(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Choose a template (`?template=`), write a message, read what the API would answer."""
    templates = list(MyTemplate.objects.live().filter(mini_program=program))
    context: dict[str, Any] = {"mini_program": program, "templates": [(row, title_of(row)) for row in templates]}
    template = _chosen(templates, request.GET.get("template", ""))
    if template is None:
        return render(request, "messaging/sandbox.html", context)
    form = SandboxForm(posted(request), template=template)
    context |= {"template": template, "form": form, "address": address(), "placeholder": PLACEHOLDER}
    if request.method == "POST" and "fill" not in request.POST:
        context |= _checked(program, form, templates)
    context |= _shown(form, template, templates, context.get("problems", []))
    return render(request, "messaging/sandbox.html", context)


def _chosen(templates: list[MyTemplate], template_id: str) -> MyTemplate | None:
    """Return the template that the URL names, or the newest, if any; 404 for one that is not the program's (P-1)."""
    if not template_id:
        return templates[0] if templates else None
    found = _named(templates, template_id)
    if found is None:
        raise Http404
    return found


def _named(templates: list[MyTemplate], template_id: str) -> MyTemplate | None:
    return next((row for row in templates if row.template_id == template_id), None)


def _checked(program: MiniProgram, form: SandboxForm, templates: list[MyTemplate]) -> dict[str, Any]:
    """What the API would answer. The placeholder for an openid counts as none."""
    if form.sending is None:
        return {"is_checked": True, "problems": [Problem(47001, "body", form.broken)]}
    sending = form.sending
    if sending.touser == PLACEHOLDER:
        sending = sending._replace(touser="")
    found = explain(program, sending, _named(templates, sending.template_id))
    return {"is_checked": True, "problems": found, "has_recipient": bool(sending.touser)}


def _shown(
    form: SandboxForm, template: MyTemplate, templates: list[MyTemplate], problems: list[Problem]
) -> dict[str, Any]:
    """The form with each problem beside its field, the preview, the request to copy."""
    by_field: dict[str, Problem] = {}
    for problem in problems:
        by_field.setdefault(FIELDS.get(problem.field, problem.field), problem)
    sending = form.sending
    preview = (_named(templates, sending.template_id) if sending else None) or template
    values, lang = (sending.data, sending.lang) if sending else ({}, "en_US")
    body = body_of(sending) if sending else form.values["body"]
    head = f"curl -X POST '{address()}' -H 'Content-Type: application/json' -d "
    return {
        "inputs": [(field, by_field.pop(field.key, None)) for field in form.inputs()],
        "facts": {name: by_field.pop(name, None) for name in ("openid", "page", "lang", "program_state")},
        "others": list(by_field.values()),
        "preview_title": title_in(preview, lang),
        "preview_rows": lines_in(preview, values, lang),
        "body": body,
        "curl_head": head,
        "curl": f"{head}{shlex.quote(body)}",
    }
