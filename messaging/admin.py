"""What operators keep: the public template library (M-1). Templates of mini programs are the teams' own business."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest

from console.base.accounts.admin import VerbAdmin, operator
from messaging import rules
from messaging.actions import templates as actions
from messaging.forms.public_templates import KeywordForm, PublicTemplateForm
from messaging.models import PublicKeyword, PublicTemplate
from messaging.states import MOST_PUBLIC_KEYWORDS


class KeywordInline(admin.TabularInline):
    """The keywords of a template; each gets its number when it is saved."""

    model = PublicKeyword
    form = KeywordForm
    readonly_fields = ("number",)
    fields = ("number", "kind", "name", "name_zh", "example", "example_zh", "options")
    extra = 0
    min_num = 1
    max_num = MOST_PUBLIC_KEYWORDS

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """One keyword at least: a template without any can't be selected."""
        return super().get_formset(request, obj, validate_min=True, validate_max=True, **kwargs)


@admin.register(PublicTemplate)
class PublicTemplateAdmin(VerbAdmin):
    """Saved with its keywords by one verb. What was ever selected can't be deleted, only taken out of the library."""

    form = PublicTemplateForm
    inlines = (KeywordInline,)
    fields = ("number", "title", "title_zh", "kind", "category", "is_listed")
    readonly_fields = ("number",)
    list_display = ("number", "title", "title_zh", "kind", "category", "is_listed")
    list_display_links = ("number", "title")
    list_filter = ("kind", "category", "is_listed")
    search_fields = ("number", "title", "title_zh")

    def save_model(self, request: HttpRequest, obj: PublicTemplate, form: Any, change: bool) -> None:
        """Wait for the keywords: both are one change."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Create or edit by verb."""
        [keywords] = formsets
        actions.keep_public_template(
            form.instance,
            keywords=keywords.save(commit=False),
            removed=keywords.deleted_objects,
            by=operator(request),
        )

    def delete_model(self, request: HttpRequest, obj: PublicTemplate) -> None:
        """Delete by verb."""
        actions.discard_public_template(obj, by=operator(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Say which can't be deleted and what to do instead, not whose templates they became."""
        deleted, counts, needed, _protected = super().get_deleted_objects(objs, request)
        rows = PublicTemplate.objects.filter(pk__in=[row.pk for row in objs]).annotate(selected=Count("selections"))
        refusals = [rules.why_not_discard(row.title, row.selected) for row in rows]
        return deleted, counts, needed, [refusal for refusal in refusals if refusal]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of those that nobody selected."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
