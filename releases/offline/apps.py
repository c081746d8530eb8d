from django.apps import AppConfig


class OfflineConfig(AppConfig):
    """Offline package: the online bytes, to be built into a host application."""

    name = "releases.offline"
    label = "offline"
