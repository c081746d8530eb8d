"""How a state looks and reads: colour means state, nothing else. A test holds this against every app's states."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATES: dict[str, tuple[str, str | Promise]] = {
    # in force now
    "online": ("green", _("Online")),
    "approved": ("green", _("Approved")),
    "granted": ("green", _("Granted")),
    "active": ("green", _("Active")),
    "public": ("green", _("Public")),
    "on": ("green", _("On the shelf")),
    "delivering": ("green", _("Delivering")),
    "delivered": ("green", _("Delivered")),
    # on its way
    "in_audit": ("blue", _("In audit")),
    "waiting": ("blue", _("Waiting")),
    "pending": ("blue", _("Pending")),
    # needs someone
    "overdue": ("orange", _("Overdue")),
    "suspended": ("orange", _("Suspended")),
    # does not work, or was refused
    "rejected": ("red", _("Rejected")),
    "refused": ("red", _("Refused")),
    "frozen": ("red", _("Frozen")),
    "failed": ("red", _("Failed")),
    "banned": ("red", _("Banned")),
    # no effect on devices
    "development": ("secondary", _("Development")),
    "retired": ("secondary", _("Retired")),
    "withdrawn": ("secondary", _("Withdrawn")),
    "ended": ("secondary", _("Ended")),
    "revoked": ("secondary", _("Revoked")),
    "expired": ("secondary", _("Expired")),
    "off": ("secondary", _("Off the shelf")),
    "restricted": ("secondary", _("Restricted")),
}

# The end of a log entry's verb → icon and colour of its timeline dot; the first that fits.
MOVES: tuple[tuple[str, str, str], ...] = (
    ("given_up", "arrow-back", "secondary"),
    ("api.restricted", "lock", "orange"),
    ("api.opened", "lock-open", "green"),
    ("domains.changed", "world", "blue"),
    ("secret.generated", "key", "green"),
    ("secret.reset", "refresh", "blue"),
    ("unfrozen", "circle-check", "green"),
    ("frozen", "snowflake", "red"),
    ("trial.set", "test-pipe", "blue"),
    ("trial.cancelled", "x", "secondary"),
    ("signing_key.retired", "key-off", "secondary"),
    ("report.requested", "report-search", "blue"),
    ("gateway.tested", "send", "blue"),
    ("replayed", "refresh", "blue"),
    ("messages.banned", "ban", "red"),
    ("messages.allowed", "check", "green"),
    ("published", "rocket", "green"),
    ("rolled_back", "arrow-back-up", "orange"),
    ("uploaded", "upload", "secondary"),
    ("submitted", "send", "blue"),
    ("requested", "send", "blue"),
    ("withdrawn", "arrow-back", "secondary"),
    ("put_on_shelf", "circle-check", "green"),
    ("taken_off_shelf", "circle-off", "orange"),
    ("approved", "check", "green"),
    ("rejected", "x", "red"),
    ("revoked", "x", "red"),
    ("removed", "x", "red"),
    ("deleted", "trash", "red"),
    ("started", "player-play", "green"),
    ("resumed", "player-play", "green"),
    ("suspended", "player-pause", "orange"),
    ("pulled_back", "arrow-back-up", "red"),
    ("grayscale.ended", "player-stop", "secondary"),
    ("ended", "unlink", "secondary"),
    ("invited", "mail", "blue"),
    ("downloaded", "download", "secondary"),
    ("joined", "user-plus", "green"),
    ("created", "plus", "blue"),
    ("added", "plus", "blue"),
    ("", "edit", "blue"),
)


def look_of(state: str) -> tuple[str, str]:
    """Return (colour, label) of a state; a state that nobody listed is grey and shows its own name."""
    colour, label = STATES.get(state, ("secondary", state.replace("_", " ").capitalize()))
    return colour, str(label)


def look_of_move(verb: str) -> tuple[str, str]:
    """Return (icon, colour) for a log entry's verb."""
    return next((icon, colour) for end, icon, colour in MOVES if verb.endswith(end))
