"""HEALTHCHECK of the image: ends with 0 while the container's process does its work, with 1 and a reason else.

What it does, process 1 says: a server answers /healthz, a worker and the scheduler show a heartbeat in the database
each 10 seconds. A command such as `migrate` is left alone, and so is everyone while the database is away, and a worker
that waits for the broker.
It stands alone: loading Django each half minute would cost more than all else that an idle console does.
"""

import os
import re
import socket
import sys
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

SECONDS = 5
# Of all that is asked of each, the look-up of its name, too, which nothing else limits; with the start of Python, less
# than the health check may take.
DATABASE_LIMIT, BROKER_LIMIT = 6, 2.5
BROKER_SECONDS = 2
LATE_SECONDS = 90
# Of the transaction, since a pooler takes no options from a client.
LIMIT = f"SET LOCAL statement_timeout = '{SECONDS}s'"
# One from the future is from before the database's clock was set back.
SEEN = """
    SELECT FROM platform_heartbeat
    WHERE name LIKE %s AND abs(extract(epoch FROM seen_at - clock_timestamp())) < %s
"""


def main() -> None:
    """Look at process 1."""
    look(Path("/proc/1/cmdline").read_text().split("\0"))


def look(command: list[str]) -> None:
    """Look whether the process with this command is well; raises SystemExit with the reason, or OSError, where not."""
    if "console.platform.server" in command:
        port = command[command.index("--port") + 1]
        ask(f"http://127.0.0.1:{port}/healthz")
    elif "celery" in command:
        name = "beat" if "beat" in command else f"worker:%@{socket.gethostname()}"
        if is_missing(name) and in_time("broker", broker_answers, BROKER_LIMIT):
            sys.exit(f"no heartbeat of {name} for {LATE_SECONDS} seconds")


def is_missing(name: str) -> bool:
    """Return whether the database says that there was no heartbeat."""
    return in_time("database", lambda: has_shown(name), DATABASE_LIMIT) is False


def in_time(of: str, question: Callable[[], bool], seconds: float) -> bool | None:
    """Return the answer, or None where there is none in time; raises what the question raises."""
    answer: Future[bool] = Future()

    def put() -> None:
        try:
            answer.set_result(question())
        except Exception as error:
            answer.set_exception(error)

    Thread(target=put, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError:
        print(f"the {of} can't be asked: no answer in time")  # noqa: T201 - into the log of health checks
        return None


def ask(url: str) -> None:
    """Ask a server of this container, whatever proxy the environment has for others; raises OSError."""
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=SECONDS).close()


def address() -> str:
    """Return the database's URL as workers have it (console/databases.py), as libpq reads it."""
    url = setting("DATABASE_SESSION_URL") or setting("DATABASE_URL")
    return re.sub(r"^\w+:", "postgresql:", url)  # It may be called psql: or pgsql: as well.


def setting(name: str) -> str:
    """Return a setting of the environment, or of the file that it names, as console/environment.py does."""
    file = os.environ.get(f"{name}_FILE")
    return (Path(file).read_text() if file else os.environ.get(name, "")).strip()


def seconds_for_each(url: str) -> int:
    """Return how long each host of the database may be silent: together SECONDS, but 2 at least, as libpq has it."""
    from psycopg.conninfo import conninfo_to_dict

    hosts = str(conninfo_to_dict(url).get("host") or "").split(",")
    return max(2, SECONDS // len(hosts))


def has_shown(name: str) -> bool:
    """Return whether a heartbeat like this was seen; True while the database can't be asked."""
    import psycopg

    url = address()
    try:
        with psycopg.connect(url, connect_timeout=seconds_for_each(url)) as own:
            own.execute(LIMIT)
            return own.execute(SEEN, [name, LATE_SECONDS]).rowcount > 0
    except psycopg.OperationalError as error:
        print(f"the database can't be asked: {error}")  # noqa: T201 - into the log of health checks
        return True


def broker_answers() -> bool:
    """Return whether the broker lets clients in: a worker shows its first heartbeat only then."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    url = re.sub(r"^redis\+socket:", "unix:", setting("CELERY_BROKER_URL") or setting("REDIS_URL"))
    url = re.sub(r"\bvirtual_host=", "db=", url)  # as Celery says it
    limits = {"socket_timeout": BROKER_SECONDS, "socket_connect_timeout": BROKER_SECONDS}
    try:
        with redis.Redis.from_url(url, **limits, retry=Retry(NoBackoff(), 0)) as client:
            client.ping()
    except redis.RedisError as error:
        print(f"the broker can't be asked: {error}")  # noqa: T201 - into the log of health checks
        return False
    return True


if __name__ == "__main__":
    main()
