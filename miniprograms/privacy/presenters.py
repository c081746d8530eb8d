"""The status of programs' privacy agreements: the rows of the page across programs.

Read with the same number of queries however many programs there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from miniprograms.models import MiniProgram
from miniprograms.privacy.comparison import says_the_same
from miniprograms.privacy.models import FoundData, PrivacyAgreement, PrivacyDraft
from miniprograms.privacy.states import DataType


@dataclass
class Summary:
    """One program: what is online, the draft, and what its newest package uses."""

    program: MiniProgram
    online: PrivacyAgreement | None = None
    draft: PrivacyDraft | None = None
    found: FoundData | None = None

    @property
    def draft_waits(self) -> bool:
        """Whether publishing the draft would change what is online."""
        return self.draft is not None and not says_the_same(self.draft, self.online, self.program)

    @property
    def undeclared(self) -> list[str]:
        """The names of what the package uses and the online agreement does not declare (S-3)."""
        declared = self.online.declared if self.online else []
        used = self.found.data_types if self.found else []
        return [str(data_type.label) for data_type in DataType if data_type in used and data_type not in declared]

    @property
    def last_change(self) -> tuple[datetime, str] | None:
        """When something was saved or published last, and by whom."""
        changes = []
        if self.draft:
            changes.append((self.draft.changed_at, str(self.draft.changed_by)))
        if self.online:
            changes.append((self.online.published_at, str(self.online.published_by)))
        return max(changes, default=None)


def summaries(programs: Iterable[MiniProgram]) -> list[Summary]:
    """Return the status of each program of a page, in the order given; three queries, which read the texts, too."""
    rows = {program.pk: Summary(program) for program in programs}
    of_these = {"mini_program__in": rows}
    online = PrivacyAgreement.objects.online().filter(**of_these).select_related("published_by")
    for agreement in online:
        rows[agreement.mini_program_id].online = agreement
    for draft in PrivacyDraft.objects.filter(**of_these).select_related("changed_by"):
        rows[draft.mini_program_id].draft = draft
    for found in FoundData.objects.filter(**of_these):
        rows[found.mini_program_id].found = found
    return list(rows.values())
