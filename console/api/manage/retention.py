"""How long answers to an Idempotency-Key are kept: a day, as keys whose process died under way; uploads: 90 days."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.api.manage.models import KeptAnswer, Upload
from console.base.core.retention import of_moment, register

register(of_moment("kept_answers", _("Answers to repeated requests"), 1, KeptAnswer, "created_at"))
register(of_moment("uploads", _("Uploads by API"), 90, Upload, "at"))
