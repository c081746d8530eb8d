"""The receiver in docs/webhooks.md takes what the console signs, and refuses everything else without raising."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from standardwebhooks import Webhook

SECRET = "whsec_d2ViaG9va3Mgb2YgYSB0ZXN0LCAzMiBieXRlcyE="
BODY = b'{"type": "version.published"}'


@pytest.fixture
def guide():
    """What the example defines; `work` has the events that it passes on."""
    text = (Path(settings.BASE_DIR) / "docs/webhooks.md").read_text()
    (example,) = re.findall(r"```python\n(.+?)```", text, re.DOTALL)
    seen, work = set(), []

    def remember_once(key):
        is_new = key not in seen
        seen.add(key)
        return is_new

    names = {"SECRET": SECRET, "remember_once": remember_once, "work_later": work.append, "work": work}
    exec(example, names)
    return names


def signed(body=BODY):
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign("evt_1", now, body.decode())
    return {"webhook-id": "evt_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


def test_the_example_works_once_on_an_event_that_comes_twice(guide):
    assert [guide["receive"](signed(), BODY) for _time in range(2)] == [204, 204]
    assert guide["work"] == [{"type": "version.published"}]


@pytest.mark.parametrize("signature", ["", "v1", "v1,x", "x", "v1,\u00e9", "v2,eA==", "v1,eA=="])
def test_the_example_refuses_a_signature_that_is_none(guide, signature):
    assert guide["receive"](signed() | {"webhook-signature": signature}, BODY) == 401
    assert guide["work"] == []


@pytest.mark.parametrize(
    ("change", "body"),
    [({"webhook-timestamp": "now"}, BODY), ({"webhook-timestamp": "1"}, BODY), ({}, b"\xff"), ({}, b"{}")],
)
def test_the_example_refuses_another_body_or_time(guide, change, body):
    assert guide["receive"](signed() | change, body) == 401
    assert guide["work"] == []
