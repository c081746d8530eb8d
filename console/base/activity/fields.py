"""How pages show the values that an entry keeps: plain ones (`role: license_holder`), which outlive our words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Choices
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from console.base.core import times
from console.base.core.states import badge_of
from console.base.core.text import colon, listed, shortened

LONGEST = 80
MOST_PARTS = 5  # of a list, before the rest is only counted


@dataclass(frozen=True)
class Field:
    """A value by its label, as text, number, yes or no; of a list, what was added and removed."""

    label: str | Promise

    def line(self, before: Any, after: Any) -> str:
        """Return “Name: City Bus → City Buses”; "" where there is nothing to say."""
        if isinstance(after, list):
            return f"{colon(self.label)}{_parts(before or [], after)}"
        if before is None:
            return f"{colon(self.label)}{self.words(after)}"
        return _("%(what)s: %(before)s → %(after)s") % {
            "what": self.label,
            "before": self.words(before),
            "after": self.words(after),
        }

    def words(self, value: Any) -> str:
        """Return what people read for the value: “yes”, “no”, “–” where there is none."""
        if value is True:
            return _("yes")
        if value is False:
            return _("no")
        return "–" if value in (None, "") else self.text(value)

    def text(self, value: Any) -> str:
        """Return a value that is there in words."""
        return f"{value:,}" if isinstance(value, int) else Truncator(str(value)).chars(LONGEST)

    def sample(self, *, earlier: bool = False) -> Any:
        """Return a value as entries keep it, for examples; another one for what was there before."""
        return "earlier" if earlier else "now"


class State(Field):
    """A state of `console.base.core.states`; a first one is what the event says already."""

    def line(self, before: Any, after: Any) -> str:
        return super().line(before, after) if before is not None else ""

    def text(self, value: Any) -> str:
        return badge_of(str(value))[1]

    def sample(self, *, earlier: bool = False) -> str:
        return "waiting" if earlier else "approved"


@dataclass(frozen=True)
class Choice(Field):
    """One of the choices, in the reader's words; a value that is none is shown as it is."""

    choices: type[Choices]

    def text(self, value: Any) -> str:
        return str(self.choices(value).label) if value in self.choices else super().text(value)

    def sample(self, *, earlier: bool = False) -> Any:
        return self.choices.values[0 if earlier else -1]


class Translated(Field):
    """A name that operators keep in English and the catalogue may have."""

    def text(self, value: Any) -> str:
        return _(value)


class Moment(Field):
    """A time, kept as ISO 8601."""

    def text(self, value: Any) -> str:
        return times.full(datetime.fromisoformat(value))

    def sample(self, *, earlier: bool = False) -> str:
        return "2026-11-23T08:00:00+00:00" if earlier else "2026-12-24T08:00:00+00:00"


class Number(Field):
    """A number that names something: no thousands are set apart."""

    def text(self, value: Any) -> str:
        return str(value)

    def sample(self, *, earlier: bool = False) -> int:
        return 1 if earlier else 2


class Hash(Field):
    """A hash, without its middle."""

    def text(self, value: Any) -> str:
        return shortened(str(value))

    def sample(self, *, earlier: bool = False) -> str:
        return ("0a" if earlier else "5d") * 32


class Icon(Field):
    """A picture: that it is another one is all that can be said."""

    def line(self, before: Any, after: Any) -> str:
        return _("Icon: replaced")


class LongText(Field):
    """Too long for the log, which only distinguishes texts."""

    def line(self, before: Any, after: Any) -> str:
        return _("%(what)s: changed") % {"what": self.label}


def lines(fields: Mapping[str, Field], changes: Iterable[tuple[str, Any, Any]]) -> list[str]:
    """Return a line for each (key, before, after), in the order of `fields`; what they don't name comes first."""
    order = {key: place for place, key in enumerate(fields)}
    ordered = sorted(changes, key=lambda change: (order.get(change[0], -1), change[0]))
    found = [(fields.get(key) or unnamed(key)).line(before, after) for key, before, after in ordered]
    return [line for line in found if line]


def unnamed(key: str) -> Field:
    """Return the field of a key that no event names: as words, but a keyword of a template as servers write it."""
    return Field(key if key[-1:].isdigit() else key.replace("_", " ").capitalize())


def _parts(removed: list[str], added: list[str]) -> str:
    """Return “added a, b, removed c” for a list of which the entry holds only what was removed and what was added."""
    parts, room = [], MOST_PARTS
    for words, names in ((_("added %(what)s"), added), (_("removed %(what)s"), removed)):
        if shown := names[:room]:
            parts.append(words % {"what": listed(shown)})
            room -= len(shown)
    if (more := len(added) + len(removed) - MOST_PARTS) > 0:
        parts.append(_("%(count)d more") % {"count": more})
    return listed(parts)
