from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, teams, memberships, permissions, invitations, sudo."""

    name = "console.base.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen, and say which rows get old."""
        from console.base.accounts import receivers, retention  # noqa: F401
