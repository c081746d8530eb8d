"""What an entry of the activity log changed, in words: the one place that names what entries hold.

Entries keep plain values (`role: license_holder`), so that they outlive our words; pages show these.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.text import Truncator, get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.base.core import times
from console.base.core.states import look_of
from console.base.core.text import listed

LABELS: dict[str, str | Promise] = {
    "active": gettext_lazy("Active"),
    "address": gettext_lazy("Address"),
    "administrator": gettext_lazy("Administrator"),
    "application": gettext_lazy("Application"),
    "applications": gettext_lazy("Applications"),
    "audit": gettext_lazy("Audit record"),
    "asks_again": gettext_lazy("Users must agree again"),
    "category": gettext_lazy("Category"),
    "chinese_title": gettext_lazy("Title in Chinese"),
    "contact_email": gettext_lazy("Contact by e-mail"),
    "contact_other": gettext_lazy("Other contact"),
    "contact_phone": gettext_lazy("Contact by phone"),
    "description": gettext_lazy("Description"),
    "effective_on": gettext_lazy("Effective from"),
    "email": gettext_lazy("E-mail"),
    "ends": gettext_lazy("End"),
    "english_title": gettext_lazy("Title in English"),
    "factor": gettext_lazy("Sign-in factor"),
    "guardrail": gettext_lazy("Guardrail"),
    "harm": gettext_lazy("What it saw"),
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
    "page": gettext_lazy("Opening page"),
    "platforms": gettext_lazy("Platforms"),
    "query": gettext_lazy("Query"),
    "restricted": gettext_lazy("Restricted"),
    "retention": gettext_lazy("Retention"),
    "role": gettext_lazy("Role"),
    "seconds": gettext_lazy("Seconds"),
    "secret": gettext_lazy("Secret"),
    "shelf": gettext_lazy("Shelf"),
    "starts": gettext_lazy("Start"),
    "state": gettext_lazy("State"),
    "status": gettext_lazy("Answer"),
    "text_en": gettext_lazy("Text in English"),
    "text_zh": gettext_lazy("Text in Chinese"),
    "third_parties": gettext_lazy("Third parties"),
    "title": gettext_lazy("What it does"),
    "tries": gettext_lazy("Tries"),
    "type": gettext_lazy("Type"),
    "users": gettext_lazy("Number of users"),
    "version": gettext_lazy("Version"),
    "why": gettext_lazy("Why"),
}
# Of privacy agreements, as `data.location`.
DATA_TYPES: dict[str, str | Promise] = {
    "user_info": gettext_lazy("Nickname and avatar"),
    "phone_number": gettext_lazy("Phone number"),
    "location": gettext_lazy("Location"),
    "address": gettext_lazy("Address"),
    "invoice": gettext_lazy("Invoice details"),
    "license_plate": gettext_lazy("License plate"),
    "steps": gettext_lazy("Step count"),
    "album": gettext_lazy("Chosen photos and videos"),
    "album_write": gettext_lazy("Saving to the album"),
    "files": gettext_lazy("Chosen files"),
    "camera": gettext_lazy("Camera"),
    "microphone": gettext_lazy("Microphone"),
    "bluetooth": gettext_lazy("Bluetooth"),
    "contacts": gettext_lazy("Contacts"),
    "calendar": gettext_lazy("Calendar"),
    "clipboard": gettext_lazy("Clipboard"),
    "motion": gettext_lazy("Motion and direction sensors"),
    "device": gettext_lazy("Device and network information"),
}
LABELS |= {f"data.{data_type}": label for data_type, label in DATA_TYPES.items()}
# Too long for the log, which only tells one text from another.
LONG_TEXTS = ("text_en", "text_zh")
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
# As in the forms of a mini program, of a grayscale task and of a privacy agreement; why comes last.
ORDER = (
    *("name", "icon", "category", "introduction", "description"),
    *("version", *TIMES, "users", "applications", "platforms", "objects", "networks", "guardrail"),
    *(f"data.{data_type}" for data_type in DATA_TYPES),
    *("contact_email", "contact_phone", "contact_other", "retention", "effective_on", "third_parties", *LONG_TEXTS),
    *("why", "harm"),
)
LONGEST = 80
MOST_PARTS = 5  # of a list, before the rest is only counted


def in_words(changes: list[tuple[str, Any, Any]]) -> list[str]:
    """Return “State: In audit → Approved” for each (what, before, after); a first state is what the verb says."""
    ordered = sorted(changes, key=lambda change: _place(change[0]))
    return [_one(key, before, after) for key, before, after in ordered if not _said(key, before, after)]


def _place(key: str) -> tuple[int, str]:
    """Return where a change stands; what ORDER leaves out comes first, by name: the log keeps no order of its own."""
    return (ORDER.index(key) if key in ORDER else -1, key)


def _said(key: str, before: Any, after: Any) -> bool:
    """Return whether the entry's verb says this already."""
    return (key in ("state", "shelf") and before is None) or (key == "why" and after not in WHY)


def _one(key: str, before: Any, after: Any) -> str:
    label = LABELS.get(key) or _label(key)
    if key == "icon":
        return _("Icon: replaced")
    if isinstance(after, list):
        return f"{LABELS.get(key, key)}: {_parts(before or [], after)}"
    if key in LONG_TEXTS:
        return _("%(what)s: changed") % {"what": label}
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
    return listed(signed)


def _value(key: str, value: Any) -> str:
    if value is True:
        return _("yes")
    if value is False:
        return _("no")
    if value in (None, ""):
        return "–"
    if isinstance(value, dict):
        return guardrail_words(value) if key == "guardrail" else harm_words(value)
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
    if key == "category":
        return _(value)  # of a mini program, by its name
    if key == "package":
        return shortened(str(value))
    return Truncator(str(value)).chars(LONGEST)


def guardrail_words(guardrail: dict[str, Any]) -> str:
    """Return “more than 5 % of devices with errors, or 2 points more than online, from 100 devices on” (G-13).

    `guardrail` as an entry holds it: rate, points, devices.
    """
    limits = []
    if guardrail["rate"]:
        limits.append(_("more than %(rate)s %% of devices with errors") % guardrail)
    if guardrail["points"]:
        limits.append(_("more than %(points)s points worse than online") % guardrail)
    count: int = guardrail["devices"]
    words = ngettext("%(limits)s, from %(count)s device on", "%(limits)s, from %(count)s devices on", count)
    return words % {"limits": get_text_list(limits, _("or")), "count": f"{count:,}"}


def harm_words(harm: dict[str, Any]) -> str:
    """Return “12.5 % of 480 devices had errors, limit 5 %”, from what an entry holds of it (G-13)."""
    words = _("%(rate)s had errors") % {"rate": rate_words(harm["bad"], harm["devices"])}
    if "limit" in harm:
        return _("%(words)s, limit %(limit)s %%") % {"words": words, "limit": harm["limit"]}
    worse = 100 * (harm["bad"] / harm["devices"] - harm["online_bad"] / harm["online_devices"])
    return _("%(words)s, %(worse)s points more than %(online)s (%(rate)s), limit %(limit)s points") % {
        "words": words,
        "worse": decimals(worse),
        "online": harm["online"],
        "rate": rate_words(harm["online_bad"], harm["online_devices"]),
        "limit": harm["points"],
    }


def rate_words(bad: int, devices: int) -> str:
    """Return “12.5 % of 480 devices”, with two decimals below ten."""
    words = ngettext("%(rate)s %% of %(count)s device", "%(rate)s %% of %(count)s devices", devices)
    rate = 100 * bad / devices if devices else 0
    return words % {"rate": decimals(round(rate, 1) if rate >= 10 else rate), "count": f"{devices:,}"}


def decimals(value: float | Decimal) -> str:
    """Return a number with at most two decimals, and none that are zero."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def shortened(value: str) -> str:
    """Return a hash or id without its middle: “5d1a…9ecf8c”."""
    return f"{value[:4]}…{value[-6:]}"
