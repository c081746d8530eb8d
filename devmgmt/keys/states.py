"""The words and figures of keys."""

from datetime import timedelta

from django.db import models

from console.base.hosts.states import Overlap as Overlap  # one for the secrets of both sides


class TokenKind(models.TextChoices):
    """How an access token was asked for; the two kinds know nothing of each other, as WeChat documents."""

    PLAIN = "plain", "token"
    STABLE = "stable", "stable_token"


TOKEN_LIFETIME = timedelta(seconds=7200)
TOKEN_OVERLAP = timedelta(minutes=5)  # for which an old plain token works after a new one
TOKENS_PER_DAY = 2000  # plain ones of one program, as WeChat limits them
FORCED_PER_DAY = 20  # stable tokens renewed by force_refresh
RENEWAL = timedelta(minutes=5)  # before the end of a stable token: from then on a new one is given
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - who came without an address
CODE_LIFETIME = timedelta(minutes=5)
SESSION_LIFETIME = timedelta(days=30)  # of a session key that no newer one has replaced
