"""What personal data a mini program may use, and which APIs give it (S-1, S-3)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DataType(models.TextChoices):
    """The types of personal data that an agreement declares; WeChat's list."""

    USER_INFO = "user_info", _("Nickname and avatar")
    PHONE_NUMBER = "phone_number", _("Phone number")
    LOCATION = "location", _("Location")
    ADDRESS = "address", _("Address")
    INVOICE = "invoice", _("Invoice details")
    LICENSE_PLATE = "license_plate", _("License plate")
    STEPS = "steps", _("Step count")
    ALBUM = "album", _("Chosen photos and videos")
    ALBUM_WRITE = "album_write", _("Saving to the album")
    FILES = "files", _("Chosen files")
    CAMERA = "camera", _("Camera")
    MICROPHONE = "microphone", _("Microphone")
    BLUETOOTH = "bluetooth", _("Bluetooth")
    CONTACTS = "contacts", _("Contacts")
    CALENDAR = "calendar", _("Calendar")
    CLIPBOARD = "clipboard", _("Clipboard")
    MOTION = "motion", _("Motion and direction sensors")
    DEVICE = "device", _("Device and network information")


# The name of an API, or of a component as `releases.scan` writes it, → what it gives.
DATA_OF_API: dict[str, DataType] = {}


def data_of(apis: list[str]) -> list[str]:
    """Return the types of data that these APIs give, in the order of `DataType`."""
    found = {DATA_OF_API[api] for api in apis if api in DATA_OF_API}
    return [value for value in DataType.values if value in found]
