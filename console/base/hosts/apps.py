from django.apps import AppConfig


class HostsConfig(AppConfig):
    """Host applications, their people, keys and decisions."""

    name = "console.base.hosts"
    label = "hosts"

    def ready(self) -> None:
        """Listen."""
        from console.base.hosts import receivers  # noqa: F401
