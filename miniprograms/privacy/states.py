"""What personal data a mini program may use, which APIs give it (S-1, S-3), and what is in an agreement's text."""

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
    LICENSE_PLATE = "license_plate", _("Licence plate")
    STEPS = "steps", _("Step count")
    ALBUM = "album", _("Selected photos and videos")
    ALBUM_WRITE = "album_write", _("Saving to the album")
    FILES = "files", _("Selected files")
    CAMERA = "camera", _("Camera")
    MICROPHONE = "microphone", _("Microphone")
    BLUETOOTH = "bluetooth", _("Bluetooth")
    CONTACTS = "contacts", _("Contacts")
    CALENDAR = "calendar", _("Calendar")
    CLIPBOARD = "clipboard", _("Clipboard")
    MOTION = "motion", _("Motion and direction sensors")
    DEVICE = "device", _("Device and network information")


class Language(models.TextChoices):
    """The languages of an agreement, each by its own name; the value is the one of Django's languages."""

    EN = "en", "English"
    ZH = "zh-hans", "中文"

    @property
    def tag(self) -> str:
        """As addresses and file names write it: en, zh."""
        return self.value.partition("-")[0]

    @property
    def field(self) -> str:
        """Where its text is kept."""
        return f"text_{self.tag}"


class Placeholder(models.TextChoices):
    """What the text writes as {{name}} and a reader sees filled in from the facts (S-1)."""

    PROGRAM = "program", _("the mini program’s name")
    TEAM = "team", _("the team’s name")
    DATA = "data", _("the data types with their purposes")
    THIRD_PARTIES = "third_parties", _("the third-party SDKs")
    RETENTION = "retention", _("the retention")
    CONTACT = "contact", _("the contact")
    EFFECTIVE_DATE = "effective_date", _("the effective date")

    @property
    def is_list(self) -> bool:
        """Whether it becomes several lines, so that it needs a line of its own."""
        return self in (Placeholder.DATA, Placeholder.THIRD_PARTIES, Placeholder.CONTACT)

    @property
    def code(self) -> str:
        """As the text writes it."""
        return f"{{{{{self.value}}}}}"


# The name of an API, or of a component as `releases.scan` writes it, → what it gives.
DATA_OF_API: dict[str, DataType] = {
    "wx.getUserInfo": DataType.USER_INFO,
    "wx.getUserProfile": DataType.USER_INFO,
    "button.getUserInfo": DataType.USER_INFO,
    "button.chooseAvatar": DataType.USER_INFO,
    "input.nickname": DataType.USER_INFO,
    "wx.getPhoneNumber": DataType.PHONE_NUMBER,
    "button.getPhoneNumber": DataType.PHONE_NUMBER,
    "button.getRealtimePhoneNumber": DataType.PHONE_NUMBER,
    "wx.getLocation": DataType.LOCATION,
    "wx.getFuzzyLocation": DataType.LOCATION,
    "wx.startLocationUpdate": DataType.LOCATION,
    "wx.startLocationUpdateBackground": DataType.LOCATION,
    "wx.onLocationChange": DataType.LOCATION,
    "wx.chooseLocation": DataType.LOCATION,
    "wx.choosePoi": DataType.LOCATION,
    "wx.chooseAddress": DataType.ADDRESS,
    "wx.chooseInvoice": DataType.INVOICE,
    "wx.chooseInvoiceTitle": DataType.INVOICE,
    "wx.chooseLicensePlate": DataType.LICENSE_PLATE,
    "wx.getWeRunData": DataType.STEPS,
    "wx.chooseImage": DataType.ALBUM,
    "wx.chooseMedia": DataType.ALBUM,
    "wx.chooseVideo": DataType.ALBUM,
    "wx.saveImageToPhotosAlbum": DataType.ALBUM_WRITE,
    "wx.saveVideoToPhotosAlbum": DataType.ALBUM_WRITE,
    "wx.chooseMessageFile": DataType.FILES,
    "wx.createCameraContext": DataType.CAMERA,
    "wx.createVKSession": DataType.CAMERA,
    "wx.createLivePusherContext": DataType.CAMERA,
    "wx.initFaceDetect": DataType.CAMERA,
    "wx.faceDetect": DataType.CAMERA,
    "component.camera": DataType.CAMERA,
    "component.livePusher": DataType.CAMERA,
    "wx.startRecord": DataType.MICROPHONE,
    "wx.getRecorderManager": DataType.MICROPHONE,
    "wx.joinVoIPChat": DataType.MICROPHONE,
    "wx.join1v1Chat": DataType.MICROPHONE,
    "component.voipRoom": DataType.MICROPHONE,
    "wx.openBluetoothAdapter": DataType.BLUETOOTH,
    "wx.createBLEPeripheralServer": DataType.BLUETOOTH,
    "wx.createBLEConnection": DataType.BLUETOOTH,
    "wx.startBluetoothDevicesDiscovery": DataType.BLUETOOTH,
    "wx.startBeaconDiscovery": DataType.BLUETOOTH,
    "wx.addPhoneContact": DataType.CONTACTS,
    "wx.chooseContact": DataType.CONTACTS,
    "wx.addPhoneCalendar": DataType.CALENDAR,
    "wx.addPhoneRepeatCalendar": DataType.CALENDAR,
    "wx.getClipboardData": DataType.CLIPBOARD,
    "wx.setClipboardData": DataType.CLIPBOARD,
    "wx.startAccelerometer": DataType.MOTION,
    "wx.onAccelerometerChange": DataType.MOTION,
    "wx.startCompass": DataType.MOTION,
    "wx.onCompassChange": DataType.MOTION,
    "wx.startDeviceMotionListening": DataType.MOTION,
    "wx.onDeviceMotionChange": DataType.MOTION,
    "wx.startGyroscope": DataType.MOTION,
    "wx.onGyroscopeChange": DataType.MOTION,
    "wx.getConnectedWifi": DataType.DEVICE,
    "wx.getWifiList": DataType.DEVICE,
    "wx.getLocalIPAddress": DataType.DEVICE,
    "wx.startLocalServiceDiscovery": DataType.DEVICE,
}


def data_of(apis: list[str]) -> list[str]:
    """Return the types of data that these APIs give, in the order of `DataType`."""
    found = {DATA_OF_API[api] for api in apis if api in DATA_OF_API}
    return [value for value in DataType.values if value in found]
