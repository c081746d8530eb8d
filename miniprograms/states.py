"""The shelf."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Shelf(models.TextChoices):
    """Off the shelf, no application gets the program (L-4)."""

    ON = "on", _("On the shelf")
    OFF = "off", _("Off the shelf")
