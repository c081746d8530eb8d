"""What operators keep: categories and IDE downloads. Mini programs are the teams' own business and are not here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from console.base.accounts.admin import VerbAdmin, operator
from miniprograms import actions
from miniprograms.forms import CategoryForm, IdeDownloadForm
from miniprograms.models import Category, IdeDownload


class KeptAdmin(VerbAdmin):
    """Rows of no team, saved and deleted by verb."""

    def save_model(self, request: HttpRequest, obj: Category | IdeDownload, form: Any, change: bool) -> None:
        """Create or edit by verb, also from the list."""
        actions.keep(obj, by=operator(request))

    def delete_model(self, request: HttpRequest, obj: Category | IdeDownload) -> None:
        """Delete by verb."""
        actions.discard(obj, by=operator(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No record needs them: one that a mini program names is kept by the database."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(Category)
class CategoryAdmin(KeptAdmin):
    """Categories in the order in which forms show them; one in use can't be deleted."""

    form = CategoryForm
    list_display = ("name", "position")
    list_editable = ("position",)
    search_fields = ("name",)


@admin.register(IdeDownload)
class IdeDownloadAdmin(KeptAdmin):
    """Downloads, newest first (L-5)."""

    form = IdeDownloadForm
    list_display = ("version", "platform", "requirement", "released_on", "size", "url")
    list_filter = ("platform",)
    search_fields = ("version", "notes")
    date_hierarchy = "released_on"
