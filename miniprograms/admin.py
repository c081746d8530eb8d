"""What operators keep: categories and IDE downloads. Mini programs are the teams' own business and are not here."""

from django.contrib import admin
from django.db import models

from console.core.fields import WordsField
from miniprograms.models import Category, IdeDownload


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    """Categories in the order in which forms show them; one in use can't be deleted."""

    list_display = ("name", "position")
    list_editable = ("position",)
    search_fields = ("name",)


@admin.register(IdeDownload)
class IdeDownloadAdmin(admin.ModelAdmin):
    """Downloads, newest first (L-5)."""

    list_display = ("version", "platform", "requirement", "released_on", "size", "url")
    list_filter = ("platform",)
    search_fields = ("version", "notes")
    date_hierarchy = "released_on"
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}, models.TextField: {"form_class": WordsField}}
