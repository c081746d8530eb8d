"""How `mpc status --wait`, `publish` and `rollback` end (A-3)."""

from __future__ import annotations

import pytest

from releases.actions import decide
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def test_waiting_ends_by_the_decision_or_by_the_clock(program, pipeline):
    mpc = pipeline("read")
    [decision] = factories.make_audit(program, "1.4.0").decisions.all()
    late = mpc("status", "--wait", "--timeout", "1s")
    assert (late.code, "still in audit after 1s" in late.err) == (5, True)
    assert mpc("status", "--wait", "--timeout", "soon").code == 2
    decide(decision, approve=False, by=factories.make_reviewer(decision.application), note="No privacy notice")
    rejected = mpc("status", "--wait", "--json")
    assert (rejected.code, rejected.json["state"]) == (1, "rejected")
    assert rejected.json["audit"]["decisions"][0]["note"] == "No privacy notice"
    assert mpc.done("status").out.count("No privacy notice") == 1  # that is the answer, and no failure


def test_what_is_online_stays_so_and_goes_back_once(program, pipeline):
    mpc = pipeline("read", "submit", "publish")
    for number in ("1.0.0", "1.2.0"):
        factories.make_online(program, number)
    assert "was published before" in mpc.done("publish", "--uv", "1.2.0").out
    assert "was submitted before" in mpc.done("submit", "--uv", "1.2.0").out
    back = mpc.done("rollback", "--note", "Crashes", "--json").json
    assert (back["number"], back["state"]) == ("1.0.0", "online")
    assert (mpc("rollback").code, mpc("publish", "--uv", "9.9.9").code) == (1, 3)


def test_a_version_that_was_rolled_back_is_not_returned_to(program, pipeline):
    mpc = pipeline("read", "publish")
    for number in ("1.0.0", "1.1.0", "1.2.0"):
        factories.make_online(program, number)
    assert mpc.done("rollback", "--json").json["number"] == "1.1.0"
    factories.make_online(program, "1.3.0")
    assert mpc.done("rollback", "--json").json["number"] == "1.1.0"
