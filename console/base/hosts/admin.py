"""What operators keep: the sensitive APIs that every application has in its list (D-3)."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from console.base.accounts.admin import VerbAdmin, operator
from console.base.hosts import actions
from console.base.hosts.forms import DefaultApiForm
from console.base.hosts.models import DefaultApi


@admin.register(DefaultApi)
class DefaultApiAdmin(VerbAdmin):
    """Saved and deleted by verb; the name is what mini programs call, so it stays."""

    form = DefaultApiForm
    list_display = ("name", "title", "restricted")
    list_filter = ("restricted",)
    search_fields = ("name", "title")

    def save_model(self, request: HttpRequest, obj: DefaultApi, form: Any, change: bool) -> None:
        """Create or edit by verb."""
        actions.keep(obj, by=operator(request))

    def delete_model(self, request: HttpRequest, obj: DefaultApi) -> None:
        """Delete by verb."""
        actions.discard(obj, by=operator(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The applications have rows of their own."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
