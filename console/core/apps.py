from django.apps import AppConfig


class CoreConfig(AppConfig):
    """List, form and confirm pages, template tags; no tables."""

    name = "console.core"
    label = "core"
