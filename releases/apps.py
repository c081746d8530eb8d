from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    """Version management: packages, versions, audits, releases."""

    name = "releases"
    label = "releases"

    def ready(self) -> None:
        """Listen."""
        from releases import receivers  # noqa: F401
