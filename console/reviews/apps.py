from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """The host side's inbox."""

    name = "console.reviews"
    label = "reviews"
