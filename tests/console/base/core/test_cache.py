"""What is in Valkey is believed only when this installation wrote it."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from console.base.core.cache import FallingBackClient, ValkeyCache

RAN: list[str] = []


class Hostile:
    """Runs when it is unpickled."""

    def __reduce__(self) -> Any:
        return RAN.append, ("code of somebody else",)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> ValkeyCache:
    monkeypatch.setattr(FallingBackClient.outage, "not_before", 0.0)
    found = ValkeyCache(settings.REDIS_URL, {"KEY_PREFIX": "signed"})
    found.delete_many(["a", "b"])
    RAN.clear()
    return found


@pytest.fixture
def valkey() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


@pytest.mark.parametrize("value", [None, 0, -7, True, "text", b"bytes", 1.5, [1, "2"], {"a": (1, 2)}, mark_safe("<b>")])
def test_what_we_wrote_comes_back(cache, value):
    cache.set("a", value)
    assert cache.get("a", "none") == value
    assert type(cache.get("a", "none")) is type(value)
    assert cache.get_many(["a", "b"]) == {"a": value}


def test_a_text_that_is_safe_stays_so(cache):
    cache.set("a", mark_safe("<b>"))
    assert isinstance(cache.get("a"), SafeString)


def test_what_somebody_else_wrote_is_not_there_and_never_runs(cache, valkey):
    cache.set("a", ["ours"])
    key = cache.make_key("a")
    ours = valkey.get(key)
    pickled = pickle.dumps(Hostile())
    for written in (pickled, b"\0" * 32 + pickled, ours[:32] + pickled, ours[:-1] + b"x", ours[:40], b"", b"x", b"--7"):
        valkey.set(key, written)
        assert cache.get("a", "none") == "none"
        assert cache.get_many(["a"]) == {}
    assert RAN == []
    assert FallingBackClient.outage.not_before == 0.0  # Valkey is not away.
    cache.set("a", ["ours again"])
    assert cache.get("a") == ["ours again"]


def test_another_secret_key_believes_nothing(cache, settings):
    cache.set("a", ["ours"])
    settings.SECRET_KEY = "another key of this installation, of enough characters"
    assert cache.get("a", "none") == "none"


def test_the_release_before_this_one_reads_and_writes_other_keys(cache):
    assert cache.make_key("a") == "signed:2:a"


def test_numbers_are_counted_by_valkey(cache, valkey):
    cache.add("a", 1)
    cache.incr("a", 2)
    assert (cache.get("a"), valkey.get(cache.make_key("a"))) == (3, b"3")
    cache.decr("a", 5)
    assert cache.get("a") == -2
