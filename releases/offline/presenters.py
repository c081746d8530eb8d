"""What was downloaded for which application, and what became of those presets (O-2).

A preset is what was downloaded last for an application: nobody tells us which build of an app went out. Read with the
same number of queries however many programs and applications there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Max
from django.db.models.fields.json import KT

from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet
from console.base.hosts.models import HostApplication, SigningKey
from console.base.hosts.signing import seeds, sign, statement
from miniprograms.models import Binding, MiniProgram
from releases.models import Version
from releases.offline import rules
from releases.offline.events import OfflineDownloaded

SHOWN_EARLIER = 5


def downloads() -> ActivityQuerySet:
    """Return every download of an offline package, newest first."""
    return ActivityEntry.objects.filter(verb=OfflineDownloaded.name)


def newest_of_each_application() -> ActivityQuerySet:
    """Return for each program and application the last download that was meant for it: the preset in the field."""
    meant = downloads().exclude(application_id="").order_by("mini_program_id", "application_id", "-id")
    return meant.distinct("mini_program_id", "application_id")


def presets() -> ActivityQuerySet:
    """Return the same with the version as `number`, for subqueries."""
    entries = ActivityEntry.objects.filter(pk__in=newest_of_each_application().values("pk"))
    return entries.annotate(number=KT("after__version")).order_by()


# Across programs ----------------------------------------------------------------------------------------------------


@dataclass
class Summary:
    """One program: its online version, its last download, and the applications by what became of their preset."""

    program: MiniProgram
    online: Version | None = None
    last: ActivityEntry | None = None
    current: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)  # The preset does not open: off the shelf, or not bound any more.

    @property
    def why_not(self) -> str:
        """Why there is no package."""
        return rules.why_not_download(self.program)


def summaries(programs: Iterable[MiniProgram]) -> list[Summary]:
    """Return the status of each program, in the order given; four queries."""
    found = {program.app_id: Summary(program) for program in programs}
    ids = [summary.program.pk for summary in found.values()]
    for version in Version.objects.online().light().filter(mini_program__in=ids).select_related("mini_program"):
        found[version.mini_program.app_id].online = version
    last = downloads().order_by("mini_program_id", "-id").distinct("mini_program_id")
    for entry in last.filter(mini_program_id__in=found):
        found[entry.mini_program_id].last = entry
    bound = set(
        Binding.objects.bound()
        .filter(mini_program__in=ids)
        .values_list("mini_program__app_id", "application__application_id")
    )
    for entry in newest_of_each_application().filter(mini_program_id__in=found):
        summary = found[entry.mini_program_id]
        is_bound = (entry.mini_program_id, entry.application_id) in bound
        state = _state(summary.program, _number(entry), is_bound=is_bound)
        {"current": summary.current, "stale": summary.stale}.get(state, summary.closed).append(_name(entry))
    return list(found.values())


def _number(entry: ActivityEntry) -> str:
    return str((entry.after or {}).get("version", ""))


def _name(entry: ActivityEntry) -> str:
    return str((entry.after or {}).get("application") or entry.application_id)


# One program --------------------------------------------------------------------------------------------------------


@dataclass
class Preset:
    """What was last downloaded for an application, and the other versions that were downloaded for it before."""

    entry: ActivityEntry
    application: HostApplication | None
    state: str  # current, stale, off (the mini program is off the shelf) or unbound
    earlier: list[str] = field(default_factory=list)
    more: int = 0

    @property
    def number(self) -> str:
        """The version."""
        return _number(self.entry)

    @property
    def name(self) -> str:
        """What the application is called now."""
        return self.application.name if self.application else _name(self.entry)


def presets_of(program: MiniProgram) -> list[Preset]:
    """Return the program's presets in the field, the newest download first; four queries."""
    rows = downloads().of_program(program.app_id).exclude(application_id="").order_by()
    versions: dict[str, list[tuple[int, str]]] = defaultdict(list)
    grouped = rows.values("application_id", number=KT("after__version")).annotate(last=Max("pk"))
    for row in grouped:
        versions[row["application_id"]].append((row["last"], row["number"]))
    entries = ActivityEntry.objects.in_bulk([max(found)[0] for found in versions.values()])
    applications = {row.application_id: row for row in HostApplication.objects.filter(application_id__in=versions)}
    bound = set(program.bindings.bound().values_list("application__application_id", flat=True))
    presets = []
    for application_id, found in versions.items():
        (newest, number), *earlier = sorted(found, reverse=True)
        preset = Preset(
            entries[newest],
            applications.get(application_id),
            _state(program, number, is_bound=application_id in bound),
            [each for _pk, each in earlier[:SHOWN_EARLIER]],
            len(earlier[SHOWN_EARLIER:]),
        )
        presets.append(preset)
    return sorted(presets, key=lambda preset: -preset.entry.pk)


def _state(program: MiniProgram, number: str, *, is_bound: bool) -> str:
    if not is_bound:
        return "unbound"
    if not program.on_shelf:
        return "off"
    return "current" if number == program.online_number else "stale"


@dataclass(frozen=True)
class Signature:
    """The signatures of the package for an application's devices, or why there are none (R-8)."""

    application: HostApplication
    value: str
    reason: str = ""


def signatures_of(version: Version, applications: Iterable[HostApplication]) -> list[Signature]:
    """Return the signature for each application, as its devices get it; one query."""
    applications, keys = list(applications), defaultdict(list)
    active = SigningKey.objects.active().filter(application__in=applications)
    for application_id, key_id, sealed in active.values_list("application_id", "key_id", "sealed"):
        keys[application_id].append((key_id, sealed))
    package = version.package
    content = statement(version.mini_program.app_id, version.number, package.sha256, package.size)
    signed = [(application, sign(seeds(keys[application.pk]), content)) for application in applications]
    return [Signature(application, value, "" if value else rules.unreadable_keys()) for application, value in signed]
