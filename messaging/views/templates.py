"""A program's own templates: what its server sends (M-3)."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.core.pages import NoteForm, confirm_page, page_of, posted
from console.base.core.sheets import is_asked, sheet
from messaging import rules
from messaging.access import template_for
from messaging.actions import templates as actions
from messaging.filters import TemplateFilter
from messaging.localization import keywords_of, title_of
from messaging.models import Ban, MyTemplate
from messaging.sending import address
from messaging.sheets import TEMPLATES
from messaging.states import MOST_TEMPLATES
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


@route(Permission.VIEW, load=mini_program_for)
def templates(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The templates, whether an application takes none of their messages, and how they are used in code."""
    live = MyTemplate.objects.live().filter(mini_program=program)
    filters = TemplateFilter(request.GET, live.select_related("public_template", "created_by"), request=request)
    if is_asked(request):
        return sheet(request, filters.rows, TEMPLATES, name=f"templates-{program.app_id}")
    page = page_of(request, filters.rows, count=filters.count)
    count = live.count()
    bans = list(Ban.objects.in_force().filter(mini_program=program).select_related("application"))
    missing = lacking(program.held, Permission.DEVELOP)
    context = {
        "mini_program": program,
        "filter": filters,
        "page": page,
        "rows": [
            {
                "template": template,
                "title": title_of(template),
                "keywords": keywords_of(template),
                "bans": [ban for ban in bans if ban.template_id in (None, template.pk)],
            }
            for template in page.object_list
        ],
        "total": ngettext("%(count)d template", "%(count)d templates", filters.count) % {"count": filters.count},
        "count": count,
        "most": MOST_TEMPLATES,
        "missing": missing,
        "needs": Permission.DEVELOP,
        "why_not_add": missing or rules.why_not_add(count),
        "code": _code(page.object_list[0]) if page.object_list else {},
    }
    return render(request, "messaging/templates.html", context)


def _code(template: MyTemplate) -> dict[str, str]:
    """Return what to write in the mini program and on its server, for one template as an example."""
    values = ",\n".join(
        f'    "{keyword.key}": {{"value": {json.dumps(keyword.example, ensure_ascii=False)}}}'
        for keyword in keywords_of(template)
    )
    asking = (
        "wx.requestSubscribeMessage({\n"
        f"  tmplIds: ['{template.template_id}'],\n"
        "  success (answer) {\n"
        "    // answer[ID]: 'accept', 'reject', 'ban' or 'filter'\n"
        "  }\n"
        "})"
    )
    sending = (
        f"POST {address()}\n\n"
        "{\n"
        '  "touser": "OPENID",\n'
        f'  "template_id": "{template.template_id}",\n'
        '  "page": "pages/index/index",\n'
        f'  "data": {{\n{values}\n  }}\n'
        "}"
    )
    return {"asking": asking, "sending": sending}


@route(Permission.DEVELOP, load=template_for, methods="GET POST")
def delete_template(request: SignedInRequest, template: MyTemplate) -> HttpResponse:
    """Delete a template, after saying what that ends and what it does not."""
    program, title = template.mini_program, title_of(template)
    return confirm_page(
        request,
        NoteForm(posted(request)),
        template="messaging/confirm/delete_template.html",
        save=lambda data: actions.delete_template(template, by=request.user, **data),
        toast=lambda deleted: _("%(title)s deleted.") % {"title": title},
        back=reverse("messaging:templates", args=[program.app_id]),
        mini_program=program,
        template_title=title,
        left=actions.left_of(template),
    )
