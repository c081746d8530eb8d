from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class CoreConfig(AppConfig):
    """List, form and confirm pages, template tags; no tables."""

    name = "console.base.core"
    label = "core"


class StaticFiles(StaticFilesConfig):
    """Django's static files without htmx's extensions: no page loads them, and one imports what is not served."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx/ext/*"]
