"""The console's URLs, and Django's admin over the rows of the lists: same columns, same filters, same page size."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path

from console.urls import handler403, handler404
from console.urls import urlpatterns as console_urlpatterns
from miniprograms.models import MiniProgram
from releases.filters import OverviewFilter
from releases.models import Audit, Release, Version

__all__ = ["handler403", "handler404", "urlpatterns"]


class ReadOnly(admin.ModelAdmin):
    """Rows to look at."""

    list_per_page = settings.PAGE_SIZE

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody; so there are no boxes to tick either."""
        return False


class MiniProgramAdmin(admin.ModelAdmin):
    """The mini program list; as in the console, an operator may change what it shows."""

    list_per_page = settings.PAGE_SIZE
    list_display = ("name", "app_id", "team", "category", "shelf", "online_number", "in_audit_number", "changed_at")
    list_select_related = ("team", "category")
    list_filter = ("team", "category", "shelf")
    search_fields = ("name", "app_id")


class TabFilter(admin.SimpleListFilter):
    """The tabs of the versions across programs."""

    title, parameter_name = "tab", "tab"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Without counts, which the console's tabs have."""
        return [(value, label) for value, (label, _condition) in OverviewFilter.tabs.items() if value]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MiniProgram]) -> QuerySet[MiniProgram]:
        """The same condition as the console's."""
        return queryset.filter(OverviewFilter.tabs[self.value() or ""][1])


class FactsAdmin(ReadOnly):
    """Versions across programs with the console's columns: each cell asks for itself, as admin methods do."""

    list_display = ("name", "team", "online", "audit", "decisions", "development", "candidate")
    list_select_related = ("team",)
    list_filter = ("team", TabFilter)
    search_fields = ("name", "app_id")

    def online(self, program: MiniProgram) -> str:
        """The version that devices get, and since when."""
        release = program.releases.select_related("to_version").first()
        return f"{release.to_version}, {release.at}" if release else ""

    def audit(self, program: MiniProgram) -> str:
        """The newest submission."""
        audit = program.audits.select_related("version").first()
        return f"{audit.version}: {audit.get_state_display()}" if audit else ""

    def decisions(self, program: MiniProgram) -> str:
        """Who decided what in it."""
        audit = program.audits.first()
        rows = audit.decisions.select_related("application") if audit else []
        return ", ".join(f"{row.application}: {row.get_state_display()}" for row in rows)

    def development(self, program: MiniProgram) -> str:
        """The newest upload."""
        version = program.versions.in_development().first()
        return f"{version}, {version.uploaded_at}" if version else ""

    def candidate(self, program: MiniProgram) -> str:
        """What can be published."""
        return str(program.versions.approved().overtaking(Version.objects.online()).first() or "")


class VersionAdmin(ReadOnly):
    """Versions; without their packages, which would be a join more than the reference needs."""

    list_display = ("mini_program", "number", "state", "notes", "uploaded_by", "uploaded_at")
    list_select_related = ("mini_program", "uploaded_by")
    list_filter = ("state",)


class AuditAdmin(ReadOnly):
    """Audit records with the decisions of their applications."""

    list_display = ("number", "mini_program", "version", "submitted_by", "submitted_at", "applications", "state")
    list_select_related = ("mini_program", "version", "submitted_by")
    list_filter = ("state",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Audit]:
        """With what the last column shows."""
        return super().get_queryset(request).prefetch_related("decisions__application")

    def applications(self, audit: Audit) -> str:
        """Who decided what."""
        return ", ".join(f"{row.application}: {row.get_state_display()}" for row in audit.decisions.all())


class ReleaseAdmin(ReadOnly):
    """Publishes and roll backs."""

    list_display = ("mini_program", "kind", "from_version", "to_version", "by", "at", "note")
    list_select_related = ("mini_program", "from_version", "to_version", "by")
    list_filter = ("kind",)


site = admin.AdminSite("bench")
site.register(MiniProgram, MiniProgramAdmin)
site.register(Version, VersionAdmin)
site.register(Audit, AuditAdmin)
site.register(Release, ReleaseAdmin)

facts_site = admin.AdminSite("bench-facts")
facts_site.register(MiniProgram, FactsAdmin)

urlpatterns = [*console_urlpatterns, path("bench/", site.urls), path("bench-facts/", facts_site.urls)]
