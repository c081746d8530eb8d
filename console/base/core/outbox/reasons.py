"""Why something was not delivered, in the reader's language. What is stored, and what operators log, is English."""

import re

from django.utils.translation import gettext, gettext_noop

from console.base.core.egress import NOT_HTTPS, PRIVATE, USERINFO

REASONS = (
    gettext_noop("The host app has no gateway"),
    gettext_noop("The host app has no server secret"),
    gettext_noop("The certificate is not valid"),
    gettext_noop("The name of the address was not found"),
    gettext_noop("No secure connection could be made"),
    gettext_noop("The connection was refused"),
    gettext_noop("The gateway closed the connection without an answer"),
    gettext_noop("The receiver closed the connection without an answer"),
    gettext_noop("The receiver’s answer was not understood"),
    gettext_noop("The webhook was switched off"),
    gettext_noop("Expired before the first attempt"),
    gettext_noop("There was no time to try"),  # in rows that earlier code wrote; goes with the next release
    gettext_noop("The answer was not HTTP"),
    gettext_noop("This is not an address"),
    gettext_noop("The connection failed"),
)
# With a number in them: the status of the answer, and the seconds after which a try is given up.
NUMBERED = (
    gettext_noop("The gateway responded with %(number)s"),
    gettext_noop("The receiver responded with %(number)s"),
    gettext_noop("The receiver responded with error %(number)s"),
    gettext_noop("No answer within %(number)s s"),
)
REFUSALS = (NOT_HTTPS, PRIVATE, USERINFO)  # of the egress guard: sentences, which are stored without their full stop
_NUMBERED = {words: re.compile(re.escape(words).replace(re.escape("%(number)s"), r"(-?[\d.]+)")) for words in NUMBERED}


def in_words(reason: str) -> str:
    """Return what a try has stored as the reader reads it; anything else as it is."""
    if reason in REASONS:
        return gettext(reason)
    if f"{reason}." in REFUSALS:
        return gettext(f"{reason}.").rstrip(".。")
    for words, pattern in _NUMBERED.items():
        if found := pattern.fullmatch(reason):
            return gettext(words) % {"number": found[1]}
    return reason
