from django.apps import AppConfig


class ManageConfig(AppConfig):
    """What people's scripts and pipelines ask: tokens, and /api/v1/."""

    name = "console.api.manage"
    label = "automation"

    def ready(self) -> None:
        """Register the events, hear what ends tokens, and say which rows get old."""
        from console.api.manage import events, receivers, retention  # noqa: F401
