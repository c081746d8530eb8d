"""The sensitive APIs under WeChat's names that every application starts with; operators keep the list from here on.

Restricted are those that read or change what is the user's own; public those that the user starts and sees each time.
"""

from django.db import migrations

RESTRICTED = {
    "wx.addPhoneCalendar": "Add an event to the calendar",
    "wx.addPhoneContact": "Add a contact",
    "wx.chooseAddress": "Read the user's postal addresses",
    "wx.chooseContact": "Read a contact",
    "wx.chooseInvoiceTitle": "Read the user's invoice titles",
    "wx.chooseLicensePlate": "Read the user's licence plates",
    "wx.chooseLocation": "Pick a place on a map",
    "wx.choosePoi": "Pick a place from a list",
    "wx.connectWifi": "Join a Wi-Fi network",
    "wx.createCameraContext": "Use the camera inside a page",
    "wx.getBackgroundFetchData": "Fetch data before the mini program opens",
    "wx.getClipboardData": "Read the clipboard",
    "wx.getConnectedWifi": "Read the name of the Wi-Fi network",
    "wx.getLocation": "Read the location",
    "wx.getPhoneNumber": "Read the phone number",
    "wx.getRecorderManager": "Record sound",
    "wx.getScreenRecordingState": "Learn whether the screen is recorded",
    "wx.getUserProfile": "Read nickname and picture",
    "wx.getWeRunData": "Read the step count",
    "wx.getWifiList": "List Wi-Fi networks nearby",
    "wx.onUserCaptureScreen": "Learn of screenshots",
    "wx.openBluetoothAdapter": "Use Bluetooth",
    "wx.requestPayment": "Take a payment",
    "wx.startBeaconDiscovery": "Find beacons nearby",
    "wx.startBluetoothDevicesDiscovery": "Find Bluetooth devices nearby",
    "wx.startHCE": "Act as an NFC card",
    "wx.startLocationUpdate": "Follow the location while open",
    "wx.startLocationUpdateBackground": "Follow the location in the background",
    "wx.startRecord": "Record sound, older form",
    "wx.startSoterAuthentication": "Ask for a fingerprint or the face",
}
PUBLIC = {
    "wx.chooseImage": "Pick pictures",
    "wx.chooseMedia": "Pick pictures and videos",
    "wx.chooseMessageFile": "Pick a file from a chat",
    "wx.chooseVideo": "Pick a video",
    "wx.makePhoneCall": "Call a number",
    "wx.saveImageToPhotosAlbum": "Save a picture",
    "wx.saveVideoToPhotosAlbum": "Save a video",
    "wx.scanCode": "Scan a code",
    "wx.setClipboardData": "Write to the clipboard",
    "wx.startCompass": "Read the compass",
}


def add_defaults(apps, schema_editor):
    """Fill the list, and that of each application that exists."""
    default_api = apps.get_model("hosts", "DefaultApi")
    sensitive_api = apps.get_model("hosts", "SensitiveApi")
    rows = [(name, title, True) for name, title in RESTRICTED.items()]
    rows += [(name, title, False) for name, title in PUBLIC.items()]
    default_api.objects.bulk_create(
        default_api(name=name, title=title, restricted=restricted) for name, title, restricted in rows
    )
    sensitive_api.objects.bulk_create(
        sensitive_api(application=application, name=name, title=title, restricted=restricted)
        for application in apps.get_model("hosts", "HostApplication").objects.all()
        for name, title, restricted in rows
    )


class Migration(migrations.Migration):
    dependencies = [("hosts", "0002_sensitive_apis")]

    operations = [migrations.RunPython(add_defaults, migrations.RunPython.noop)]
