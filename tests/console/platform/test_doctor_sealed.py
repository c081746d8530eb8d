"""`manage.py doctor`: whether SECRET_KEY opens all that is sealed and in use."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import override_settings
from django.utils import timezone

from console.api.hooks import switching
from console.api.hooks.models import WebhookSecret
from console.base.accounts import codes
from console.base.accounts.models import OutgoingMail
from console.base.core.sealing import seal
from console.base.hosts.models import SigningKey
from console.platform.doctor import connections
from tests import factories
from tests.console.platform.test_doctor import problems

pytestmark = pytest.mark.django_db


def test_what_was_sealed_with_a_lost_key():
    factories.make_application()
    factories.make_server_secret(factories.make_application())
    team = factories.make_team()
    factories.make_webhook(team)
    factories.make_webhook(team, format="slack")  # has no secret
    switching.switch_off(factories.make_webhook(team).row, by=None)
    assert problems(connections.sealed_data()) == []
    with override_settings(SECRET_KEY="another" * 10):
        keys, *others = connections.sealed_data()
    assert keys.words == f"{SigningKey.objects.count()} of 2 signing keys can't be opened with SECRET_KEY."
    assert [finding.words for finding in others] == [
        "1 of 1 server secrets can't be opened with SECRET_KEY.",
        "2 of 2 addresses of webhooks can't be opened with SECRET_KEY.",
        "1 of 1 secrets of webhooks can't be opened with SECRET_KEY.",
    ]


def test_second_factors_and_what_still_waits_were_sealed_with_a_lost_key():
    """An app's secret, recovery codes that can be read again, a mail, and secrets in their overlap."""
    now, user, application = timezone.now(), factories.make_user(), factories.make_application()
    make = Authenticator.objects.create
    make(user=user, type="totp", data={"secret": codes.encrypt("JBSWY3DPEHPK3PXP")})
    make(user=user, type="recovery_codes", data={"seed": codes.encrypt("0f1e2d3c")})
    make(user=factories.make_user(), type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})  # of the release before
    make(user=factories.make_user(), type="recovery_codes", data={"migrated_codes": [], "hashes": ["0f1e"]})
    for sealed in (seal("Hello"), ""):  # The second one was given up.
        OutgoingMail.objects.create(to="ada@example.com", subject="Hello", sealed=sealed)
    for hours in (-1, 0, 1):
        factories.make_server_secret(application, ends_at=now + timedelta(hours=hours) if hours else None)
    hook = factories.make_webhook(factories.make_team()).row
    WebhookSecret.objects.create(
        webhook=hook, sealed=seal("x"), hint="x", created_at=now, created_by=user, ends_at=now + timedelta(hours=1)
    )
    assert problems(connections.sealed_data()) == []
    with override_settings(SECRET_KEY="another" * 10):
        closed = {
            finding.words.removesuffix(" can't be opened with SECRET_KEY.") for finding in connections.sealed_data()
        }
    assert closed >= {
        "2 of 2 second factors",
        "1 of 1 waiting e-mails",
        "2 of 2 server secrets",
        "2 of 2 secrets of webhooks",
    }
