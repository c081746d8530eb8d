from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """The host side's inbox."""

    name = "console.reviews"
    label = "reviews"

    def ready(self) -> None:
        """Listen."""
        from console.reviews import receivers  # noqa: F401
