from django.apps import AppConfig


class ManageConfig(AppConfig):
    """What people's scripts and pipelines ask: tokens, and /api/v1/."""

    name = "console.api.manage"
    label = "automation"

    def ready(self) -> None:
        """Register the events."""
        from console.api.manage import events  # noqa: F401
