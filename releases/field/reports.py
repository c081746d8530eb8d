"""How updates end on devices (R-7)."""

from __future__ import annotations

from typing import Any

from django.db import connection

from releases.field.states import ReportResult
from releases.states import VersionState

# Of the versions that devices may have: a number that was never delivered tells nothing to anyone (P-1).
REPORT = """
    INSERT INTO grayscale_updatereport (version_id, guid, application_id, result, failures, reason, reported_at)
    SELECT version.id, %(guid)s, %(application)s, %(result)s, %(failures)s, %(reason)s, statement_timestamp()
    FROM releases_version AS version JOIN miniprograms_miniprogram AS program ON program.id = version.mini_program_id
    WHERE program.app_id = %(app_id)s AND version.major = %(major)s AND version.minor = %(minor)s
      AND version.patch = %(patch)s
      AND (version.state = ANY(%(published)s)
           OR {delivered})
    ON CONFLICT (version_id, guid) DO UPDATE SET
        result = excluded.result, reason = excluded.reason,
        failures = grayscale_updatereport.failures + excluded.failures, reported_at = excluded.reported_at
    WHERE grayscale_updatereport.application_id = excluded.application_id
"""
# What came by one application, another one does not change: it may ask devices for less proof.
IS_ANOTHERS = """
    SELECT FROM grayscale_updatereport AS report
    JOIN releases_version AS version ON version.id = report.version_id
    JOIN miniprograms_miniprogram AS program ON program.id = version.mini_program_id
    WHERE program.app_id = %(app_id)s AND version.major = %(major)s AND version.minor = %(minor)s
      AND version.patch = %(patch)s AND report.guid = %(guid)s
"""


def record_report(
    app_id: str, *, number: str, guid: str, application: int, result: str, reason: str = "", delivered: str = "false"
) -> bool:
    """Keep how the update to a version ended on a device: the last report, and how often it failed (R-7).

    False when the program never delivered a version with this number: it was not published, and `delivered`, a
    condition in SQL on `version`, does not hold for it.
    """
    failed = result == ReportResult.FAILED
    major, minor, patch = map(int, number.split("."))
    values: dict[str, Any] = {
        "app_id": app_id,
        "major": major,
        "minor": minor,
        "patch": patch,
        "published": [VersionState.ONLINE, VersionState.RETIRED],
        "guid": guid,
        "application": application,
        "result": result,
        "failures": int(failed),
        "reason": reason if failed else "",
    }
    with connection.cursor() as cursor:
        cursor.execute(REPORT.format(delivered=delivered), values)
        if not cursor.rowcount:
            cursor.execute(IS_ANOTHERS, values)
        return bool(cursor.rowcount)
