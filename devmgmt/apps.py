from django.apps import AppConfig


class DevmgmtConfig(AppConfig):
    """Development management: server domains, exemptions, interface permissions, real-time logs."""

    name = "devmgmt"

    def ready(self) -> None:
        """Listen to what happens to programs below."""
        from devmgmt import receivers  # noqa: F401
