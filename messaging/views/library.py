"""The public template library (M-1), and choosing keywords of one of its templates (M-2)."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.core.pages import form_page, page_of, posted
from messaging import rules
from messaging.access import public_template_for
from messaging.actions.templates import add_template
from messaging.filters import LibraryFilter
from messaging.forms.library import SelectForm
from messaging.localization import keywords_of, name_of, title_of
from messaging.models import MyTemplate, PublicTemplate
from messaging.states import MOST_KEYWORDS
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


@route(Permission.VIEW, load=mini_program_for)
def library(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """What the library offers, with how often the program has selected each."""
    filters = LibraryFilter(request.GET, PublicTemplate.objects.listed().prefetch_related("keywords"), request=request)
    page = page_of(request, filters.rows, count=filters.count)
    live = MyTemplate.objects.live().filter(mini_program=program)
    of_page = live.filter(public_template__in=[template.pk for template in page.object_list]).order_by()
    selected = dict(of_page.values_list("public_template").annotate(Count("pk")))
    context = {
        "mini_program": program,
        "filter": filters,
        "page": page,
        "rows": [
            {
                "template": template,
                "title": title_of(template),
                "keywords": "\N{NO-BREAK SPACE}· ".join(name_of(keyword) for keyword in template.keywords.all()),
                "selected": selected.get(template.pk, 0),
            }
            for template in page.object_list
        ],
        "total": ngettext("%(count)d template", "%(count)d templates", filters.count) % {"count": filters.count},
        "why_not_select": lacking(program.held, Permission.DEVELOP) or rules.why_not_add(live.count()),
        "needs": Permission.DEVELOP,
    }
    return render(request, "messaging/library.html", context)


@route(Permission.DEVELOP, load=public_template_for, methods="GET POST")
def select(request: SignedInRequest, loaded: tuple[MiniProgram, PublicTemplate]) -> HttpResponse:
    """One to five keywords in an order, with a preview; templates that the program has from it already are named."""
    program, public = loaded
    live = MyTemplate.objects.live().filter(mini_program=program)
    if request.method == "GET" and rules.why_not_add(live.count()):
        return redirect("messaging:library", program.app_id)
    existing = live.filter(public_template=public)
    return form_page(
        request,
        SelectForm(posted(request), keywords=public.keywords.all()),
        save=lambda data: add_template(program, public_template=public, by=request.user, **data),
        success=lambda template: (
            _("%(title)s added to My templates.") % {"title": title_of(template)},
            reverse("messaging:templates", args=[program.app_id]),
        ),
        template="messaging/select.html",
        title=title_of(public),
        mini_program=program,
        public=public,
        existing=[(template.keyword_set, [word.name for word in keywords_of(template)]) for template in existing],
        most=MOST_KEYWORDS,
        room=_room(),
        same_keywords=rules.same_keywords(),
        nothing_chosen=rules.why_not_keywords([], []),
        cancel=reverse("messaging:library", args=[program.app_id]),
    )


def _room() -> list[tuple[int, str]]:
    """Say for how many keywords there is still room, for each number of them."""
    words = []
    for count in range(1, MOST_KEYWORDS):
        more = ngettext("You can add one more keyword", "You can add %(count)d more keywords", count)
        words.append((count, more % {"count": count}))
    return [*words, (MOST_KEYWORDS, _("Nothing chosen yet. Choose the keywords of the message."))]
