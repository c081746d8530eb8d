"""The cache in Valkey, without which everything goes on: slower, and each process with a memory of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

import redis
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient, RedisSerializer
from django.utils.crypto import salted_hmac
from redis.backoff import NoBackoff
from redis.retry import Retry

from console.base.core.outage import Outage

logger = logging.getLogger(__name__)

VALKEY_SECONDS = 0.2  # for one answer; a page asks a few times
NO_RETRY = Retry(NoBackoff(), 0)  # callers must not wait
OPTIONS = {
    "socket_timeout": VALKEY_SECONDS,
    "socket_connect_timeout": VALKEY_SECONDS,
    "retry": NO_RETRY,
}
# How what is kept is written; a release that writes it otherwise counts on, so that neither reads what the other wrote.
FORMAT = 2
SIGNATURE = 32  # bytes
# Away, silent, loading, full, read-only.
AWAY = (redis.RedisError, OSError)
# What one that is full or read-only refuses. It still answers the rest, which therefore ends no outage.
PROBES = {"add", "set", "set_many"}


class Foreign(Exception):
    """A value that no process of this installation has written."""


class SignedSerializer:
    """Pickles as Django's serializer does, but signed: who else can write to Valkey could have code of theirs run."""

    def __init__(self) -> None:
        self.pickles = RedisSerializer()

    def dumps(self, value: Any) -> int | bytes:
        """Return what Valkey keeps: integers as they are, which it counts itself."""
        written: Any = self.pickles.dumps(value)
        return written if isinstance(written, int) else _signature(written) + written

    def loads(self, data: bytes) -> Any:
        """Return the value; raises Foreign for one that is not signed by us."""
        try:
            return int(data)
        except ValueError:
            signature, written = data[:SIGNATURE], data[SIGNATURE:]
        if not compare_digest(signature, _signature(written)):
            raise Foreign
        return self.pickles.loads(written)


def _signature(written: bytes) -> bytes:
    return salted_hmac("console.cache", written, algorithm="sha256").digest()


def _or_in_memory(name: str) -> Callable[..., Any]:
    """Return the method of RedisCacheClient with this name, which falls back to the memory of the process.

    Until one of PROBES is accepted, all else is asked of the memory, which has what was counted meanwhile.
    """
    ask_valkey: Callable[..., Any] = getattr(RedisCacheClient, name)

    def ask(self: FallingBackClient, *arguments: Any) -> Any:
        outage = FallingBackClient.outage
        was_away = bool(outage)
        if (name in PROBES or not was_away) and outage.begin_try():
            try:
                answer = ask_valkey(self, *arguments)
            except Foreign:
                return FOREIGN[name](*arguments)
            except AWAY as error:
                if not was_away:
                    logger.warning("Valkey is not reachable; until it is, each process uses its own cache: %s", error)
                outage.goes_on()
            else:
                if was_away:
                    outage.ends()
                    self.memory.clear()  # The next outage begins with nothing old.
                return answer
        return getattr(self.memory, name)(*arguments)

    return ask


# What is answered for a foreign value: as if it was not there.
FOREIGN: dict[str, Callable[..., Any]] = {"get": lambda key, default: default, "get_many": lambda keys: {}}


class FallingBackClient(RedisCacheClient):
    """Asks Valkey; while it is away, the memory of this process.

    So the limits of sign-in hold in each process, if not over all of them, and what pages keep is made anew.
    """

    outage = Outage()  # of all threads, each of which has a client of its own

    def __init__(self, servers: list[str], **options: Any) -> None:
        serializer: Any = SignedSerializer()  # The stubs want `loads` to be overloaded.
        super().__init__(servers, serializer, **{**OPTIONS, **options})
        self.memory = LocMemCache("while-valkey-is-away", {})

    add = _or_in_memory("add")
    get = _or_in_memory("get")
    set = _or_in_memory("set")
    touch = _or_in_memory("touch")
    delete = _or_in_memory("delete")
    get_many = _or_in_memory("get_many")
    has_key = _or_in_memory("has_key")
    incr = _or_in_memory("incr")
    set_many = _or_in_memory("set_many")
    delete_many = _or_in_memory("delete_many")
    clear = _or_in_memory("clear")


class ValkeyCache(RedisCache):
    """Django's cache on Valkey, that falls back."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {"VERSION": FORMAT, **params})
        self._class = FallingBackClient
