from django.apps import AppConfig


class KeysConfig(AppConfig):
    """Keys: AppSecrets, the access tokens and login codes that come of them."""

    name = "devmgmt.keys"
    label = "keys"

    def ready(self) -> None:
        """Say which rows get old."""
        from devmgmt.keys import retention  # noqa: F401
