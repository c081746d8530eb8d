"""What an entry of the activity log changed, in words: the one place that names what entries hold.

Entries keep plain values (`role: license_holder`), so that they outlive our words; pages show these.
"""

from typing import Any

from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core.states import look_of

LABELS: dict[str, str | Promise] = {
    "active": gettext_lazy("Active"),
    "administrator": gettext_lazy("Administrator"),
    "audit": gettext_lazy("Audit record"),
    "category": gettext_lazy("Category"),
    "description": gettext_lazy("Description"),
    "email": gettext_lazy("E-mail"),
    "factor": gettext_lazy("Sign-in factor"),
    "icon": gettext_lazy("Icon"),
    "introduction": gettext_lazy("Introduction"),
    "key": gettext_lazy("Key"),
    "listed": gettext_lazy("Every team may ask for a binding"),
    "name": gettext_lazy("Name"),
    "new_account": gettext_lazy("New account"),
    "online": gettext_lazy("Online version"),
    "operator": gettext_lazy("Operator"),
    "package": gettext_lazy("Package"),
    "role": gettext_lazy("Role"),
    "shelf": gettext_lazy("Shelf"),
    "state": gettext_lazy("State"),
}
ROLES: dict[str, str | Promise] = {
    "admin": gettext_lazy("Team administrator"),
    "license_holder": gettext_lazy("License holder"),
    "developer": gettext_lazy("Developer"),
    "viewer": gettext_lazy("Viewer"),
    "app_admin": gettext_lazy("Application administrator"),
    "reviewer": gettext_lazy("Reviewer"),
}
LONGEST = 80


def in_words(changes: list[tuple[str, Any, Any]]) -> list[str]:
    """Return “State: In audit → Approved” for each (what, before, after); a first state is what the verb says."""
    return [
        _one(key, before, after) for key, before, after in changes if not (key in ("state", "shelf") and before is None)
    ]


def _one(key: str, before: Any, after: Any) -> str:
    label = LABELS.get(key, key.replace("_", " ").capitalize())
    if key == "icon":
        return _("Icon: replaced")
    if before is None:
        return _("%(what)s: %(after)s") % {"what": label, "after": _value(key, after)}
    return _("%(what)s: %(before)s → %(after)s") % {
        "what": label,
        "before": _value(key, before),
        "after": _value(key, after),
    }


def _value(key: str, value: Any) -> str:
    if value is True:
        return _("yes")
    if value is False:
        return _("no")
    if value in (None, ""):
        return "–"
    if key in ("state", "shelf"):
        return look_of(str(value))[1]
    if key == "role":
        return str(ROLES.get(str(value), value))
    if key == "package":
        return shortened(str(value))
    return Truncator(str(value)).chars(LONGEST)


def shortened(value: str) -> str:
    """Return a hash or id without its middle: “5d1a…9ecf8c”."""
    return f"{value[:4]}…{value[-6:]}"
