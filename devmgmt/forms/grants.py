"""What developers ask of a host application (D-2)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.hosts.forms import RequestForm


class ExemptionForm(RequestForm):
    """Which application shall let the program skip domain verification, and why."""

    reason_help = _("The application's reviewers read it: why the hosts can't be listed, and whose they are.")
