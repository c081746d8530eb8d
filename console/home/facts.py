"""The names in a line of the home page, where they are more than the row itself says."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from console.base.core import times
from console.base.core.outbox.reasons import in_words
from console.base.core.text import all_of, listed
from console.home.findings import FAILED
from console.home.rows import Row
from devmgmt import submissions
from miniprograms.privacy.states import DataType

Facts = dict[str, str]


def facts_of(row: Row) -> Facts:
    """Return the names that words are made of."""
    return {
        "program": str(row.program or ""),
        "application": str(row.application or ""),
        "team": str(row.team),
        "what": row.what,
        "words": row.words,
    }


def findings(row: Row) -> Facts:
    """“2 secrets and 1 host that is not configured”."""
    if row.words == FAILED:
        return {**facts_of(row), "words": gettext("Report failed")}
    secrets, hosts, apis, data = map(int, row.words.split(","))
    found = [
        (secrets, ngettext("%(count)d secret in the code", "%(count)d secrets in the code", secrets)),
        (hosts, ngettext("%(count)d domain not configured", "%(count)d domains not configured", hosts)),
        (apis, ngettext("%(count)d API not granted", "%(count)d APIs not granted", apis)),
        (data, ngettext("%(count)d data type not declared", "%(count)d data types not declared", data)),
    ]
    return {**facts_of(row), "words": listed(words % {"count": count} for count, words in found if count)}


def undeclared(row: Row) -> Facts:
    """The data types by their names."""
    types = row.words.split(",")
    labels = [str(label) for value, label in DataType.choices if value in types]
    return {**facts_of(row), "words": all_of(labels)}


def failed(row: Row) -> Facts:
    """“3 messages of City Bus failed”."""
    words = ngettext("%(count)d message of %(program)s failed", "%(count)d messages of %(program)s failed", row.count)
    return {**facts_of(row), "words": words % {"count": row.count, "program": str(row.program)}}


def answer(row: Row) -> Facts:
    """What a gateway answered, which is stored in English."""
    return {**facts_of(row), "words": in_words(row.words)}


def higher(row: Row) -> Facts:
    """The version that it follows."""
    words = gettext("Above the online version %(number)s") if row.words else gettext("Nothing online yet")
    return {**facts_of(row), "words": words % {"number": row.words}}


def until(row: Row) -> Facts:
    """The moment at which it ends."""
    return {**facts_of(row), "until": times.exact(row.since)}


def expires(row: Row) -> Facts:
    """“expires on 22 Nov, 03:41”, or that it has."""
    over = row.since <= timezone.now()
    words = gettext("expired on %(time)s") if over else gettext("expires on %(time)s")
    return {**facts_of(row), "what": words % {"time": times.exact(row.since)}}


def asked_for(row: Row) -> Facts:
    """The API, or how many were requested together."""
    if row.count < 2:
        return facts_of(row)
    return {**facts_of(row), "what": submissions.apis(row.count)}


def decided(row: Row) -> Facts:
    """Whose decisions are there, and who is waited for."""
    counts = {"decided": row.count, "all": row.out_of, "hosts": row.words}
    if row.count:
        words = gettext("%(decided)d of %(all)d apps approved, waiting for %(hosts)s") % counts
    else:
        words = gettext("Waiting for %(hosts)s") % counts
    return {**facts_of(row), "words": words}
