"""Everything that can be on the home page: the words of each kind, the page that it leads to, the list of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from console.home.facts import (
    Facts,
    answer,
    asked_for,
    decided,
    expires,
    facts_of,
    failed,
    findings,
    higher,
    undeclared,
    until,
)
from console.home.rows import Row
from console.reviews import querysets

Text = str | Promise


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of line. Title and context are filled with `facts`; `url` leads to where it is seen to.

    `more` is how many are not shown (a lazy plural), and `page` names the list of all.
    """

    title: Text
    context: Text
    state: str
    url: Callable[[Row], str]
    action: Text
    more: Any
    page: str
    label: Text = ""
    tells_since: bool = True
    facts: Callable[[Row], Facts] = facts_of

    @property
    def list_url(self) -> str:
        """The list of all of this kind."""
        return reverse(self.page)


def of_program(name: str) -> Callable[[Row], str]:
    """Return the page `name` of the row's program."""
    return lambda row: reverse(name, args=[row.app_id])


def of_version(name: str) -> Callable[[Row], str]:
    """Return the page `name` of the row's version."""
    return lambda row: reverse(name, args=[row.app_id, row.what])


def of_application(name: str) -> Callable[[Row], str]:
    """Return the page `name` of the row's application."""
    return lambda row: reverse(name, args=[row.application_id])


def in_inbox(name: str) -> Callable[[Row], str]:
    """Return the row's page in the review inbox."""
    return lambda row: reverse(f"reviews:{name}", args=[row.ref])


# The kinds --------------------------------------------------------------------------------------------------------


def _decision(kind: str, title: Text, context: Text, more: Any, facts: Callable[[Row], Facts] = facts_of) -> Kind:
    return Kind(
        title=title,
        context=context,
        state="waiting",
        url=in_inbox(kind),
        action=_("Review"),
        more=more,
        page="reviews:list",
        facts=facts,
    )


def _request(
    title: Text, url: Callable[[Row], str], more: Any, page: str, facts: Callable[[Row], Facts] = facts_of
) -> Kind:
    return Kind(
        title=title,
        context=_("Waiting for %(application)s"),
        state="waiting",
        url=url,
        action=_("View"),
        more=more,
        page=page,
        facts=facts,
    )


DECISIONS = {
    querysets.AUDIT: _decision(
        querysets.AUDIT,
        _("%(program)s %(what)s needs your decision"),
        _("Version audit for %(application)s, from %(team)s"),
        ngettext_lazy("%(count)d more version audit to decide", "%(count)d more version audits to decide", "count"),
    ),
    querysets.BINDING: _decision(
        querysets.BINDING,
        _("%(program)s requests a binding"),
        _("Binding to %(application)s, from %(team)s"),
        ngettext_lazy("%(count)d more binding to decide", "%(count)d more bindings to decide", "count"),
    ),
    querysets.EXEMPTION: _decision(
        querysets.EXEMPTION,
        _("%(program)s requests to skip domain verification"),
        _("Domain verification in %(application)s, from %(team)s"),
        ngettext_lazy(
            "%(count)d more request to skip domain verification to decide",
            "%(count)d more requests to skip domain verification to decide",
            "count",
        ),
    ),
    querysets.PERMISSION: _decision(
        querysets.PERMISSION,
        _("%(program)s requests %(what)s"),
        _("Interface permission in %(application)s, from %(team)s"),
        ngettext_lazy(
            "%(count)d more interface permission to decide", "%(count)d more interface permissions to decide", "count"
        ),
        asked_for,
    ),
}
APPLICATIONS = {
    "no_gateway": Kind(
        title=_("%(application)s has no message gateway"),
        context=_("Its mini programs have templates, but nothing can be delivered"),
        state="suspended",
        label=_("No address"),
        url=of_application("hosts:gateway"),
        action=_("Set up"),
        more=ngettext_lazy("%(count)d more app without a gateway", "%(count)d more apps without a gateway", "count"),
        page="hosts:list",
        tells_since=False,
    ),
    "gateway": Kind(
        title=_("The gateway of %(application)s is failing"),
        context=_("Its answer: “%(words)s”"),
        facts=answer,
        state="failed",
        url=of_application("hosts:gateway"),
        action=_("View"),
        more=ngettext_lazy("%(count)d more failing gateway", "%(count)d more failing gateways", "count"),
        page="hosts:list",
    ),
    "no_key": Kind(
        title=_("%(application)s has no device key"),
        context=_("All keys are revoked: its devices get nothing"),
        state="suspended",
        label=_("No key"),
        url=of_application("hosts:detail"),
        action=_("Add key"),
        more=ngettext_lazy(
            "%(count)d more app without a device key",
            "%(count)d more apps without a device key",
            "count",
        ),
        page="hosts:list",
        tells_since=False,
    ),
}
RELEASES = {
    "guardrail": Kind(
        title=_("“%(words)s” was suspended by its guardrail"),
        context=_("Grayscale task of %(program)s %(what)s"),
        state="suspended",
        url=lambda row: reverse("grayscale:progress", args=[row.app_id, row.ref]),
        action=_("View"),
        more=ngettext_lazy(
            "%(count)d more suspended grayscale task", "%(count)d more suspended grayscale tasks", "count"
        ),
        page="grayscale:overview",
    ),
    "ready": Kind(
        title=_("%(program)s %(what)s is ready to publish"),
        context="%(words)s",
        state="approved",
        url=of_version("releases:detail"),
        action=_("Open"),
        more=ngettext_lazy("%(count)d more version to publish", "%(count)d more versions to publish", "count"),
        page="releases:overview",
        facts=higher,
    ),
    "rejected": Kind(
        title=_("%(program)s %(what)s was rejected"),
        context=_("Rejected by %(words)s. Upload a new version."),
        state="rejected",
        url=of_version("releases:detail"),
        action=_("View reason"),
        more=ngettext_lazy("%(count)d more rejected version", "%(count)d more rejected versions", "count"),
        page="releases:overview",
    ),
    "report": Kind(
        title=_("Check %(program)s %(what)s before you submit it"),
        context="%(words)s",
        state="suspended",
        label=_("Findings"),
        url=of_version("releases:report"),
        action=_("Report"),
        more=ngettext_lazy("%(count)d more version to check", "%(count)d more versions to check", "count"),
        page="releases:overview",
        facts=findings,
    ),
}
PROGRAMS = {
    "no_agreement": Kind(
        title=_("%(program)s has no privacy agreement"),
        context=_("%(what)s is online without an agreement"),
        state="suspended",
        label=_("Missing"),
        url=of_program("privacy:agreement"),
        action=_("Write"),
        more=ngettext_lazy(
            "%(count)d more mini program without an agreement",
            "%(count)d more mini programs without an agreement",
            "count",
        ),
        page="privacy:overview",
        tells_since=False,
    ),
    "undeclared": Kind(
        title=_("%(program)s uses data missing from its privacy agreement"),
        context=_("%(words)s in %(what)s"),
        state="suspended",
        label=_("Not declared"),
        url=of_program("privacy:agreement"),
        action=_("Compare"),
        more=ngettext_lazy(
            "%(count)d more privacy agreement to compare", "%(count)d more privacy agreements to compare", "count"
        ),
        page="privacy:overview",
        facts=undeclared,
    ),
    "messages": Kind(
        title="%(words)s",
        context="%(team)s",
        state="failed",
        url=lambda row: reverse("messaging:log", args=[row.app_id], query={"state": "failed"}),
        action=_("View"),
        more=ngettext_lazy(
            "%(count)d more mini program with failed messages",
            "%(count)d more mini programs with failed messages",
            "count",
        ),
        page="messaging:overview",
        facts=failed,
    ),
}
GRANTS = {
    "expiring_permission": Kind(
        title=_("%(program)s will soon lose %(what)s"),
        context=_("%(application)s granted it until %(until)s"),
        state="suspended",
        label=_("Expires soon"),
        url=lambda row: reverse("devmgmt:permissions", args=[row.app_id], query={"application": row.application_id}),
        action=_("Renew"),
        more=ngettext_lazy(
            "%(count)d more permission expiring soon", "%(count)d more permissions expiring soon", "count"
        ),
        page="devmgmt:overview",
        tells_since=False,
        facts=until,
    ),
    "expiring_exemption": Kind(
        title=_("%(program)s’s grant to skip domain verification expires soon"),
        context=_("Skipping allowed by %(application)s until %(until)s"),
        state="suspended",
        label=_("Expires soon"),
        url=of_program("devmgmt:domains"),
        action=_("Renew"),
        more=ngettext_lazy(
            "%(count)d more expiring grant to skip domain verification",
            "%(count)d more expiring grants to skip domain verification",
            "count",
        ),
        page="devmgmt:overview",
        tells_since=False,
        facts=until,
    ),
}
TEAMS = {
    "frozen": Kind(
        title=_("The secret of %(program)s is frozen"),
        context=_("%(team)s: requests from its server are rejected"),
        state="frozen",
        url=of_program("keys:keys"),
        action=_("Open"),
        more=ngettext_lazy("%(count)d more frozen secret", "%(count)d more frozen secrets", "count"),
        page="keys:overview",
    ),
    "old_secret": Kind(
        title=_("The old secret …%(words)s of %(program)s still works"),
        context=_("It stops working on %(until)s"),
        state="waiting",
        label=_("Old secret active"),
        url=of_program("keys:keys"),
        action=_("Open"),
        more=ngettext_lazy("%(count)d more old secret", "%(count)d more old secrets", "count"),
        page="keys:overview",
        tells_since=False,
        facts=until,
    ),
    "invitation": Kind(
        title=_("%(words)s has not joined %(team)s"),
        context=_("The invitation %(what)s"),
        state="waiting",
        label=_("Invited"),
        url=lambda row: reverse("accounts:detail", args=[row.team.pk]),
        action=_("Open"),
        more=ngettext_lazy("%(count)d more invitation", "%(count)d more invitations", "count"),
        page="accounts:list",
        tells_since=False,
        facts=expires,
    ),
}
ELSEWHERE = {
    "in_audit": Kind(
        title=_("Audit of %(program)s %(what)s"),
        context="%(words)s",
        state="in_audit",
        url=of_program("releases:versions"),
        action=_("View"),
        more=ngettext_lazy("%(count)d more audit in progress", "%(count)d more audits in progress", "count"),
        page="releases:overview",
        facts=decided,
    ),
    "own_binding": _request(
        _("Binding of %(program)s"),
        of_program("miniprograms:detail"),
        ngettext_lazy("%(count)d more pending binding request", "%(count)d more pending binding requests", "count"),
        "miniprograms:list",
    ),
    "own_exemption": _request(
        _("Skip domain verification for %(program)s"),
        of_program("devmgmt:domains"),
        ngettext_lazy(
            "%(count)d more pending request to skip domain verification",
            "%(count)d more pending requests to skip domain verification",
            "count",
        ),
        "devmgmt:overview",
    ),
    "own_permission": _request(
        _("%(what)s for %(program)s"),
        lambda row: reverse("devmgmt:permissions", args=[row.app_id], query={"application": row.application_id}),
        ngettext_lazy(
            "%(count)d more pending permission request", "%(count)d more pending permission requests", "count"
        ),
        "devmgmt:overview",
        asked_for,
    ),
}
KINDS: dict[str, Kind] = {**DECISIONS, **APPLICATIONS, **RELEASES, **PROGRAMS, **GRANTS, **TEAMS, **ELSEWHERE}
