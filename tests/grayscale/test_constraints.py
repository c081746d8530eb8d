"""What must always be true: the database refuses anything else."""

import pytest
from django.db import IntegrityError, connection, transaction

from tests import factories

TASK = "UPDATE grayscale_grayscaletask SET {} WHERE id = %s"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (TASK.format("ends_at = starts_at"), "grayscale_task_start_before_end"),
        (TASK.format("starts_at = ends_at + interval '1 second'"), "grayscale_task_start_before_end"),
        (TASK.format("ends_at = '10000-01-01'"), "grayscale_task_times"),
        (TASK.format("starts_at = '0044-03-15 BC'"), "grayscale_task_times"),
        (TASK.format("user_limit = 0"), "grayscale_task_limit_range"),
        (TASK.format("user_limit = 100000001"), "grayscale_task_limit_range"),
        (TASK.format("state = 'paused'"), "grayscale_task_state_known"),
        (TASK.format("state_reason = 'mood'"), "grayscale_reason_known"),
        (TASK.format("state_reason = 'pulled_back'"), "grayscale_pulled_back_keeps_none"),
        (TASK.format("networks = '{wifi,6g}'"), "grayscale_task_networks_known"),
        (TASK.format("guard_devices = 5"), "grayscale_guardrail_whole"),
        (TASK.format("guard_rate = 5"), "grayscale_guardrail_whole"),
        (TASK.format("guard_rate = 5, guard_devices = 0"), "grayscale_guardrail_whole"),
        (TASK.format("guard_rate = 0, guard_devices = 1"), "grayscale_guardrail_percent"),
        (TASK.format("guard_points = 100.01, guard_devices = 1"), "grayscale_guardrail_percent"),
        ("UPDATE grayscale_platformcondition SET platform = 'symbian' WHERE task_id = %s", "grayscale_platform_known"),
        (
            "INSERT INTO grayscale_objectlist (mini_program_id, kind, filename, count, lines, blanks, duplicates,"
            " invalid, invalid_lines, key, hashes, uploaded_by_id, uploaded_at)"
            " SELECT mini_program_id, 'imei', '', 1, 1, 0, 0, 0, '[]', '', '', created_by_id, created_at"
            " FROM grayscale_grayscaletask WHERE id = %s",
            "grayscale_object_kind_known",
        ),
        ("UPDATE grayscale_claimshard SET taken = capacity + 1 WHERE task_id = %s", "grayscale_claims_within_limit"),
        (
            "UPDATE grayscale_claimshard SET capacity = -1, taken = -1 WHERE task_id = %s",
            "violates check constraint .grayscale_claimshard_",
        ),
        (
            "INSERT INTO grayscale_applicationcondition (task_id, application_id, lowest, highest)"
            " SELECT task_id, application_id, '1', '' FROM grayscale_applicationcondition WHERE task_id = %s",
            "grayscale_application_once_in_task",
        ),
        (
            "INSERT INTO grayscale_platformcondition (task_id, platform, lowest, highest)"
            " SELECT task_id, platform, '1', '' FROM grayscale_platformcondition WHERE task_id = %s",
            "grayscale_platform_once_in_task",
        ),
        (
            "INSERT INTO grayscale_claimshard (task_id, shard, capacity, taken, open)"
            " SELECT task_id, shard, 100, 0, true FROM grayscale_claimshard WHERE task_id = %s",
            "grayscale_claimshard_pkey",
        ),
        (
            "INSERT INTO grayscale_claim SELECT * FROM grayscale_claim WHERE task_id = %s",
            "grayscale_claim_pkey",
        ),
    ],
)
def test_the_database_refuses(version, statement, constraint):
    task = factories.make_task(version, platforms=[("android", "", "")])
    assert factories.make_claim(task)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [task.pk])
