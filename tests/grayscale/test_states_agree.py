"""Rows, questions and the rules that devices meet say the same of a task at any moment (G-4)."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec

from grayscale.decision import ProgramState, candidates_for
from grayscale.matching import fits
from grayscale.models import GrayscaleTask
from grayscale.program_state import program_state, rules_of
from grayscale.states import TaskState
from tests import factories
from tests.grayscale.test_matching import REPORTED

EPOCH = datetime(2026, 11, 26, tzinfo=UTC)
MOMENTS = [EPOCH + timedelta(hours=hour, microseconds=more) for hour in range(6) for more in (-1, 0, 1)]


def expected(task: GrayscaleTask, at: datetime) -> str:
    """Return the state by G-4, in other words than the code's."""
    over = task.state == "ended" or not at < task.ends_at
    begun = task.state in ("delivering", "suspended") or not at < task.starts_at
    return "ended" if over else "pending" if not begun else "suspended" if task.state == "suspended" else "delivering"


def make_tasks(version, number: int, choose: random.Random) -> list[GrayscaleTask]:
    """Tasks in any state, their windows hours around EPOCH."""
    rows = []
    for _ in range(number):
        start, length = choose.randint(-1, 4), choose.randint(1, 3)
        rows.append(
            GrayscaleTask(
                mini_program=version.mini_program,
                version=version,
                name="Any",
                starts_at=EPOCH + timedelta(hours=start),
                ends_at=EPOCH + timedelta(hours=start + length),
                user_limit=1,
                state=choose.choice(TaskState.values),
                state_since=EPOCH,
                keeps=choose.random() < 0.5,
                created_by=version.uploaded_by,
                created_at=EPOCH,
            )
        )
    return GrayscaleTask.objects.bulk_create(rows)


def test_rows_rules_and_questions_agree(version):
    tasks = make_tasks(version, 60, random.Random(1))
    rules = rules_of(GrayscaleTask.objects.all())
    states = Counter()
    for at in MOMENTS:
        told = {task.pk: expected(task, at) for task in tasks}
        states.update(told.values())
        assert {task.pk: task.state_at(at) for task in tasks} == told
        assert {pk: str(rule.state_at(at.timestamp())) for pk, rule in rules.items()} == told
        for name in TaskState.values:
            asked = getattr(GrayscaleTask.objects, name)(at=at)
            assert set(asked.values_list("pk", flat=True)) == {pk for pk, state in told.items() if state == name}
        running = set(GrayscaleTask.objects.running(at=at).values_list("pk", flat=True))
        assert running == {pk for pk, state in told.items() if state != "ended"}
        overdue = set(GrayscaleTask.objects.overdue(at=at).values_list("pk", flat=True))
        assert overdue == {task.pk for task in tasks if told[task.pk] != task.state}
    assert min(states[name] for name in TaskState.values) > 50


def test_candidates_follow_the_states(version):
    """Who may claim, who only keeps a place, and who keeps the version after the end (G-5, G-6)."""
    choose = random.Random(2)
    application = version.mini_program.bindings.bound().applications().get()
    tasks = make_tasks(version, 60, choose)
    for task in tasks:
        ends = sorted(choose.sample(["8", "9", "10"], 2), key=int)
        task.applications.create(application=application, lowest=ends[0], highest=ends[1])
    program: ProgramState = program_state(version.mini_program)
    by_pk, outcomes = {task.pk: task for task in tasks}, Counter()
    for at in MOMENTS:
        device = factories.make_device(app_version=choose.choice(REPORTED))
        local_version = choose.choice([None, "1.0.0", "1.1.0"])
        wanted = []
        for rule in msgspec.structs.asdict(program)["tasks"]:
            state = expected(by_pk[rule.id], at)
            if state == "delivering":
                wanted.append((rule.id, fits(rule.conditions, device, application=application.pk)))
            elif state == "suspended" or (state == "ended" and by_pk[rule.id].keeps and local_version == "1.1.0"):
                wanted.append((rule.id, False))
        asked = {"application": application.pk, "local_version": local_version, "at": at.timestamp()}
        found = [(one.task.id, one.may_claim) for one in candidates_for(program, device, **asked)]
        assert found == wanted
        outcomes.update(may_claim for _, may_claim in found)
    assert min(outcomes[True], outcomes[False]) > 20
