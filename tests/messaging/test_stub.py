"""`manage.py gateway`: a real process that plays a host application's server."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from standardwebhooks import Webhook

from messaging.stub import serving

SECRET = "whsec_bWVzc2FnZXMgb2YgYSB0ZXN0LCAzMiBieXRlcyE="


def send(port, path="/good", secret=SECRET, webhook_id="msg_1", body='{"type": "gateway.test", "data": {}}'):
    """POST as the console does; return the answer."""
    now = datetime.now(UTC)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body),
    }
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("POST", path, body, headers)
    return client.getresponse()


def report(port):
    """What GET / says."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", "/")
    return json.loads(client.getresponse().read())


@pytest.fixture
def stub():
    with serving(SECRET) as found:
        yield found


@pytest.fixture
def port(stub):
    return int(stub.url.rpartition(":")[2])


@pytest.mark.parametrize(
    ("path", "status"),
    [("/good", 204), ("/slow?seconds=0", 204), ("/failing", 503), ("/limiting", 429), ("/gone", 410), ("/other", 404)],
)
def test_each_path_answers_as_it_says(port, path, status):
    assert send(port, path).status == status


def test_limiting_says_how_long(port):
    assert send(port, "/limiting?seconds=30").headers["Retry-After"] == "30"


def test_what_is_not_signed_is_refused(port, stub):
    other = "whsec_" + "YW5vdGhlciBzZWNyZXQsIGFsc28gMzIgYnl0ZXMhISE="
    assert send(port, secret=other).status == 401
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("POST", "/good", b"\xff")
    assert client.getresponse().status == 401
    assert (stub.refused, report(port)["messages"]) == (2, 0)


def test_duplicates_are_counted_by_id(port):
    for webhook_id in ("msg_1", "msg_2", "msg_1"):
        send(port, webhook_id=webhook_id)
    found = report(port)
    assert (found["messages"], found["duplicates"]) == (2, 1)
    assert [(one["id"], one["times"]) for one in found["newest"]] == [("msg_1", 2), ("msg_2", 1)]


def test_the_command_prints_where_it_is_and_what_comes(tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    command = [sys.executable, "manage.py", "gateway", "--secret-file", str(file)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(re.search(r"http://127\.0\.0\.1:(\d+)/good", process.stdout.readline())[1])
            send(port)
            send(port)
            lines = [process.stdout.readline().strip() for _ in range(2)]
            assert lines == ["/good msg_1 gateway.test", "/good msg_1 gateway.test (again: 2 times)"]
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "No secret given. Use --secret, --secret-file or GATEWAY_SECRET."),
        (["--secret", "whsec_"], "This is not a server secret: whsec_ followed by Base64."),
        (["--secret", "whsec_x"], "This is not a server secret: whsec_ followed by Base64."),
        (["--secret-file", "/nonexistent"], "/nonexistent can't be read: No such file or directory"),
        (["--secret", SECRET, "--host", "192.0.2.1"], "Can't listen on 192.0.2.1 port 0: "),
    ],
)
def test_the_command_says_what_is_missing(options, words, monkeypatch):
    monkeypatch.delenv("GATEWAY_SECRET", raising=False)
    with pytest.raises(CommandError) as caught:
        call_command("gateway", *options, stdout=StringIO())
    assert str(caught.value).startswith(words)
