"""A real Celery worker: what reviewers are told goes out by mail, also when the broker was down meanwhile (V-10)."""

import contextlib
import email
import os
import subprocess
import sys
import time
from datetime import timedelta
from email import policy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification
from releases import actions
from releases.models import ReviewDecision, Version
from tests import factories
from tests.processes import running

PROJECT = Path(__file__).resolve().parents[3]
SECONDS = 40
NO_BROKER = "redis+socket:///tmp/no-such-broker.sock"
SUBMIT = """
from releases import actions
from releases.models import Version
version = Version.objects.select_related("mini_program", "uploaded_by").get()
actions.submit(version, by=version.uploaded_by)
"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mails(tmp_path):
    """The folder into which the worker delivers."""
    return tmp_path / "mails"


@pytest.fixture
def environment(mails, transactional_db):
    """What a process needs to work on this test's database and broker."""
    url = urlsplit(os.environ["DATABASE_URL"])
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": url._replace(path=f"/{connection.settings_dict['NAME']}").geturl(),
        "REDIS_URL": settings.REDIS_URL,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "EMAIL_URL": f"filemail:///{mails}",
        "SWEEP_SECONDS": "1",
    }


@pytest.fixture
def start(environment, tmp_path):
    """Return a function that starts a Celery process; all end with the test."""
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((tmp_path / "celery.log").open("ab"))

        def start(*arguments):
            command = [sys.executable, "-m", "celery", "-A", "console", *arguments, "--loglevel", "WARNING"]
            stack.enter_context(running(command, cwd=PROJECT, env=environment, stdout=log, stderr=log))

        yield start


@pytest.fixture
def case():
    """A version ready to be submitted, and the reviewer who is to be told."""
    program = factories.make_program(name="City Bus")
    application = factories.make_application(name="Metro Wallet")
    reviewer = factories.make_reviewer(application)
    factories.make_binding(program, application, decided_by=reviewer)
    return factories.make_version(program), reviewer


def until(done):
    """Wait until `done()` holds."""
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def subjects(mails, user):
    """Return the subjects of the mails that `user` got, sorted."""
    messages = [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in mails.iterdir()]
    return sorted(message["Subject"] for message in messages if message["To"] == user.email)


def test_the_worker_is_woken_and_sends(start, mails, case):
    version, reviewer = case
    start("worker", "--pool", "solo")
    actions.submit(version, by=version.uploaded_by)
    until(lambda: Notification.objects.exclude(emailed_at=None).filter(user=reviewer).exists())
    assert subjects(mails, reviewer) == ["Audit of City Bus 1.0.0 needs a decision from Metro Wallet"]


def test_with_the_broker_down_nothing_is_lost_and_overdue_is_told_once(start, mails, case, environment, tmp_path):
    _version, reviewer = case
    without_broker = {**environment, "CELERY_BROKER_URL": NO_BROKER}
    command = [sys.executable, "manage.py", "shell", "-c", SUBMIT]
    subprocess.run(command, cwd=PROJECT, env=without_broker, check=True, capture_output=True)
    assert Version.objects.get().state == "in_audit"
    assert Notification.objects.get(user=reviewer).emailed_at is None
    long_ago = timezone.now() - timedelta(hours=50)
    ReviewDecision.objects.update(requested_at=long_ago, notified_at=long_ago)

    start("worker", "--pool", "solo")
    start("beat", "-s", str(tmp_path / "beat"))
    sent = Notification.objects.exclude(emailed_at=None).filter(user=reviewer)
    until(lambda: sent.count() == 2)
    assert subjects(mails, reviewer) == [
        "Audit of City Bus 1.0.0 has been waiting 50 hours for Metro Wallet",
        "Audit of City Bus 1.0.0 needs a decision from Metro Wallet",
    ]
    assert Notification.objects.filter(user=reviewer).count() == 2
