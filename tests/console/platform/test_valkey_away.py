"""Without Valkey the console is slower, and nobody is stopped."""

from __future__ import annotations

import signal
import time
from threading import Thread

import pytest
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.test import Client
from django.urls import reverse

from console.base.accounts.models import Notification
from console.base.core.cache import FallingBackClient, ValkeyCache
from console.base.core.wakeups import Publisher, publish, wake
from messaging.tasks import deliver
from releases import actions
from tests import factories
from tests.console.platform.conftest import OwnValkey
from tests.messaging.delivering import until

pytestmark = pytest.mark.django_db


@pytest.fixture
def cache(own_valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch) -> BaseCache:
    """The console's cache on a Valkey of the test's own, tried anew at each call."""
    monkeypatch.setattr(FallingBackClient.outage, "not_before", 0.0)
    monkeypatch.setattr("console.base.core.outage.PAUSE_SECONDS", 0.0)
    return ValkeyCache(own_valkey.url, {})


@pytest.fixture
def away(own_valkey: OwnValkey, settings, monkeypatch: pytest.MonkeyPatch) -> OwnValkey:
    """All that the console asks of Valkey goes to one that is killed."""
    monkeypatch.setattr(FallingBackClient.outage, "not_before", 0.0)
    settings.REDIS_URL = own_valkey.url
    settings.CELERY_BROKER_URL = own_valkey.broker_url
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": own_valkey.url}}
    own_valkey.kill()
    return own_valkey


def use(cache: BaseCache) -> list[object]:
    """Everything that a cache is asked for."""
    cache.set("one", 1)
    cache.set_many({"two": 2, "three": 3}, 60)
    found = [
        cache.get("one"), cache.get("no", "default"), cache.add("one", 9), cache.incr("one"),
        cache.get_many(["two", "three"]), cache.has_key("two"), cache.touch("two", 30), cache.delete("three"),
    ]  # fmt: skip
    cache.delete_many(["one", "two"])
    return [*found, cache.get("two")]


USED = [1, "default", False, 2, {"two": 2, "three": 3}, True, True, True, None]


def test_a_cache_answers_alike_with_and_without_valkey(cache: BaseCache, own_valkey: OwnValkey) -> None:
    assert use(cache) == USED
    own_valkey.kill()
    assert use(cache) == USED


@pytest.mark.parametrize("name", ["killed", "stopped", "full", "read-only"])
def test_whatever_is_wrong_the_cache_goes_on_and_comes_back(cache: BaseCache, own_valkey: OwnValkey, name: str) -> None:
    cache.set("kept", "by Valkey")
    if name == "killed":
        own_valkey.kill()
    elif name == "stopped":
        own_valkey.service.send(signal.SIGSTOP)
    elif name == "full":
        own_valkey.configure("maxmemory", "1")
    else:
        own_valkey.configure("min-replicas-to-write", "1")
    cache.set("key", "by the process")
    assert FallingBackClient.outage.not_before
    if name == "killed":
        own_valkey.start()
    own_valkey.service.send(signal.SIGCONT)
    own_valkey.configure("maxmemory", "0")
    own_valkey.configure("min-replicas-to-write", "0")
    cache.set("key", "by Valkey")
    assert cache.get("key") == "by Valkey"
    assert not FallingBackClient.outage.not_before


@pytest.mark.parametrize(("name", "value"), [("maxmemory", "1"), ("min-replicas-to-write", "1")])
def test_what_is_counted_outlasts_answers_of_a_valkey_that_takes_nothing(
    cache: BaseCache, own_valkey: OwnValkey, name: str, value: str
) -> None:
    cache.set("count", 7)
    own_valkey.configure(name, value)
    cache.set("count", 1)
    for expected in (1, 2, 3):
        assert cache.get("count") == expected
        assert cache.get("other") is None
        assert FallingBackClient.outage.not_before
        assert cache.incr("count") == expected + 1
    own_valkey.configure(name, "0")
    cache.set("other", 1)
    assert cache.get("count") == 7


@pytest.mark.parametrize(("name", "value"), [("maxmemory", "1"), ("min-replicas-to-write", "1")])
def test_wrong_passwords_are_counted_while_valkey_takes_nothing(
    own_valkey: OwnValkey, settings, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setattr(FallingBackClient.outage, "not_before", 0.0)
    monkeypatch.setattr("console.base.core.outage.PAUSE_SECONDS", 0.0)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": own_valkey.url}}
    own_valkey.configure(name, value)
    assert "Too many" in wrong_passwords()


def test_people_sign_in_and_work(away: OwnValkey) -> None:
    user, client = factories.make_user(), Client()
    signing_in = {"login": user.email, "password": factories.PASSWORD}
    assert client.post(reverse("account_login"), signing_in).status_code == 302
    assert client.get("/").status_code == 200
    assert caches["default"]._servers == [away.url]
    assert FallingBackClient.outage.not_before


def test_wrong_passwords_are_still_counted(away: OwnValkey, settings) -> None:
    assert "Too many" in wrong_passwords()


def wrong_passwords() -> str:
    """The answer to the twelfth; the first is not refused."""
    user = factories.make_user()
    answers = [
        Client().post(reverse("account_login"), {"login": user.email, "password": "wrong"}).content.decode()
        for _ in range(12)
    ]
    assert "Too many" not in answers[0]
    return answers[-1]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_wake_up_that_nobody_takes_is_given_up(
    own_valkey: OwnValkey, settings, how: signal.Signals, django_capture_on_commit_callbacks
) -> None:
    settings.CELERY_BROKER_URL = own_valkey.broker_url
    assert publish(deliver) is True
    own_valkey.service.send(how)
    assert publish(deliver) is False
    with django_capture_on_commit_callbacks(execute=True):
        wake(deliver)  # no error


def test_one_thread_at_a_time_waits_for_name_servers_that_say_nothing(
    silent_name_servers: list[str], settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those that Valkey keeps waiting, once it is known to be away."""
    settings.CELERY_BROKER_URL = "redis://valkey.example.com/0"
    cache, publisher = ValkeyCache("redis://valkey.example.com/0", {}), Publisher(settings.CELERY_BROKER_URL)
    monkeypatch.setattr("console.base.core.wakeups._current", publisher)
    long_ago = time.monotonic() - 1
    monkeypatch.setattr(FallingBackClient.outage, "not_before", long_ago)
    publisher._outage.not_before = long_ago
    for ask in (lambda: cache.set("key", 1), lambda: publish(deliver)):
        silent_name_servers.clear()
        Thread(target=ask, daemon=True).start()
        until(lambda: silent_name_servers)
        ask()
        assert silent_name_servers == ["valkey.example.com"]


def test_what_a_person_does_is_done_and_told_by_the_console(
    away: OwnValkey, django_capture_on_commit_callbacks
) -> None:
    program = factories.make_program()
    application = factories.make_application()
    reviewer = factories.make_reviewer(application)
    factories.make_binding(program, application, decided_by=reviewer)
    version = factories.make_version(program)
    with django_capture_on_commit_callbacks(execute=True):
        actions.submit(version, by=version.uploaded_by)
    assert Notification.objects.filter(user=reviewer).count() == 1
