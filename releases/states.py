"""The states of a version and of an audit (V-7)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class VersionState(models.TextChoices):
    """development → in audit → approved | rejected; in audit → development; approved → online → retired → online."""

    DEVELOPMENT = "development", _("Development")
    IN_AUDIT = "in_audit", _("In audit")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    ONLINE = "online", _("Online")
    RETIRED = "retired", _("Retired")


WAS_ONLINE = (VersionState.ONLINE, VersionState.RETIRED)


class AuditState(models.TextChoices):
    """in audit → approved | rejected | withdrawn."""

    IN_AUDIT = "in_audit", _("In audit")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Accepted(models.IntegerChoices):
    """As what an application accepts a version with a binding, in the order in which they are shown."""

    ONLINE = 0
    AHEAD = 1
    EARLIER = 2


class ReleaseKind(models.TextChoices):
    """How a version came online."""

    PUBLISH = "publish", _("Published")
    ROLL_BACK = "roll_back", _("Rolled back")
