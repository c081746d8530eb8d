from django.apps import AppConfig


class GrayscaleConfig(AppConfig):
    """Grayscale release: an approved version for some devices before it is published."""

    name = "grayscale"

    def ready(self) -> None:
        """Listen to what happens to programs below."""
        from grayscale import receivers  # noqa: F401
