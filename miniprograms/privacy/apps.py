from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Settings: the privacy protection agreement."""

    name = "miniprograms.privacy"
    label = "privacy"
