"""What a task reaches, in words: the one place for the list, the form and explanations (G-10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from console.base.core.text import all_of
from grayscale.conditions import CHOICES, LISTED, NETWORK
from grayscale.models import GrayscaleTask
from releases.field.states import Platform

Named = tuple[str, str, str]  # a name or platform, lowest, highest


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The conditions of a task, as far as words need them.

    `applications` and `platforms` with their ranges, `objects` the number of values by kind, `choices` the values that
    are ticked by what the device says, `bound` how many applications the program is bound to, `undecided` the kinds of
    objects that wait for the user's decision.
    """

    applications: Sequence[Named] = ()
    platforms: Sequence[Named] = ()
    objects: dict[str, int] = field(default_factory=dict)
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    bound: int = 0
    undecided: frozenset[str] = frozenset()

    @property
    def every_application(self) -> bool:
        """Whether all of several applications are reached, whatever their version."""
        open_ended = not any(lowest or highest for _name, lowest, highest in self.applications)
        return open_ended and len(self.applications) > 1 and len(self.applications) == self.bound


def reach_of(task: GrayscaleTask, *, bound: int) -> Reach:
    """Return the conditions of a task whose rows were prefetched; `bound` applications are bound to its program."""
    objects: Counter[str] = Counter()
    for row in task.object_lists.all():
        objects[row.kind] += row.count
    return Reach(
        applications=[(row.application.name, row.lowest, row.highest) for row in task.applications.all()],
        platforms=[(row.platform, row.lowest, row.highest) for row in task.platforms.all()],
        objects=dict(objects),
        choices=choices_of(task),
        bound=bound,
    )


def choices_of(task: GrayscaleTask) -> dict[str, list[str]]:
    """Return the values that are ticked, by what the device says."""
    return {one.of_device: getattr(task, one.of_task) for one in CHOICES}


def range_words(lowest: str, highest: str) -> str:
    """Return “16 to 18”, “up to 8.3”, “8.2.0 or higher”, “8.2.0”; "" for an open range."""
    if lowest == highest:
        return lowest
    if not highest:
        return _("%(lowest)s or higher") % {"lowest": lowest}
    if not lowest:
        return _("up to %(highest)s") % {"highest": highest}
    return _("%(lowest)s to %(highest)s") % {"lowest": lowest, "highest": highest}


def ranged(name: str, lowest: str, highest: str) -> str:
    """Return “Harbour Super App 8.2.0 or higher”; an open range is the bare name."""
    return f"{name} {range_words(lowest, highest)}".strip()


def reach_words(reach: Reach) -> SafeString:
    """Return “**Harbour Super App** 8.2.0 or higher, Android 10 or higher and all iOS, on Wi-Fi or 5G”, marked up."""
    pieces = [_applications(reach), platform_words(reach.platforms), *_objects(reach.objects)]
    for one in CHOICES:
        if values := reach.choices.get(one.of_device):
            unbroken = format_html('<span class="text-nowrap">{}</span>', one.words(values))
            pieces.append(format_html(str(one.listed), unbroken))
    if len(pieces) == 2 and not any(lowest or highest for _platform, lowest, highest in reach.platforms):
        pieces.append(str(NETWORK.any))
    return _joined(pieces, pgettext("between conditions", ", "))


def _applications(reach: Reach) -> SafeString:
    if reach.every_application:
        if reach.bound == 2:
            return format_html("<strong>{}</strong>", _("Both host apps"))
        return format_html("<strong>{}</strong>", _("All %(count)d host apps") % {"count": reach.bound})
    if not reach.applications:
        return format_html("<strong>{}</strong>", _("No host app"))
    return _listed(
        [
            format_html("<strong>{}</strong> {}", name, range_words(lowest, highest))
            if lowest or highest
            else format_html("<strong>{}</strong>", name)
            for name, lowest, highest in reach.applications
        ],
        pgettext("between conditions", " and "),
    )


def platform_words(platforms: Sequence[Named]) -> str:
    """Return “Android 10 or higher and all iOS”; an unrestricted one beside a restricted one is “all …”."""
    if not platforms:
        return _("any platform")
    ranges = any(lowest or highest for _platform_name, lowest, highest in platforms)
    unrestricted = _("all %(platform)s") if ranges else "%(platform)s"
    return all_of([_platform(row, unrestricted) for row in platforms])


def _platform(row: Named, unrestricted: str) -> str:
    platform, lowest, highest = row
    label = str(Platform(platform).label)
    if lowest or highest:
        return _("%(name)s %(range)s") % {"name": label, "range": range_words(lowest, highest)}
    return unrestricted % {"platform": label}


def _objects(objects: dict[str, int]) -> list[str]:
    """Return “in a list of 318 user accounts” for each kind, in the order of the form."""
    return [
        _("on a list of %(values)s") % {"values": one.words(objects[kind])}
        for kind, one in LISTED.items()
        if kind in objects
    ]


def reach_sentence(reach: Reach) -> SafeString:
    """Return whom the task reaches as one sentence, with the chosen conditions marked up; for the form."""
    if not reach.applications:
        return format_html("{}", _("No devices yet. Choose at least one host app."))
    pieces = [format_html(_("Devices in {}"), _strong_applications(reach))]
    if reach.platforms:
        platforms = [_strong(_platform(row, _("any %(platform)s"))) for row in reach.platforms]
        pieces.append(format_html(_("on {}"), _listed(platforms, pgettext("between conditions", " or "))))
    for kind, count in reach.objects.items():
        words = format_html(str(LISTED[kind].sentence), f"{count:,}")
        pieces.append(format_html(_("{} (not imported yet)"), words) if kind in reach.undecided else words)
    for one in CHOICES:
        if values := reach.choices.get(one.of_device):
            pieces.append(format_html(str(one.sentence), _strong(one.words(values))))
    return format_html("{}{}", _joined(pieces, pgettext("between conditions", ", ")), _("."))


def _strong_applications(reach: Reach) -> SafeString:
    if reach.every_application:
        words = _("both host apps") if reach.bound == 2 else _("all %(count)d host apps") % {"count": reach.bound}
        return _strong(words)
    return _listed([_strong(ranged(*row)) for row in reach.applications], pgettext("between conditions", " or "))


def _strong(words: str) -> SafeString:
    return format_html("<strong>{}</strong>", words)


def _listed(pieces: Sequence[SafeString], last: str) -> SafeString:
    """Return “a, b and c” of pieces that are marked up."""
    if len(pieces) < 2:
        return pieces[0]
    return format_html("{}{}{}", _joined(pieces[:-1], _(", ")), last, pieces[-1])


def _joined(pieces: Sequence[str], glue: str) -> SafeString:
    return format_html_join(mark_safe(glue), "{}", ((piece,) for piece in pieces))  # noqa: S308 - a comma
