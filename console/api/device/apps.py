from django.apps import AppConfig


class DeviceConfig(AppConfig):
    """What host applications ask: /runtime/v1/."""

    name = "console.api.device"
    label = "device"
