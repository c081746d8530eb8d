"""What an entry of the activity log changed, in words: the one place that names what entries hold.

Entries keep plain values (`role: license_holder`), so that they outlive our words; pages show these.
"""

from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.core import times
from console.core.states import look_of

LABELS: dict[str, str | Promise] = {
    "active": gettext_lazy("Active"),
    "address": gettext_lazy("Address"),
    "administrator": gettext_lazy("Administrator"),
    "applications": gettext_lazy("Applications"),
    "audit": gettext_lazy("Audit record"),
    "category": gettext_lazy("Category"),
    "chinese_title": gettext_lazy("Title in Chinese"),
    "description": gettext_lazy("Description"),
    "email": gettext_lazy("E-mail"),
    "ends": gettext_lazy("End"),
    "english_title": gettext_lazy("Title in English"),
    "factor": gettext_lazy("Sign-in factor"),
    "icon": gettext_lazy("Icon"),
    "introduction": gettext_lazy("Introduction"),
    "key": gettext_lazy("Key"),
    "keywords": gettext_lazy("Keywords"),
    "listed": gettext_lazy("Every team may ask for a binding"),
    "messages": gettext_lazy("Messages"),
    "name": gettext_lazy("Name"),
    "networks": gettext_lazy("Network"),
    "new_account": gettext_lazy("New account"),
    "note": gettext_lazy("Where it is used"),
    "number": gettext_lazy("Number"),
    "objects": gettext_lazy("Objects"),
    "offered": gettext_lazy("Offered"),
    "online": gettext_lazy("Online version"),
    "operator": gettext_lazy("Operator"),
    "overlap": gettext_lazy("Hours that the old one works"),
    "package": gettext_lazy("Package"),
    "platforms": gettext_lazy("Platforms"),
    "restricted": gettext_lazy("Restricted"),
    "role": gettext_lazy("Role"),
    "seconds": gettext_lazy("Seconds"),
    "secret": gettext_lazy("Secret"),
    "shelf": gettext_lazy("Shelf"),
    "starts": gettext_lazy("Start"),
    "state": gettext_lazy("State"),
    "status": gettext_lazy("Answer"),
    "title": gettext_lazy("What it does"),
    "tries": gettext_lazy("Tries"),
    "type": gettext_lazy("Type"),
    "users": gettext_lazy("Number of users"),
    "version": gettext_lazy("Version"),
    "why": gettext_lazy("Why"),
}
ROLES: dict[str, str | Promise] = {
    "admin": gettext_lazy("Team administrator"),
    "license_holder": gettext_lazy("License holder"),
    "developer": gettext_lazy("Developer"),
    "viewer": gettext_lazy("Viewer"),
    "app_admin": gettext_lazy("Application administrator"),
    "reviewer": gettext_lazy("Reviewer"),
}
# Of message templates.
TYPES: dict[str, str | Promise] = {
    "one_time": gettext_lazy("One-time"),
    "long_term": gettext_lazy("Long-term"),
}
# Of public templates; the categories of mini programs are kept by their names.
CATEGORIES: dict[str, str | Promise] = {
    "orders": gettext_lazy("Orders and delivery"),
    "queues": gettext_lazy("Queues and reservations"),
    "payment": gettext_lazy("Payment and membership"),
    "health": gettext_lazy("Medical care"),
    "transport": gettext_lazy("Transport"),
    "government": gettext_lazy("Government affairs"),
    "livelihood": gettext_lazy("People's livelihood"),
    "education": gettext_lazy("Education"),
    "finance": gettext_lazy("Finance"),
    "work": gettext_lazy("Work and events"),
}
WORDS = {"role": ROLES, "type": TYPES, "category": CATEGORIES}
# Why a grayscale task moved; what is not here a person did, and their words stand in the entry's reason.
WHY: dict[str, str | Promise] = {
    "end_time": gettext_lazy("the end time has come"),
    "published": gettext_lazy("its version was published"),
    "overtaken": gettext_lazy("a higher version was published"),
    "off_shelf": gettext_lazy("the mini program is off the shelf"),
    "unbound": gettext_lazy("no application is bound any more"),
    "guardrail": gettext_lazy("too many devices had errors"),
}
TIMES = ("starts", "ends")
# As in the form of a grayscale task; why comes last.
ORDER = ("name", "version", *TIMES, "users", "applications", "platforms", "objects", "networks", "why")
LONGEST = 80
MOST_PARTS = 5  # of a list, before the rest is only counted


def in_words(changes: list[tuple[str, Any, Any]]) -> list[str]:
    """Return “State: In audit → Approved” for each (what, before, after); a first state is what the verb says."""
    ordered = sorted(changes, key=lambda change: ORDER.index(change[0]) if change[0] in ORDER else -1)
    return [_one(key, before, after) for key, before, after in ordered if not _said(key, before, after)]


def _said(key: str, before: Any, after: Any) -> bool:
    """Return whether the entry's verb says this already."""
    return (key in ("state", "shelf") and before is None) or (key == "why" and after not in WHY)


def _one(key: str, before: Any, after: Any) -> str:
    label = LABELS.get(key) or _label(key)
    if key == "icon":
        return _("Icon: replaced")
    if isinstance(after, list):
        return f"{key}: {_parts(before or [], after)}"
    if before is None or key == "why":
        return _("%(what)s: %(after)s") % {"what": label, "after": _value(key, after)}
    return _("%(what)s: %(before)s → %(after)s") % {
        "what": label,
        "before": _value(key, before),
        "after": _value(key, after),
    }


def _label(key: str) -> str:
    """Return a name that nobody listed: as words, but a keyword of a template as servers write it, `thing4`."""
    return key if key[-1:].isdigit() else key.replace("_", " ").capitalize()


def _parts(removed: list[str], added: list[str]) -> str:
    """Return “+ a, − b” for a list of which the entry holds only what was removed and what was added."""
    signed = [f"+ {each}" for each in added] + [f"− {each}" for each in removed]
    if (more := len(signed) - MOST_PARTS) > 0:
        signed[MOST_PARTS:] = [_("%(count)d more") % {"count": more}]
    return ", ".join(signed)


def _value(key: str, value: Any) -> str:
    if value is True:
        return _("yes")
    if value is False:
        return _("no")
    if value in (None, ""):
        return "–"
    if isinstance(value, int):
        return str(value) if key == "number" else f"{value:,}"
    if key in ("state", "shelf"):
        return look_of(str(value))[1]
    if key == "why":
        return str(WHY[value])
    if key in TIMES:
        return times.full(datetime.fromisoformat(value))
    if key in WORDS and value in WORDS[key]:
        return str(WORDS[key][value])
    if key == "package":
        return shortened(str(value))
    return Truncator(str(value)).chars(LONGEST)


def shortened(value: str) -> str:
    """Return a hash or id without its middle: “5d1a…9ecf8c”."""
    return f"{value[:4]}…{value[-6:]}"
