"""The operators' pages of the public template library (P-12, M-1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.base.accounts.access import SignedInRequest, operator, route
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.activity.catalogue import Act, Catalogue, Effect, act_page, edit_page, list_page, selected_page
from console.base.core.errors import ActionRefused
from console.base.core.pages import posted
from messaging.access import kept_template_for
from messaging.actions import templates as actions
from messaging.filters import PublicTemplateFilter
from messaging.forms.public_templates import LibraryForm
from messaging.localization import name_of, title_of
from messaging.models import PublicTemplate
from messaging.states import MOST_PUBLIC_KEYWORDS


def _offer(template: PublicTemplate, by: User) -> None:
    _list(template, by, offered=True, already=_("It is already in the library."))


def _withhold(template: PublicTemplate, by: User) -> None:
    _list(template, by, offered=False, already=_("It is already hidden."))


def _list(template: PublicTemplate, by: User, *, offered: bool, already: str) -> None:
    if template.is_listed == offered:
        raise ActionRefused(already)
    template.is_listed = offered
    actions.keep_public_template(template, by=by)


def _hidden(rows: Sequence[PublicTemplate]) -> list[Effect]:
    return [("eye-off", ngettext("Teams can no longer select it.", "Teams can no longer select them.", len(rows)))]


STAYS = ("template", gettext_lazy("Templates that teams selected before stay as they are."))
CATALOGUE = Catalogue(
    "template",
    "templates",
    {
        "offer": Act(
            label=gettext_lazy("Show in library"),
            icon="eye",
            verb=_offer,
            ask_one=gettext_lazy("Show “%(name)s” in the library?"),
            ask=gettext_lazy("Show %(count)d templates in the library?"),
            done_one=gettext_lazy("“%(name)s” shown in the library."),
            done=gettext_lazy("%(count)d templates shown in the library."),
            name_of=title_of,
            effects=(("eye", gettext_lazy("Teams can select templates in the library for their mini programs.")),),
        ),
        "withhold": Act(
            label=gettext_lazy("Hide from library"),
            icon="eye-off",
            verb=_withhold,
            ask_one=gettext_lazy("Hide “%(name)s” from the library?"),
            ask=gettext_lazy("Hide %(count)d templates from the library?"),
            done_one=gettext_lazy("“%(name)s” hidden from the library."),
            done=gettext_lazy("%(count)d templates hidden from the library."),
            name_of=title_of,
            effects=(STAYS,),
            effects_of=_hidden,
        ),
        "delete": Act(
            label=gettext_lazy("Delete"),
            icon="trash",
            verb=lambda row, by: actions.discard_public_template(row, by=by),
            ask_one=gettext_lazy("Delete “%(name)s”?"),
            ask=gettext_lazy("Delete %(count)d templates?"),
            done_one=gettext_lazy("“%(name)s” deleted."),
            done=gettext_lazy("%(count)d templates deleted."),
            name_of=title_of,
            effects=(("trash", gettext_lazy("The keywords are deleted, too.")),),
            danger=True,
        ),
    },
)


def _describe(template: PublicTemplate) -> None:
    """Add what the list draws of it in the reader's language."""
    template.shown_title = title_of(template)  # type: ignore[attr-defined]
    names = (name_of(keyword) for keyword in template.keywords.all())
    template.shown_keywords = "\N{NO-BREAK SPACE}· ".join(names)  # type: ignore[attr-defined]


@route(Permission.OPERATOR, load=operator)
def templates(request: SignedInRequest, user: User) -> HttpResponse:
    """The whole library, also what is not offered, and how often each was selected."""
    filters = PublicTemplateFilter(
        request.GET, PublicTemplate.objects.with_use().prefetch_related("keywords"), request=request
    )
    return list_page(request, CATALOGUE, filters, template="messaging/public_templates.html", prepare=_describe)


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def add_template(request: SignedInRequest, user: User) -> HttpResponse:
    """A new template with its keywords; both get their numbers when they are saved."""
    return _page(request, PublicTemplate(), title=_("Add template"))


@route(Permission.OPERATOR, load=kept_template_for, methods="GET POST", sudo=True)
def edit_template(request: SignedInRequest, template: PublicTemplate) -> HttpResponse:
    """Change words, keywords, and whether it is offered."""
    return _page(request, template, title=title_of(template), row=template)


def _page(request: SignedInRequest, template: PublicTemplate, **context: Any) -> HttpResponse:
    form = LibraryForm(posted(request), instance=template)
    return edit_page(
        request,
        CATALOGUE,
        form,
        save=lambda row: actions.keep_public_template(
            row, keywords=form.keywords.save(commit=False), removed=form.keywords.deleted_objects, by=request.user
        ),
        state=lambda row: [model_to_dict(row), *row.keywords.values_list()],
        template="messaging/public_template_form.html",
        most=MOST_PUBLIC_KEYWORDS,
        **context,
    )


@route(Permission.OPERATOR, load=kept_template_for, methods="GET POST", sudo=True)
def delete_template(request: SignedInRequest, template: PublicTemplate) -> HttpResponse:
    """Delete one that nobody ever selected."""
    return act_page(request, CATALOGUE.acts["delete"], [template], by=request.user, back=CATALOGUE.url)


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def selected_templates(request: SignedInRequest, user: User, act: str) -> HttpResponse:
    """Offer the ticked ones or not, or delete those that nobody ever selected."""
    return selected_page(request, CATALOGUE, act, PublicTemplate.objects.all(), by=user)
