from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Subscription messages: templates, consent, sending and delivery."""

    name = "messaging"
