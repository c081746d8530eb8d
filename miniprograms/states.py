"""The shelf, and how the list words the last change."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class Shelf(models.TextChoices):
    """Off the shelf, no application gets the program (L-4)."""

    ON = "on", _("On the shelf")
    OFF = "off", _("Off the shelf")


# The categories to begin with, as the migration has them: for the translation.
CATEGORIES = (
    gettext_noop("Transport"),
    gettext_noop("Travel and hotels"),
    gettext_noop("Shopping"),
    gettext_noop("Food and drink"),
    gettext_noop("Finance"),
    gettext_noop("Government"),
    gettext_noop("Medical care"),
    gettext_noop("Education"),
    gettext_noop("News and media"),
    gettext_noop("Entertainment"),
    gettext_noop("Sports and health"),
    gettext_noop("Social"),
    gettext_noop("Business services"),
    gettext_noop("Property and home"),
    gettext_noop("Tools"),
    gettext_noop("Other"),
)
