"""The short form of `make chaos`: a dozen kills and two stalls of a whole installation under load, the same each time.

How long each part was away is printed (`pytest -s`), and judged by nobody: other tests run on the same machine.
"""

from tests.chaos import report
from tests.chaos.matrix import Plan, run


def test_a_dozen_kills_and_two_stalls_lose_nothing_and_double_nothing():
    outcome = run(Plan(seed=13, kills=12, stalls=2, away=(1.0, 1.0), hurry=True))
    print(report.table(outcome))
    assert outcome.all_violations == []
    assert sum(row.times for row in outcome.rows.values()) >= 10
