from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, teams, memberships, permissions, invitations, sudo."""

    name = "console.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen."""
        from console.accounts import receivers  # noqa: F401
