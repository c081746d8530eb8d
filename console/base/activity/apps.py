from django.apps import AppConfig


class ActivityConfig(AppConfig):
    """The append-only log of what was done."""

    name = "console.base.activity"
    label = "activity"

    def ready(self) -> None:
        """Say which rows get old."""
        from console.base.activity import retention  # noqa: F401
