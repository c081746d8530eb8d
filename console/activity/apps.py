from django.apps import AppConfig


class ActivityConfig(AppConfig):
    """The append-only log of what was done."""

    name = "console.activity"
    label = "activity"
