"""How long deliveries are kept, with what was asked and answered."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.api.hooks.models import Delivery
from console.base.core.retention import of_moment, register

register(of_moment("webhook_deliveries", _("Webhook deliveries"), "WEBHOOK_DAYS", Delivery, "created_at"))
