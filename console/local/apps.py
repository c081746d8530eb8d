from django.apps import AppConfig
from django.core.checks import Tags, register


class LocalConfig(AppConfig):
    """First run: embedded services, supervisor, demo data."""

    name = "console.local"
    label = "local"

    def ready(self) -> None:
        """Register the check that names a missing PostgreSQL."""
        from console.local.checks import local_postgres_runs

        register(local_postgres_runs, Tags.database)
