"""What operators keep: the public template library (M-1). Templates of mini programs are the teams' own business."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.accounts.admin import VerbAdmin, operator
from console.base.core.errors import ActionRefused
from console.base.core.fields import LineField, WordsField
from messaging import rules, values
from messaging.actions import templates as actions
from messaging.models import PublicKeyword, PublicTemplate
from messaging.states import KeywordType

WORDS = ("name", "name_zh", "example", "example_zh")


class KeywordForm(forms.ModelForm):
    """A keyword whose examples fit its type; the type stays what it is, as it is part of what servers send."""

    options = WordsField(
        label=gettext_lazy("values"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 15}),
        help_text=gettext_lazy("Of an enum: one a line, in both languages."),
    )

    class Meta:
        model = PublicKeyword
        fields = ("kind", "name", "name_zh", "example", "example_zh", "options")
        field_classes = dict.fromkeys(WORDS, LineField)
        widgets = {name: forms.TextInput(attrs={"size": 11}) for name in WORDS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["options"] = "\n".join(self.instance.options)
        self.fields["kind"].disabled = self.instance.pk is not None

    def clean_options(self) -> list[str]:
        """Return the lines that are not empty, each once."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["options"].split("\n")]
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self) -> dict[str, Any]:
        """Refuse examples that could never be sent, and an enum without values (M-5)."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        kind, options = data.get("kind", ""), data.get("options", [])
        if kind == KeywordType.ENUM and not options:
            self.add_error("options", _("An enum needs at least one value."))
        elif kind != KeywordType.ENUM and options:
            self.add_error("options", _("Only an enum has values."))
        for name in WORDS[2:]:
            if kind and data.get(name) and (why := values.why_not(kind, data[name], options=options)):
                self.add_error(name, why)
        return data


class KeywordInline(admin.TabularInline):
    """The keywords of a template; each gets its number when it is saved."""

    model = PublicKeyword
    form = KeywordForm
    readonly_fields = ("number",)
    fields = ("number", "kind", "name", "name_zh", "example", "example_zh", "options")
    extra = 0
    min_num = 1
    max_num = 20

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """One keyword at least: a template without any can't be selected."""
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(PublicTemplate)
class PublicTemplateAdmin(VerbAdmin):
    """Saved with its keywords by one verb. What was ever selected can't be deleted, only taken out of the library."""

    inlines = (KeywordInline,)
    fields = ("number", "title", "title_zh", "kind", "category", "is_listed")
    readonly_fields = ("number",)
    list_display = ("number", "title", "title_zh", "kind", "category", "is_listed")
    list_display_links = ("number", "title")
    list_filter = ("kind", "category", "is_listed")
    search_fields = ("number", "title", "title_zh")
    formfield_overrides = {models.CharField: {"form_class": LineField}}

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

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask, then delete; refused when somebody selected it meanwhile."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except ActionRefused as refused:
            messages.error(request, refused.message)
            return redirect("admin:messaging_publictemplate_changelist")

    def delete_model(self, request: HttpRequest, obj: PublicTemplate) -> None:
        """Delete by verb."""
        actions.discard_public_template(obj, by=operator(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PublicTemplate]) -> None:
        """Delete each by verb."""
        for row in queryset:
            try:
                actions.discard_public_template(row, by=operator(request))
            except ActionRefused as refused:
                messages.error(request, refused.message)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Say which can't be deleted and what to do instead, not whose templates they became."""
        deleted, counts, needed, _protected = super().get_deleted_objects(objs, request)
        rows = PublicTemplate.objects.filter(pk__in=[row.pk for row in objs]).annotate(selected=Count("selections"))
        refusals = [rules.why_not_discard(row.title, row.selected) for row in rows]
        return deleted, counts, needed, [refusal for refusal in refusals if refusal]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of those that nobody selected."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
