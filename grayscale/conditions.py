"""The conditions of a grayscale task, each described once: names on the task and on the device, and its words (G-1).

Form, matching, snapshot, estimate, explanation, sentence, copy, edit rules and progress read them here, in this order.
All conditions must be met; inside one any value will do; an empty condition does not restrict (G-2). There are three
shapes: values with a range of versions each, lists that people bring, and a few values to tick.

`of_device` is what a device says of itself (`releases.field.device.Facts`), and the condition's name where it fails.

To add one: its values (`releases.field.states`), what devices say (`Device` and `Facts`, `SeenDevice`, `UpdateRequest`
and its documentation), its description here, the task's column and field of `TaskSettings`. A new member of
`UpdateRequest` defaults to `unknown`, as SDKs in the field do not send it; the columns' `db_default` is `unknown` and
`[]`. What a place and the progress page are split by (`Claim`, `presenters/progress.py`) need not grow.
`tests/grayscale/test_conditions.py` finds what is forgotten. The oracle, the facts of `test_explain.py`, the settings
of `test_edit.py` are written a second time on purpose; `docs/rules.md` (G-1, R-1) and the demo's devices name it, too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from console.base.core.text import any_of
from grayscale.states import ObjectKind
from releases.field.states import Network

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Text


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranged:
    """Values, each with its lowest and highest `version`, which the device sends as well.

    `of_task` names the task's rows, the field of form and settings and the key in the activity log. `all_label` is the
    field's label, `step` a line of the estimate; `other`, `too_old` and `too_new` say why a device did not get it, the
    last two may name the `%(value)s`.
    """

    of_task: str
    of_device: str
    version: str
    label: Text
    all_label: Text
    hint: Text
    step: Text
    other: Text
    too_old: Text
    too_new: Text

    @property
    def fails_as(self) -> frozenset[str]:
        """What matching calls it when it is not met."""
        return frozenset({self.of_device, self.version})


@dataclass(frozen=True, kw_only=True, eq=False)
class Listed:
    """Values that people type or upload. `step` is a line of the estimate, `other` says why a device did not get it,
    `sentence` is a part of “Devices in City Bus, …”.
    """

    kind: ObjectKind
    step: Text
    other: Text
    counted: Text
    sentence: Text

    @property
    def of_device(self) -> str:
        """As the lists' rows call it."""
        return self.kind.value

    @property
    def label(self) -> str:
        """As the form calls it."""
        return str(self.kind.label)

    @property
    def fails_as(self) -> frozenset[str]:
        """What matching calls it when it is not met."""
        return frozenset({self.of_device})

    def words(self, count: int) -> str:
        """Return “318 user accounts”."""
        words: str = self.counted % {"number": count, "count": f"{count:,}"}
        return words


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """A few values to tick. `of_task` names the task's column, the field of form and settings and the key in the log.

    `any` says that none is ticked, `other` why a device did not get it. `listed` is a part of the list's “City Bus, …”,
    `sentence` of “Devices in City Bus, …”.
    """

    of_task: str
    of_device: str
    options: type[TextChoices]
    label: Text
    hint: Text
    any: Text
    other: Text
    listed: Text
    sentence: Text

    @property
    def fails_as(self) -> frozenset[str]:
        """What matching calls it when it is not met."""
        return frozenset({self.of_device})

    def ordered(self, values: Collection[str]) -> list[str]:
        """Return the known ones of the values, in the order of the form."""
        return [value for value in self.options.values if value in values]

    def words(self, values: Collection[str]) -> str:
        """Return “Wi-Fi or 5G”."""
        return any_of([str(self.options(value).label) for value in self.ordered(values)])


Condition = Ranged | Listed | Choice

APPLICATION = Ranged(
    of_task="applications",
    of_device="application",
    version="app_version",
    label=gettext_lazy("Host app"),
    all_label=gettext_lazy("Host apps"),
    hint=gettext_lazy("App versions. Leave blank for any."),
    step=gettext_lazy("Host app and version match"),
    other=gettext_lazy("Other host app"),
    too_old=gettext_lazy("App version too old"),
    too_new=gettext_lazy("App version too new"),
)
PLATFORM = Ranged(
    of_task="platforms",
    of_device="platform",
    version="os_version",
    label=gettext_lazy("Platform"),
    all_label=gettext_lazy("Platforms"),
    hint=gettext_lazy("System versions. Leave blank for any."),
    step=gettext_lazy("Platform matches"),
    other=gettext_lazy("Other platform"),
    too_old=gettext_lazy("%(value)s too old"),
    too_new=gettext_lazy("%(value)s too new"),
)
GUID = Listed(
    kind=ObjectKind.GUID,
    step=gettext_lazy("On the GUID list"),
    other=gettext_lazy("GUID not on the list"),
    counted=ngettext_lazy("%(count)s GUID", "%(count)s GUIDs", "number"),
    sentence=gettext_lazy("whose <strong>GUID is on a list of {}</strong>"),
)
DEVICE_ID = Listed(
    kind=ObjectKind.DEVICE_ID,
    step=gettext_lazy("On the device ID list"),
    other=gettext_lazy("Device ID not on the list"),
    counted=ngettext_lazy("%(count)s device ID", "%(count)s device IDs", "number"),
    sentence=gettext_lazy("whose <strong>device ID is on a list of {}</strong>"),
)
ACCOUNT = Listed(
    kind=ObjectKind.ACCOUNT,
    step=gettext_lazy("On the user account list"),
    other=gettext_lazy("Account not on the list"),
    counted=ngettext_lazy("%(count)s user account", "%(count)s user accounts", "number"),
    sentence=gettext_lazy("whose <strong>user account is on a list of {}</strong>"),
)
NETWORK = Choice(
    of_task="networks",
    of_device="network",
    options=Network,
    label=gettext_lazy("Network"),
    hint=gettext_lazy("Leave blank for any network."),
    any=gettext_lazy("any network"),
    other=gettext_lazy("Other network"),
    listed=pgettext_lazy("networks", "on {}"),
    sentence=gettext_lazy("while on {}"),
)

CONDITIONS: tuple[Condition, ...] = (APPLICATION, PLATFORM, GUID, DEVICE_ID, ACCOUNT, NETWORK)
LISTED = {one.of_device: one for one in CONDITIONS if isinstance(one, Listed)}
RANGED = [one for one in CONDITIONS if isinstance(one, Ranged)]
CHOICES = [one for one in CONDITIONS if isinstance(one, Choice)]
FIXED = [one.of_task for one in CONDITIONS if not isinstance(one, Listed)]  # once a task has started (G-8)
