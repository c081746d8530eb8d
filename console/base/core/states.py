"""How a state looks and reads: colour means state, nothing else. A test holds this against every app's states."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

STATES: dict[str, tuple[str, str | Promise]] = {
    # in force now
    "online": ("green", _("Online")),
    "approved": ("green", _("Approved")),
    "accepted": ("green", _("Accepted")),
    "granted": ("green", _("Granted")),
    "active": ("green", pgettext_lazy("of a key", "Active")),
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
    "denied": ("red", _("Denied")),
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
    "used": ("secondary", _("Used")),
    "renewed": ("secondary", _("Renewed")),
    "off": ("secondary", _("Off the shelf")),
    "restricted": ("secondary", _("Restricted")),
}


def badge_of(state: str) -> tuple[str, str]:
    """Return (colour, label) of a state; a state that nobody listed is grey and shows its own name."""
    colour, label = STATES.get(state, ("secondary", state.replace("_", " ").capitalize()))
    return colour, str(label)
