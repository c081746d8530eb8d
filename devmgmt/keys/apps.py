from django.apps import AppConfig


class KeysConfig(AppConfig):
    """Keys: AppSecrets, the access tokens and login codes that come of them."""

    name = "devmgmt.keys"
    label = "keys"
