"""The server in docs/gateway.md receives what the console sends."""

from __future__ import annotations

import http.client
import re
import threading
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.conf import settings as current
from django.utils import timezone

from console.base.core.outbox import lanes
from console.base.core.sealing import seal
from console.base.hosts.models import ServerSecret
from messaging import delivery
from messaging.models import Message
from tests.factories import make_application, make_gateway, make_user
from tests.messaging.delivering import facts, make_due, run, waiting

SECRET = "whsec_bWVzc2FnZXMgb2YgYSB0ZXN0LCAzMiBieXRlcyE="


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log_message(self, format, *arguments):
        pass


@pytest.fixture
def guide():
    """What the example defines, and the port on which it is served."""
    text = (Path(current.BASE_DIR) / "docs/gateway.md").read_text()
    (example,) = re.findall(r"```python\n(.+?)```", text, re.DOTALL)
    names = {}
    exec(example, names)
    with make_server("127.0.0.1", 0, names["receive"], handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield names, server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_the_example_receives(guide, settings, monkeypatch):
    settings.EGRESS_ALLOWED = ["127.0.0.0/8"]
    monkeypatch.setattr(lanes, "LINGER_SECONDS", 0)
    names, port = guide
    application = make_application()
    now = timezone.now()
    ServerSecret.objects.create(
        application=application, sealed=seal(SECRET), hint="yE=", created_at=now, created_by=make_user()
    )
    gateway = make_gateway(application, f"http://127.0.0.1:{port}/messages")
    assert delivery.send_test(gateway).ok
    assert names["inbox"] == {}
    (message,) = waiting(gateway)
    run()
    assert facts("state", "status") == [("delivered", 204)]
    Message.objects.update(state="waiting", finished_at=None)  # As when the answer was lost.
    make_due()
    run()
    assert list(names["inbox"]) == [message.message_id]
    assert names["inbox"][message.message_id]["account"] == message.consent.user.account


def test_it_refuses_what_is_not_signed(guide):
    names, port = guide
    for headers in ({}, {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        client.request("POST", "/messages", b"{}", headers)
        assert client.getresponse().status == 401
    assert names["inbox"] == {}
