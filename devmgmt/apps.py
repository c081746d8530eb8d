from django.apps import AppConfig
from django.core.checks import register


class DevmgmtConfig(AppConfig):
    """Development management: server domains, exemptions, interface permissions, real-time logs."""

    name = "devmgmt"

    def ready(self) -> None:
        """Listen to what happens to programs below; say which rows get old; register the check of the log store."""
        from devmgmt import receivers  # noqa: F401
        from devmgmt.logs import volume  # noqa: F401
        from devmgmt.logs.store import store_can_be_used

        register(store_can_be_used)
