"""Guardrails in words (G-13)."""

from __future__ import annotations

from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core.text import any_of, decimals
from grayscale.guardrail import Breach, Guardrail, Seen, harm
from releases.field.errors import Figures, figure


class Watched(Protocol):
    """A task: its guardrail, and what that saw when it looked last."""

    @property
    def guardrail(self) -> Guardrail | None: ...
    @property
    def seen(self) -> Seen | None: ...
    @property
    def exceeds(self) -> Breach | None: ...


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
    words = ngettext("%(limits)s, with at least %(count)s device", "%(limits)s, with at least %(count)s devices", count)
    return words % {"limits": any_of(limits), "count": f"{count:,}"}


def harm_words(harm: dict[str, Any]) -> str:
    """Return “12.5 % of 480 devices had errors, limit 5 %”, from what an entry holds of it (G-13)."""
    words = _("%(rate)s had errors") % {"rate": rate_words(harm["bad"], harm["devices"])}
    if "limit" in harm:
        return _("%(words)s, limit %(limit)s %%") % {"words": words, "limit": harm["limit"]}
    worse = 100 * (harm["bad"] / harm["devices"] - harm["online_bad"] / harm["online_devices"])
    return _("%(words)s, %(worse)s points above %(online)s (%(rate)s), limit %(limit)s points") % {
        "words": words,
        "worse": decimals(worse),
        "online": harm["online"],
        "rate": rate_words(harm["online_bad"], harm["online_devices"]),
        "limit": harm["points"],
    }


def harm_of(task: Watched) -> str:
    """Return in words what exceeds the task's guardrail, as it last looked; "" for nothing (G-13)."""
    if not (task.guardrail and task.seen and task.exceeds):
        return ""
    return harm_words(harm(task.guardrail, task.seen, task.exceeds))


def rate_words(bad: int, devices: int) -> str:
    """Return “12.5 % of 480 devices”, with two decimals below ten."""
    words = ngettext("%(rate)s %% of %(count)s device", "%(rate)s %% of %(count)s devices", devices)
    return words % {"rate": figure(Figures(devices, bad).rate or 0), "count": f"{devices:,}"}
