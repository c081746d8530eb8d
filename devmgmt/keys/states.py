"""The words and figures of keys."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class TokenKind(models.TextChoices):
    """How an access token was asked for; the two kinds know nothing of each other, as WeChat documents."""

    PLAIN = "plain", "token"
    STABLE = "stable", "stable_token"


class Overlap(models.IntegerChoices):
    """For how many hours the old secret goes on working after a reset (K-2)."""

    NONE = 0, _("Refuse it at once")
    HOUR = 1, _("Let it work for 1 more hour")
    DAY = 24, _("Let it work for 24 more hours")


TOKEN_LIFETIME = timedelta(seconds=7200)
TOKEN_OVERLAP = timedelta(minutes=5)  # for which an old plain token works after a new one
TOKENS_PER_DAY = 2000  # plain ones of one program, as WeChat limits them
FORCED_PER_DAY = 20  # stable tokens renewed by force_refresh
CODE_LIFETIME = timedelta(minutes=5)
