"""What the console counts of itself, for Prometheus; docs/observability.md says what each number means.

Labels have few values, all of them words of ours: never an id, an address, a path or what somebody typed. `manage.py
start` gives each role a folder in which its processes keep their numbers beside each other (PROMETHEUS_MULTIPROC_DIR),
so that any of them can tell those of all. Without one a process knows its own numbers only.
"""

from __future__ import annotations

import itertools
import os
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from console.base.core import metric_files

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name for it
TICK_SECONDS = 2.0
SAMPLED = 16  # a power of two
UPDATE_ROUTE = "device:update"

REQUEST_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
GATEWAY_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WORK_BUCKETS = (0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)

metric_files.use()
registry = CollectorRegistry()


def _counter(name: str, words: str, *labels: str) -> Counter:
    return Counter(f"console_{name}", words, labels, registry=registry)


def _histogram(name: str, words: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(f"console_{name}", words, labels, registry=registry, buckets=buckets)


def _gauge(name: str, words: str, *labels: str, of_many: str = "livesum") -> Gauge:
    """`of_many` says what the number of several processes is, one of the library's modes for `multiprocess_mode`."""
    return Gauge(f"console_{name}", words, labels, registry=registry, multiprocess_mode=of_many)  # type: ignore[arg-type]


requests = _counter("requests_total", "Requests answered, by the name of their route and status.", "route", "status")
request_seconds = _histogram("request_duration_seconds", "Time to answer a request.", "route", buckets=REQUEST_BUCKETS)
update_checks = _counter("update_checks_total", "Update checks answered.", "answer", "channel")
claims = _counter("grayscale_claims_total", "Devices that asked for a place in a grayscale task.", "outcome")
messages = _counter("messages_total", "Tries to deliver a subscription message.", "outcome")
gateway_seconds = _histogram(
    "gateway_request_duration_seconds", "Time of one request to a gateway.", buckets=GATEWAY_BUCKETS
)
webhooks = _counter("webhook_deliveries_total", "Tries to deliver an event to a webhook.", "format", "outcome")
webhook_seconds = _histogram(
    "webhook_request_duration_seconds", "Time of one request to a webhook.", buckets=GATEWAY_BUCKETS
)
report_seconds = _histogram(
    "report_duration_seconds", "Time to write a review report.", "outcome", buckets=WORK_BUCKETS
)
log_entries = _counter("log_entries_total", "Log entries of devices that were stored.")
log_bytes = _counter("log_bytes_total", "Bytes of log batches whose entries were stored, as they came.")
log_refused = _counter("log_batches_refused_total", "Log batches that were not stored.", "reason")
mails = _counter("mails_total", "Tries to hand an e-mail to the mail server.", "outcome")
task_seconds = _histogram(
    "task_duration_seconds", "Time of a background task.", "task", "outcome", buckets=WORK_BUCKETS
)
tasks_sent = _counter("tasks_sent_total", "Periodic tasks that the scheduler sent.", "task")
pool_connections = _gauge("database_pool_connections", "Connections of the database pools.", "state")
pool_waiting = _gauge("database_pool_waiting", "Threads that wait for a connection of the pool now.")
pool_waits = _counter("database_pool_waits_total", "How often a thread had to wait for a connection.")
pool_wait_seconds = _counter("database_pool_wait_seconds_total", "How long threads waited for a connection.")
pool_failures = _counter("database_pool_timeouts_total", "How often a thread got no connection in time.")
snapshot_age = _gauge(
    "snapshot_age_seconds", "Age of what devices are answered from; of several processes the oldest.", of_many="livemax"
)


class FastCounter:
    """Counts from any thread: `add()` is one step of an iterator in C, 40 ns and atomic; one thread at a time reads."""

    __slots__ = ("_reads", "_told", "add")

    def __init__(self) -> None:
        self.add = itertools.count().__next__
        self._reads = self._told = 0

    def since(self) -> int:
        """Return how many there were since the last time; asking is a step itself."""
        total = self.add() - self._reads
        self._reads += 1
        found, self._told = total - self._told, total
        return found


class Requests:
    """Requests, counted in memory and handed to Prometheus' library each TICK_SECONDS.

    Of a hot path one in SAMPLED requests is timed, and counts for all of them in the histogram; how many were answered
    is exact. An update check takes some 25 µs, of which this takes 0.2; the library's own counter and histogram would
    take 5 where processes share a folder.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Be as new, in the child of a fork: what the parent counted is the parent's."""
        self._lock = threading.Lock()
        self._statuses: dict[tuple[str, int], int] = {}
        self._times: dict[str, list[float]] = {}  # for each bucket how many, then the seconds
        self._updates: dict[tuple[str, str | None], FastCounter] = {}

    def note(self, route: str, status: int, seconds: float) -> None:
        """Count and time one request; `route` is a name of ours, whoever asked."""
        self.count(route, status)
        self.time(route, seconds)

    def count(self, route: str, status: int) -> None:
        """Count one request."""
        with self._lock:
            self._statuses[route, status] = self._statuses.get((route, status), 0) + 1

    def time(self, route: str, seconds: float, *, weight: int = 1) -> None:
        """Note how long one request took, which stands for `weight` of them."""
        bucket = bisect_left(REQUEST_BUCKETS, seconds)
        with self._lock:
            counts = self._times.setdefault(route, [0.0] * (len(REQUEST_BUCKETS) + 2))
            counts[bucket] += weight
            counts[-1] += seconds * weight

    def updates(self, answer: str, channel: str | None) -> FastCounter:
        """Return what counts the update checks that were answered so, each of which is a request."""
        found = self._updates.get((answer, channel))
        return found or self._updates.setdefault((answer, channel), FastCounter())

    def flush(self) -> None:
        """Hand over what was counted since the last time."""
        with self._lock:
            statuses, self._statuses = self._statuses, {}
            times, self._times = self._times, {}
            updates = [(key, counter.since()) for key, counter in list(self._updates.items())]
        for (answer, channel), count in updates:
            update_checks.labels(answer, channel or "none").inc(count)
            requests.labels(UPDATE_ROUTE, 200).inc(count)
        for (route, status), count in statuses.items():
            requests.labels(route, status).inc(count)
        for route, (*buckets, seconds) in times.items():
            histogram = request_seconds.labels(route)
            # The library takes observations one by one only; a test holds these two names.
            for own, number in zip(histogram._buckets, buckets, strict=True):
                if number:
                    own.inc(number)
            histogram._sum.inc(seconds)


class Ticker:
    """The thread of a process that hands over what was counted, and reads gauges that nobody sets.

    Only where processes share a folder: otherwise who asks for the numbers does it.
    """

    def __init__(self) -> None:
        self.readers: list[Callable[[], None]] = [counted.flush]
        self.forget()

    def forget(self) -> None:
        """Be as new, in the child of a fork: it has no thread."""
        self._starting = threading.Lock()
        self.started = FOLDER not in os.environ

    def start(self) -> None:
        """Start the thread, once: with the first request, since servers may fork after they have imported us."""
        with self._starting:
            if not self.started:
                self.started = True
                threading.Thread(target=self._tick, name="metrics", daemon=True).start()

    def read(self) -> None:
        """Read all now."""
        for reader in self.readers:
            reader()

    def _tick(self) -> None:
        pause = threading.Event()
        while not pause.wait(TICK_SECONDS):
            self.read()


counted = Requests()
ticker = Ticker()
os.register_at_fork(after_in_child=counted.forget)
os.register_at_fork(after_in_child=ticker.forget)


@contextmanager
def timed(histogram: Histogram, *labels: str) -> Iterator[None]:
    """Observe how long the block took, as `ok` or, where it raised, `failed`; `labels` come before that."""
    began, outcome = perf_counter(), "failed"
    try:
        yield
        outcome = "ok"
    finally:
        histogram.labels(*labels, outcome).observe(perf_counter() - began)
