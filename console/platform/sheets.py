"""What the files of the operators' lists have in them."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from console.base.core.sheets import Column

SIZE_COLUMNS: Sequence[Column] = (
    (_("Table"), lambda table: table.name),
    (_("What"), lambda table: str(table.label)),
    (_("Rows (estimate)"), lambda table: table.rows),
    (_("Table, bytes"), lambda table: table.size),
    (_("Indexes, bytes"), lambda table: table.indexes),
    (_("Dead rows (estimate)"), lambda table: table.dead),
    (_("Growth per day, bytes"), lambda table: table.growth),
    (_("Partitions"), lambda table: table.partitions),
    (_("Days kept"), lambda table: table.days),
    (_("Deleted in the last run"), lambda table: table.kept and table.kept.deleted_last),
    (_("Behind schedule"), lambda table: table.kept and table.kept.behind),
    (_("Last vacuum"), lambda table: table.vacuumed_at),
)
