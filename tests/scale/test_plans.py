"""What `make scale` objects to."""

import pytest

from console.base.core.retention import KINDS
from tests.scale.plans import explain
from tests.scale.sizes import BIG, DAYS, DISTINCT, ROWS

pytestmark = pytest.mark.django_db
PLACE = "SELECT FROM grayscale_claim WHERE task_id = %s AND guid = %s"


def test_a_scan_of_a_large_table_is_a_problem_and_a_look_up_is_none():
    assert explain("SELECT * FROM grayscale_claim", []).problems == ["reads all of grayscale_claim"]
    found = explain(PLACE, [1, "a"], by_index=True)
    assert (found.problems, found.indexes) == ([], {"grayscale_claim_pkey"})


def test_a_scan_of_a_small_table_is_none():
    assert explain("SELECT count(*) FROM accounts_team", []).problems == []


def test_what_retention_deletes_is_simulated():
    assert {kind.table for kind in KINDS.values()} <= set(ROWS)
    assert {table for table, _column in (*DISTINCT, *DAYS)} <= {
        name for name, (rows, _w) in ROWS.items() if rows >= 500_000
    }
    assert min(ROWS[kind.table][0] for kind in KINDS.values()) >= BIG
