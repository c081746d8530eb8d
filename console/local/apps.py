from django.apps import AppConfig


class LocalConfig(AppConfig):
    """First run: embedded services, supervisor, demo data."""

    name = "console.local"
    label = "local"
