"""What the APIs do that every list starts with, in the reader's language: operators' own words stay as they are."""

from django.utils.translation import gettext, gettext_noop

# As migration 0003 has written them; their names are WeChat's.
PURPOSES = (
    gettext_noop("Add an event to the calendar"),
    gettext_noop("Add a contact"),
    gettext_noop("Read the user's postal addresses"),
    gettext_noop("Read a contact"),
    gettext_noop("Read the user's invoice titles"),
    gettext_noop("Read the user's licence plates"),
    gettext_noop("Pick a place on a map"),
    gettext_noop("Pick a place from a list"),
    gettext_noop("Join a Wi-Fi network"),
    gettext_noop("Use the camera inside a page"),
    gettext_noop("Fetch data before the mini program opens"),
    gettext_noop("Read the clipboard"),
    gettext_noop("Read the name of the Wi-Fi network"),
    gettext_noop("Read the location"),
    gettext_noop("Read the phone number"),
    gettext_noop("Record sound"),
    gettext_noop("Learn whether the screen is recorded"),
    gettext_noop("Read nickname and picture"),
    gettext_noop("Read the step count"),
    gettext_noop("List Wi-Fi networks nearby"),
    gettext_noop("Learn of screenshots"),
    gettext_noop("Use Bluetooth"),
    gettext_noop("Take a payment"),
    gettext_noop("Find beacons nearby"),
    gettext_noop("Find Bluetooth devices nearby"),
    gettext_noop("Act as an NFC card"),
    gettext_noop("Follow the location while open"),
    gettext_noop("Follow the location in the background"),
    gettext_noop("Record sound, older form"),
    gettext_noop("Ask for a fingerprint or the face"),
    gettext_noop("Pick pictures"),
    gettext_noop("Pick pictures and videos"),
    gettext_noop("Pick a file from a chat"),
    gettext_noop("Pick a video"),
    gettext_noop("Call a number"),
    gettext_noop("Save a picture"),
    gettext_noop("Save a video"),
    gettext_noop("Scan a code"),
    gettext_noop("Write to the clipboard"),
    gettext_noop("Read the compass"),
)
_KNOWN = frozenset(PURPOSES)


def purpose(title: str) -> str:
    """Return the title of an API as the reader reads it: a list's first words are translated, others are not."""
    return gettext(title) if title in _KNOWN else title


def written(words: str) -> list[str]:
    """Return the titles, as they are stored, that contain these words where the reader sees them translated."""
    return [title for title in PURPOSES if words.casefold() in gettext(title).casefold()]
