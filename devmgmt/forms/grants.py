"""What developers ask of a host application (D-2)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.hosts.forms import RequestForm


class ExemptionForm(RequestForm):
    """Which application shall let the program skip domain verification, and why."""

    reason_help = _("Reviewers will see this. Explain why the domains can’t be listed and who owns them.")
