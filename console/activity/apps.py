from django.apps import AppConfig


class ActivityConfig(AppConfig):
    """The append-only log of what was done."""

    name = "console.activity"
    label = "activity"

    def ready(self) -> None:
        """Say which rows get old."""
        from console.activity import retention  # noqa: F401
