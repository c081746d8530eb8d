"""How long answers to an Idempotency-Key are kept: a day, as keys whose process died under way; uploads: 90 days.

Requests of `mpc login` end after minutes; their rows stay for a day.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.api.manage.models import KeptAnswer, LoginRequest, Upload
from console.base.core.retention import of_moment, register

register(of_moment("kept_answers", _("Answers to repeated requests"), 1, KeptAnswer, "created_at"))
register(of_moment("login_requests", _("Sign-ins of command-line tools"), 1, LoginRequest, "created_at"))
register(of_moment("uploads", _("Uploads by API"), 90, Upload, "at"))
