"""How the parts of the console are called: for operators, beside the names that logs and commands know."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.platform.models import WORKER_NAME

QUEUES: dict[str, str | Promise] = {
    "deliver": _("Subscription messages"),
    "webhooks": _("Webhooks"),
    "mail": _("E-mails"),
    "reports": _("Review reports"),
    "periodic": _("Everything else"),
}
TASKS: dict[str, str | Promise] = {
    "messaging.deliver": _("Deliver subscription messages"),
    "messaging.sweep": _("Retry subscription messages that are due"),
    "webhooks.deliver": _("Deliver events to webhooks"),
    "webhooks.sweep": _("Retry webhook deliveries that are due"),
    "accounts.send_mail": _("Send e-mails"),
    "reviews.write_reports": _("Write review reports"),
    "reviews.remind": _("Remind reviewers of overdue requests"),
    "grayscale.keep_time": _("Start and end grayscale tasks on time"),
    "grayscale.discard_old_drafts": _("Delete unused object lists"),
    "guardrail.keep_watch": _("Check the guardrails of grayscale tasks"),
    "device.prune_changes": _("Delete processed change records"),
    "devmgmt.keep_logs": _("Free space for logs and delete old ones"),
    "devmgmt.end_expired": _("End expired grants"),
    "devmgmt.remind_of_expiry": _("Send notifications of expiring grants"),
    "activity.keep_retention": _("Delete data past its retention"),
    "platform.sample_sizes": _("Measure table sizes"),
    "accounts.seal_factors": _("Encrypt second factors"),
    "keys.prune": _("Delete expired access tokens"),
    "releases.sweep_packages": _("Delete unused package files"),
    "miniprograms.sweep_icons": _("Delete unused icons"),
}
# Tables that grow and that no retention names (`console.base.core.retention.Kind` has the others' words).
TABLES: dict[str, str | Promise] = {
    "devmgmt_logentry": _("Device logs"),
    "messaging_consent": _("Consents"),
    "miniprograms_programuser": _("Mini program users"),
    "miniprograms_miniprogram": _("Mini programs"),
    "releases_package": _("Packages"),
    "releases_version": pgettext_lazy("rows", "Versions"),
    "reviews_report": _("Review reports"),
    "grayscale_grayscaletask": _("Grayscale tasks"),
    "grayscale_objectlist": _("Object lists, for matching"),
    "grayscale_objectlistpart": _("Object lists, original text"),
    "accounts_user": _("People"),
    "accounts_team": _("Teams"),
    "automation_token": _("Tokens of people and robots"),
    "devmgmt_apipermission": _("Interface permissions"),
    "devmgmt_domainexemption": _("Requests to skip domain verification"),
    "hosts_hostapplication": _("Host apps"),
    "keys_accesstoken": _("Access tokens"),
    "messaging_mytemplate": _("Templates that teams selected"),
    "miniprograms_binding": _("Bindings"),
    "privacy_privacyagreement": _("Privacy agreements"),
    "privacy_privacydraft": _("Drafts of privacy agreements"),
    "releases_audit": _("Version audits"),
    "releases_release": _("Releases and rollbacks"),
    "releases_reviewdecision": _("Decisions of version audits"),
    "releases_trialversion": _("Trial versions"),
    "webhooks_webhook": _("Webhooks"),
}
FILES: dict[str, str | Promise] = {
    "packages": _("Packages and source maps"),
    "icons": _("Icons"),
    "object_lists": _("Object lists, copies for matching"),
    "logs": _("Device logs in ClickHouse"),
}
MINUTE, HOUR, DAY = 60, 3600, 86400


def label_of(row: str) -> str:
    """Return what people call the part whose row has this name; a task's own name when nobody gave it another."""
    if row == "beat":
        return str(_("Scheduler"))
    if row.startswith(WORKER_NAME):
        return str(_("Worker %(name)s")) % {"name": row.removeprefix(WORKER_NAME)}
    return str(TASKS.get(row, row))


def period(seconds: int) -> str:
    """Return “every 10 s”, “every 5 min”, “every hour”, “every 2 days”."""
    if seconds >= DAY and seconds % DAY == 0:
        return _every(seconds // DAY, _("every day"), _("every %(count)d days"))
    if seconds >= HOUR and seconds % HOUR == 0:
        return _every(seconds // HOUR, _("every hour"), _("every %(count)d hours"))
    if seconds >= MINUTE and seconds % MINUTE == 0:
        return _every(seconds // MINUTE, _("every minute"), _("every %(count)d min"))
    return _every(seconds, _("every second"), _("every %(count)d s"))


def _every(count: int, one: str | Promise, several: str | Promise) -> str:
    return str(one) if count == 1 else str(several) % {"count": count}
