from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ActivityConfig(AppConfig):
    """The append-only log of what was done."""

    name = "console.base.activity"
    label = "activity"

    def ready(self) -> None:
        """Register the events of every app, and which rows get old."""
        from console.base.activity import retention  # noqa: F401

        autodiscover_modules("events")
