from django.apps import AppConfig


class FieldConfig(AppConfig):
    """What devices report: that they are there, and how updates ended."""

    name = "releases.field"
    label = "field"

    def ready(self) -> None:
        """Say which rows get old."""
        from releases.field import retention  # noqa: F401
