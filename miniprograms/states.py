"""The shelf, and how the list words the last change."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from console.base.activity.verbs import Verb


class Shelf(models.TextChoices):
    """Off the shelf, no application gets the program (L-4)."""

    ON = "on", _("On the shelf")
    OFF = "off", _("Off the shelf")


# The categories to begin with, as the migration has them: for the translation.
CATEGORIES = (
    gettext_noop("Transport"),
    gettext_noop("Travel and hotels"),
    gettext_noop("Shopping"),
    gettext_noop("Food and drink"),
    gettext_noop("Finance"),
    gettext_noop("Government"),
    gettext_noop("Medical care"),
    gettext_noop("Education"),
    gettext_noop("News and media"),
    gettext_noop("Entertainment"),
    gettext_noop("Sports and health"),
    gettext_noop("Social"),
    gettext_noop("Business services"),
    gettext_noop("Property and home"),
    gettext_noop("Tools"),
    gettext_noop("Other"),
)

# In the list nobody is named, so the log's "Mira took off the shelf" becomes "Taken off the shelf".
LAST_CHANGE: dict[str, Promise] = {
    Verb.MINI_PROGRAM_CREATED: _("Created"),
    Verb.MINI_PROGRAM_EDITED: _("Edited"),
    Verb.MINI_PROGRAM_TAKEN_OFF_SHELF: _("Taken off the shelf"),
    Verb.MINI_PROGRAM_PUT_ON_SHELF: _("Put on the shelf"),
    Verb.BINDING_REQUESTED: _("Binding asked for: %(label)s"),
    Verb.BINDING_WITHDRAWN: _("Binding request withdrawn: %(label)s"),
    Verb.BINDING_APPROVED: _("Binding approved: %(label)s"),
    Verb.BINDING_REJECTED: _("Binding rejected: %(label)s"),
    Verb.BINDING_ENDED: _("Unbound: %(label)s"),
    Verb.BINDING_REMOVED: _("Removed from the application: %(label)s"),
    Verb.VERSION_UPLOADED: _("Version %(label)s uploaded"),
    Verb.VERSION_SUBMITTED: _("Version %(label)s submitted"),
    Verb.VERSION_WITHDRAWN: _("Version %(label)s withdrawn"),
    Verb.VERSION_APPROVED: _("Approved: %(label)s"),
    Verb.VERSION_REJECTED: _("Rejected: %(label)s"),
    Verb.VERSION_PUBLISHED: _("Version %(label)s published"),
    Verb.VERSION_ROLLED_BACK: _("Rolled back to %(label)s"),
    Verb.TRIAL_SET: _("Trial version %(label)s set"),
    Verb.TRIAL_CANCELLED: _("Trial version %(label)s cancelled"),
    Verb.DOMAINS_CHANGED: _("Server domains changed"),
    Verb.PRIVACY_SAVED: _("Privacy agreement edited"),
    Verb.PRIVACY_PUBLISHED: _("Privacy agreement %(label)s published"),
}
