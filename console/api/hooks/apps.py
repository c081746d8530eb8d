from django.apps import AppConfig


class HooksConfig(AppConfig):
    """Webhooks: what teams and host apps hear of events (A-4)."""

    name = "console.api.hooks"
    label = "webhooks"

    def ready(self) -> None:
        """Hear events, register those about webhooks, and say which rows get old; wake-ups go by the task's name."""
        from console.api.hooks import events, receivers, retention, tasks  # noqa: F401
