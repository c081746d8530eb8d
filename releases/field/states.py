"""What a device can say of itself, and how an update ended on it (R-1, R-7)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Platform(models.TextChoices):
    """The systems that mini programs run on."""

    ANDROID = "android", "Android"
    IOS = "ios", "iOS"


GUID_PREFIXES: dict[str, str] = {Platform.ANDROID.value: "0302", Platform.IOS.value: "0303"}


class Network(models.TextChoices):
    """How a device is connected."""

    WIFI = "wifi", _("Wi-Fi")
    G5 = "5g", "5G"
    G4 = "4g", "4G"
    G3 = "3g", "3G"
    G2 = "2g", "2G"


class ReportResult(models.TextChoices):
    """How an update ended on a device (R-7)."""

    INSTALLED = "installed", _("Installed")
    FAILED = "failed", _("Failed")
