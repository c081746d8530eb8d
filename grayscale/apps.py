from django.apps import AppConfig


class GrayscaleConfig(AppConfig):
    """Grayscale release: an approved version for some devices before it is published."""

    name = "grayscale"

    def ready(self) -> None:
        """Listen to what happens to programs below, and say which rows get old."""
        from grayscale import receivers, retention  # noqa: F401
