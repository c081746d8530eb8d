"""In front of Django: what its own requests would have given back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import RequestFactory

from console.api.device import dispatch
from devmgmt.logs import volume
from devmgmt.logs.volume import Volumes
from miniprograms.models import Binding
from tests.console.api.device.asking import LOGS, REPORTS, ThroughDispatcher, authorization, batch
from tests.devmgmt.logs.days import drop_days
from tests.factories import make_binding, make_online, make_program

Ask = Callable[[str, str, Any], int]


@pytest.fixture
def binding(transactional_db: None) -> Iterator[Binding]:
    """A program with 1.0.0 online; what its devices log is dropped."""
    binding = make_binding(make_program())
    make_online(binding.mini_program)
    yield binding
    drop_days()


@pytest.fixture
def ask(binding: Binding, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Send a request by WSGI; returns the status."""
    way = ThroughDispatcher()
    way.feed.refresh()
    monkeypatch.setattr(dispatch, "feed", way.feed)
    monkeypatch.setattr(volume, "buffer", Volumes(follow=False))
    application = dispatch.in_front_of(lambda environ, start: [])
    key = authorization(binding.application)

    def ask(method: str, path: str, content: Any) -> int:
        body = json.dumps(content).encode()
        headers: dict[str, Any] = {"HTTP_AUTHORIZATION": key, "content_type": "application/json"}
        environ = RequestFactory().generic(method, path, body, **headers).environ
        answered: list[str] = []
        application(environ, lambda status, headers: answered.append(status))
        return int(answered[0].split()[0])

    return ask


def test_more_threads_than_connections(binding: Binding, ask: Ask) -> None:
    app_id = binding.mini_program.app_id
    threads = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"] + 4
    found: list[int] = []
    # Nobody ends before all are answered, as the threads of a server don't.
    answered = threading.Barrier(threads)

    def device(number: int) -> None:
        guid = f"0302{number:028}"
        report = {"app_id": app_id, "guid": guid, "version": "1.0.0", "result": "installed"}
        try:
            found.append(ask("POST", LOGS, batch(app_id, {}, guid=guid)))
            found.append(ask("POST", REPORTS, report))
            found.append(ask("GET", f"/runtime/v1/policy?app_id={app_id}", None))
            answered.wait(60)
        finally:
            connection.close()

    devices = [threading.Thread(target=device, args=[number]) for number in range(threads)]
    for thread in devices:
        thread.start()
    for thread in devices:
        thread.join()
    assert sorted(found) == [HTTPStatus.OK] * 2 * threads + [HTTPStatus.NO_CONTENT] * threads


def test_a_transaction_around_it_stays(binding: Binding, ask: Ask) -> None:
    with transaction.atomic():
        assert ask("POST", LOGS, batch(binding.mini_program.app_id, {})) == HTTPStatus.OK
        assert connection.in_atomic_block
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM devmgmt_logentry")
            assert cursor.fetchone() == (1,)
