from typing import Any

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from console.base.core import assets

HINT = "Run: make assets"


def assets_are_current(**kwargs: Any) -> list[CheckMessage]:
    """Say so before a page lacks its style, or shows an older one."""
    if not assets.BUILT.is_dir():
        return [Error("The files for browsers are not built.", hint=HINT, id="console.E001")]
    if not assets.are_current():
        return [Warning("The files for browsers are older than their sources.", hint=HINT, id="console.W001")]
    return []


class CoreConfig(AppConfig):
    """List, form and confirm pages, template tags; no tables."""

    name = "console.base.core"
    label = "core"

    def ready(self) -> None:
        """Register the check of what browsers load."""
        register(assets_are_current, Tags.staticfiles)


class StaticFiles(StaticFilesConfig):
    """Django's static files without those of django_htmx: htmx is in our own bundle."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx/*"]
