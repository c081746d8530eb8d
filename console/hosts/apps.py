from django.apps import AppConfig


class HostsConfig(AppConfig):
    """Host applications, their people, keys and decisions."""

    name = "console.hosts"
    label = "hosts"

    def ready(self) -> None:
        """Listen."""
        from console.hosts import receivers  # noqa: F401
