from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Subscription messages: templates, consent, sending and delivery."""

    name = "messaging"

    def ready(self) -> None:
        """Say which rows get old."""
        from messaging import retention  # noqa: F401
