from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """What operators look after: whether every part of the console works."""

    name = "console.platform"
    label = "platform"

    def ready(self) -> None:
        """Register the checks of the configuration and the connection; show heartbeats in workers."""
        from console.platform import configuration, pooler, receivers  # noqa: F401
