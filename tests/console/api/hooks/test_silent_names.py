"""A-4: names whose name server says nothing keep nobody waiting but who typed them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from console.api.hooks import rules
from console.api.hooks.models import Delivery
from console.base.core import names
from tests import factories
from tests.console.api.device.serving import database_url

pytestmark = pytest.mark.django_db(transaction=True)
APART = ["unshare", "--user", "--map-root-user", "--mount", "--net", "--"]
MANY = 45


def test_names_that_never_answer_delay_no_other_team(monkeypatch):
    """MANY webhooks of one team are being looked up when the event of another is told; it arrives while they are."""
    monkeypatch.setattr(rules, "MOST", MANY)
    team, others = factories.make_team(), factories.make_team()
    for number in range(MANY):
        url = f"http://silent-{number}.example/hooks"
        factories.make_delivery(factories.make_webhook(team, url, "version.published").row)
    webhook = factories.make_webhook(others, "https://ops.example.com/hooks", "version.published").row
    assert delivered_apart(webhook.pk) == {"others ended": 0, "names asked": names.EACH, "run ended": True}
    assert list(Delivery.objects.filter(webhook=webhook).values_list("state", "tries")) == [("delivered", 1)]
    assert set(Delivery.objects.exclude(webhook=webhook).values_list("state", "tries", "lease")) == {
        ("waiting", 0, None)
    }


def delivered_apart(pk):
    """Return what `silent_names` prints. Skips the test where the machine lets nobody have a network of their own."""
    if (tried := subprocess.run([*APART, "true"], capture_output=True, text=True)).returncode:
        pytest.skip(f"no network of our own: {tried.stderr.strip()}")
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "EGRESS_ALLOWED": ",".join(settings.EGRESS_ALLOWED),
        "MESSAGE_TIMEOUT": "100",
    }
    command = [*APART, sys.executable, "-m", "tests.console.api.hooks.silent_names", str(pk)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
