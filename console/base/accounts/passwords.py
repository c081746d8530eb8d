"""Passwords that are guessed first (P-6)."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn
from zxcvbn.matching import L33T_TABLE

from console.base.accounts.models import User

LEAST = 3  # of 0 to 4: at least 100,000,000 guesses by who tries what leaked, words, names, dates and keyboards first
LOOKED_AT = 40  # characters: the rest only makes it longer to look
# Each more of the signs that may stand for a letter doubles the time: all of them together would take seconds.
SIGNS = {sign for signs in L33T_TABLE.values() for sign in signs if not sign.isdigit()}
MOST_SIGNS = 4
# What anybody tries first here, beside the names in the console's own address; listed in docs/security-inventory.md.
WORDS = (
    "console",
    "mini program",
    "miniprogram",
    "mini",
    "program",
    "super app",
    "superapp",
    "grayscale",
    "wechat",
    "weixin",
)


class GuessableValidator:
    """Refuses what is weak or stands in lists of leaked passwords, also with the usual changes: “P@ssw0rd2026”.

    The lists come with zxcvbn; nothing is asked of a service.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError unless it is hard to guess, by who knows the person and the installation, too."""
        known = [user.name, user.email, *user.name.split(), *user.email.split("@")] if user else []
        known += [*WORDS, *(urlsplit(settings.BASE_URL).hostname or "").split(".")]
        if zxcvbn(_bounded(password), user_inputs=[word for word in known if word])["score"] < LEAST:
            raise ValidationError(
                _("This password is too easy to guess. Use three or more unrelated words."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        """Say what is asked for."""
        return _("Your password must not be easy to guess or known from a data leak.")


def _bounded(password: str) -> str:
    """Return what is looked at of a password, with another sign for all but a few that may stand for letters."""
    looked_at = password[:LOOKED_AT]
    others = [sign for sign in dict.fromkeys(looked_at) if sign in SIGNS][MOST_SIGNS:]
    return looked_at.translate({ord(sign): "~" for sign in others})
