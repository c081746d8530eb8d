"""The operators' pages of categories and of IDE downloads (P-12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.base.accounts.access import SignedInRequest, operator, route
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.activity.catalogue import Act, Catalogue, Effect, act_page, edit_page, list_page, selected_page
from console.base.core.errors import ActionRefused
from console.base.core.pages import go, posted
from miniprograms import actions
from miniprograms.access import category_for, ide_download_for
from miniprograms.filters import CategoryFilter, IdeDownloadFilter
from miniprograms.forms import CategoryForm, IdeDownloadForm, OrderForm
from miniprograms.models import Category, IdeDownload

DELETE = gettext_lazy("Delete")


def _gone(rows: Sequence[Category]) -> list[Effect]:
    return [("category", ngettext("Teams can no longer choose it.", "Teams can no longer choose them.", len(rows)))]


def _no_longer_offered(rows: Sequence[IdeDownload]) -> list[Effect]:
    seen = ngettext("Developers no longer see it.", "Developers no longer see them.", len(rows))
    files = ngettext("The linked file is not deleted.", "The linked files are not deleted.", len(rows))
    return [("download-off", seen), ("link", files)]


def _ide(row: IdeDownload) -> str:
    return _("IDE %(version)s for %(system)s") % {"version": row.version, "system": row.get_platform_display()}


CATEGORIES = Catalogue(
    "category",
    "categories",
    {
        "delete": Act(
            label=DELETE,
            icon="trash",
            verb=lambda row, by: actions.discard(row, by=by),
            ask_one=gettext_lazy("Delete “%(name)s”?"),
            ask=gettext_lazy("Delete %(count)d categories?"),
            done_one=gettext_lazy("“%(name)s” deleted."),
            done=gettext_lazy("%(count)d categories deleted."),
            effects_of=_gone,
            danger=True,
        )
    },
)
DOWNLOADS = Catalogue(
    "ide_download",
    "ide",
    {
        "delete": Act(
            label=DELETE,
            icon="trash",
            verb=lambda row, by: actions.discard(row, by=by),
            ask_one=gettext_lazy("Delete %(name)s?"),
            ask=gettext_lazy("Delete %(count)d downloads?"),
            done_one=gettext_lazy("%(name)s deleted."),
            done=gettext_lazy("%(count)d downloads deleted."),
            effects_of=_no_longer_offered,
            danger=True,
            name_of=_ide,
        )
    },
)


# Categories -------------------------------------------------------------------------------------------------------


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def categories(request: SignedInRequest, user: User) -> HttpResponse:
    """What mini programs can be about, with how many are; a POST gives those that are shown the positions typed."""
    filters = CategoryFilter(request.GET, Category.objects.with_use().as_shown(), request=request)
    order = OrderForm(posted(request), categories=list(filters.qs))
    if order.is_valid():
        try:
            with transaction.atomic():
                for category in order.moved:
                    actions.keep(category, by=user)
        except ActionRefused as refused:
            order.add_error(None, refused.message)
        else:
            messages.success(request, _("Order saved."))
            return go(request, request.get_full_path())
    return list_page(
        request,
        CATEGORIES,
        filters,
        template="miniprograms/categories.html",
        prepare=lambda row: setattr(row, "position_field", order.of(row)),
        status=422 if order.errors else 200,
        order=order,
    )


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def add_category(request: SignedInRequest, user: User) -> HttpResponse:
    """A new category."""
    return _category_page(request, Category(), title=_("Add category"))


@route(Permission.OPERATOR, load=category_for, methods="GET POST", sudo=True)
def edit_category(request: SignedInRequest, category: Category) -> HttpResponse:
    """Another name or position."""
    return _category_page(request, category, title=str(category), row=category)


def _category_page(request: SignedInRequest, category: Category, **context: Any) -> HttpResponse:
    return edit_page(
        request,
        CATEGORIES,
        CategoryForm(posted(request), instance=category),
        save=lambda row: actions.keep(row, by=request.user),
        **context,
    )


@route(Permission.OPERATOR, load=category_for, methods="GET POST", sudo=True)
def delete_category(request: SignedInRequest, category: Category) -> HttpResponse:
    """Delete a category that no mini program has."""
    return act_page(request, CATEGORIES.acts["delete"], [category], by=request.user, back=CATEGORIES.url)


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def selected_categories(request: SignedInRequest, user: User, act: str) -> HttpResponse:
    """Delete those of the ticked categories that no mini program has."""
    return selected_page(request, CATEGORIES, act, Category.objects.all(), by=user)


# IDE downloads ----------------------------------------------------------------------------------------------------


@route(Permission.OPERATOR, load=operator)
def ide(request: SignedInRequest, user: User) -> HttpResponse:
    """Every version of the IDE, as developers are offered it (L-5)."""
    filters = IdeDownloadFilter(request.GET, IdeDownload.objects.all(), request=request)
    newest = {row.pk for row in IdeDownload.objects.newest_of_each_platform()}
    return list_page(
        request,
        DOWNLOADS,
        filters,
        template="miniprograms/ide_catalogue.html",
        prepare=lambda row: setattr(row, "is_newest", row.pk in newest),
    )


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def add_ide_download(request: SignedInRequest, user: User) -> HttpResponse:
    """A new version, for one system."""
    return _download_page(request, IdeDownload(), title=_("Add download"))


@route(Permission.OPERATOR, load=ide_download_for, methods="GET POST", sudo=True)
def edit_ide_download(request: SignedInRequest, download: IdeDownload) -> HttpResponse:
    """Change what is said of it, or where it is."""
    return _download_page(request, download, title=str(download), row=download)


def _download_page(request: SignedInRequest, download: IdeDownload, **context: Any) -> HttpResponse:
    return edit_page(
        request,
        DOWNLOADS,
        IdeDownloadForm(posted(request), instance=download),
        save=lambda row: actions.keep(row, by=request.user),
        **context,
    )


@route(Permission.OPERATOR, load=ide_download_for, methods="GET POST", sudo=True)
def delete_ide_download(request: SignedInRequest, download: IdeDownload) -> HttpResponse:
    """Take it from the list; the file stays where it is."""
    return act_page(request, DOWNLOADS.acts["delete"], [download], by=request.user, back=DOWNLOADS.url)


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def selected_ide(request: SignedInRequest, user: User, act: str) -> HttpResponse:
    """Take the ticked downloads from the list."""
    return selected_page(request, DOWNLOADS, act, IdeDownload.objects.all(), by=user)
