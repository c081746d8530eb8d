"""`manage.py start`: what is missing is said before anything starts."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

import pytest

from console.celery import QUEUES, SCHEDULE
from console.platform import configuration, serving
from tests.processes import START_SECONDS

SECRET = secrets.token_urlsafe(64)
SET = dict.fromkeys(configuration.NEEDED, "x") | {
    "DATABASE_URL": "postgresql://db.example.com/console",
    "REDIS_URL": "redis://valkey.example.com",
    "EMAIL_URL": "smtp://mail.example.com",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py as production does, with nothing set but `variables`."""
    unset = {*configuration.NEEDED, "CELERY_BROKER_URL", "DJANGO_ALLOW_ASYNC_UNSAFE"}  # The last is of browser tests.
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"DJANGO_SETTINGS_MODULE": "console.settings", "DEBUG": "0", "SECRET_KEY": SECRET, **variables}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False)


@pytest.mark.parametrize("role", ["web", "runtime", "worker", "beat"])
def test_says_all_that_is_missing(role: str) -> None:
    ended = manage("start", role)
    assert ended.returncode == 1
    for name in configuration.NEEDED:
        assert f"- {name} is not set. " in ended.stderr


def test_says_the_one_that_is_missing() -> None:
    ended = manage("start", "web", **{**SET, "PACKAGE_ROOT": ""})
    assert ended.stderr.count(" is not set. ") == 1
    assert "PACKAGE_ROOT is not set. Set it to the folder for packages" in ended.stderr


def test_the_deployment_check_says_it_too() -> None:
    ended = manage("check", "--deploy", ALLOWED_HOSTS="console.example.com")
    assert ended.returncode == 1
    for name in configuration.NEEDED:
        assert f"{name} is not set" in ended.stderr
    complete = manage("check", "--deploy", ALLOWED_HOSTS="console.example.com", **SET)
    assert complete.returncode == 0, complete.stderr


def test_nothing_is_missing_on_a_desk(settings) -> None:
    settings.DEBUG = True
    assert configuration.missing() == []


def test_a_queue_that_there_is_not() -> None:
    ended = manage("start", "worker", "--queues", "mail,post", **SET)
    assert ended.returncode == 1
    assert "There is no queue post. Choose from deliver, webhooks, mail, reports, periodic." in ended.stderr


def test_every_queue_has_a_periodic_task_that_shows_that_it_is_worked_on() -> None:
    assert {periodic.queue for periodic in SCHEDULE.values()} == set(QUEUES)


def test_a_worker_takes_what_it_is_told() -> None:
    command = serving.command_of("worker", queues="mail", concurrency=1)
    assert command[command.index("--queues") + 1] == "mail"


def test_secrets_can_be_in_files(tmp_path) -> None:
    files = {"SECRET_KEY_FILE": SECRET, **{f"{name}_FILE": value for name, value in SET.items()}}
    for name, value in files.items():
        (tmp_path / name).write_text(f"{value}\n")
    named = {name: str(tmp_path / name) for name in files}
    ended = manage("check", "--deploy", ALLOWED_HOSTS="console.example.com", SECRET_KEY="", **named)
    assert ended.returncode == 0, ended.stderr
    ended = manage("check", "--deploy", **{**named, "DATABASE_URL_FILE": "/nowhere"})
    assert "DATABASE_URL_FILE: /nowhere can't be read (No such file or directory)." in ended.stderr
