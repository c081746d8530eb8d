"""The filters of the library, of a program's templates and of lists of messages, mirrored in the URL."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.base.core.filters import ListFilter, SearchFilter, SortFilter, ranked
from console.base.core.text import is_chinese
from console.base.core.widgets import FilterSelect
from messaging.models import Message, MyTemplate
from messaging.presenters.programs import FAILED_WITHIN
from messaging.querysets import MyTemplateQuerySet, PublicTemplateQuerySet
from messaging.states import TemplateCategory, TemplateKind
from miniprograms.filters import ProgramFilter

KINDS = {
    "": (_("All"), Q()),
    **{kind.value: (kind.label, Q(kind=kind.value)) for kind in TemplateKind},
}


class InLanguage(F):
    """A field that is there in English and in Chinese, as the reader sees it."""

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        name: str = self.name  # type: ignore[attr-defined]
        return F(f"{name}_zh" if is_chinese() else name).resolve_expression(*args, **kwargs)


LIBRARY_ORDERS = {
    "number": (_("Number"), ("number",)),
    "title": (_("Title"), (InLanguage("title"), "number")),
    "kind": (_("Type"), (ranked("kind", TemplateKind.values), "number")),
    "category": (_("Category"), (ranked("category", TemplateCategory.values), "number")),
}


class LibraryFilter(ListFilter):
    """Public templates by type, category and words (M-1)."""

    tab_name = "kind"
    tabs = KINDS
    q = SearchFilter(_("Title or number"), method="search")
    category = filters.ChoiceFilter(
        label=_("Category"), choices=TemplateCategory.choices, empty_label=_("Any category"), widget=FilterSelect
    )

    sort = SortFilter(LIBRARY_ORDERS)

    def search(self, templates: PublicTemplateQuerySet, name: str, words: str) -> PublicTemplateQuerySet:
        return templates.matching(words)


class TemplateFilter(ListFilter):
    """A program's own templates by type and words (M-3)."""

    tab_name = "kind"
    tabs = KINDS
    q = SearchFilter(_("Title or template ID"), method="search")
    sort = SortFilter(
        {
            "added": (pgettext_lazy("column", "Added"), ("id",)),
            "title": (_("Template"), (InLanguage("public_template__title"), "id")),
        },
        down=True,
    )

    def search(self, templates: MyTemplateQuerySet, name: str, words: str) -> MyTemplateQuerySet:
        return templates.matching(words)


# Asked for each of the user's programs, by an index of its own.
FAILED = Exists(
    Message.objects.failed()
    .filter(mini_program=OuterRef("pk"), accepted_at__gte=Now() - FAILED_WITHIN)
    .order_by()
    .values("pk")
)
WITHOUT_TEMPLATE = ~Exists(MyTemplate.objects.live().filter(mini_program=OuterRef("pk")).order_by().values("pk"))


class GatewayProgramFilter(ListFilter):
    """The bindings of one application, on the page of its gateway."""

    sort = SortFilter(
        {
            "bound": (pgettext_lazy("column", "Bound"), ("decided_at", "id")),
            "name": (_("Mini program"), (Lower("mini_program__name"), "id")),
        },
        down=True,
    )


class OverviewFilter(ProgramFilter):
    """The user's mini programs by team and words, and by what needs someone."""

    tabs = {
        "": (_("All"), Q()),
        "failed": (_("With failures"), Q(FAILED)),
        "no_template": (_("No template"), Q(WITHOUT_TEMPLATE)),
    }


class PublicTemplateFilter(LibraryFilter):
    """The library as operators keep it, `with_use`: also what is not offered."""

    tab_name = "show"
    tabs = {
        "": (_("All"), Q()),
        "offered": (_("In library"), Q(is_listed=True)),
        "hidden": (_("Hidden"), Q(is_listed=False)),
        "unselected": (_("Never selected"), Q(selected=0)),
    }
    kind = filters.ChoiceFilter(
        label=_("Type"), choices=TemplateKind.choices, empty_label=_("Any type"), widget=FilterSelect
    )
    sort = SortFilter(
        {
            **LIBRARY_ORDERS,
            "selected": (_("Selected"), ("selected", "number")),
        }
    )
