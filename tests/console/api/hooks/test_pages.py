"""A-4 at pages: who may make, see and change a webhook, and what they are shown."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from console.api.hooks import actions
from console.api.hooks.models import Delivery, Webhook
from console.base.activity.models import ActivityEntry
from tests import factories
from tests.signing_in import client_of

pytestmark = pytest.mark.django_db

NEW = {
    "url": "https://ops.example.com/hooks",
    "format": "standard",
    "patterns": "version.*\ntrial.set",
    "language": "en",
}


@pytest.fixture
def team():
    return factories.make_team()


@pytest.fixture
def client(team):
    return client_of(factories.make_member(team, "admin"))


def post(client, page, data=None):
    return client.post(page, data or {}, follow=True)


def test_a_new_one_shows_its_secret_once_and_is_on_record(client, team):
    shown = client.post(reverse("webhooks:new", args=[team.pk]), NEW).content.decode()
    webhook = Webhook.objects.get()
    secret = webhook.secrets.get().read()
    assert secret.startswith("whsec_") and secret in shown
    page = client.get(webhook.get_absolute_url()).content.decode()
    assert secret not in page and "Nothing sent yet" in page
    assert (webhook.address, webhook.events, webhook.team) == (NEW["url"], ["version.*", "trial.set"], team)
    assert NEW["url"] not in webhook.sealed_url
    entry = ActivityEntry.objects.get(verb="webhook.created")
    assert (entry.team_id, entry.after["events"]) == (team.pk, ["version.*", "trial.set"])
    assert secret not in json.dumps(entry.after)
    assert NEW["url"] in client.get(reverse("automation:tokens")).content.decode()


def test_the_address_of_a_chat_is_a_secret(client, team):
    url = "https://hooks.slack.com/services/T0/B0/abcdefgh1234"
    page = post(client, reverse("webhooks:new", args=[team.pk]), NEW | {"url": url, "format": "slack"}).content.decode()
    webhook = Webhook.objects.get()
    assert (webhook.address, webhook.url) == ("https://hooks.slack.com/…1234", url)
    assert "https://hooks.slack.com/…1234" in page and "abcdefgh" not in page
    assert not webhook.secrets.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "http://ops.example.com/"}, "must begin with https"),
        ({"url": "https://169.254.169.254/latest"}, "private network"),
        ({"url": "https://user:pw@ops.example.com/"}, "user name"),
        ({"patterns": "version.pub*"}, "There is no event “version.pub*”"),
        ({"patterns": "user.password_changed"}, "There is no event"),
        ({"patterns": " "}, "This field is required"),
        ({"format": "carrier pigeon"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(client, team, settings, wrong, words):
    settings.EGRESS_ALLOWED = []
    answer = client.post(reverse("webhooks:new", args=[team.pk]), NEW | wrong)
    assert (answer.status_code, Webhook.objects.exists()) == (422, False)
    assert words in answer.content.decode()


def test_it_is_changed_switched_replayed_and_deleted(client, team):
    webhook = factories.make_webhook(team).row
    old, other = (factories.make_delivery(webhook, state=state) for state in ("failed", "delivered"))
    change = {"url": "", "patterns": "*", "language": "zh-hans", "revision": webhook.revision}
    assert "Saved." in post(client, webhook.path_of("edit"), change).content.decode()
    other_one = change | {"language": "en"}
    stale = client.post(webhook.path_of("edit"), other_one)
    assert "Now it sends * to https://ops.example.com/" in stale.content.decode()
    again = other_one | {"revision": stale.context["form"]["revision"].value()}
    assert "Saved." in post(client, webhook.path_of("edit"), again).content.decode()
    assert Webhook.objects.get().language == "en"
    change["revision"] = Webhook.objects.get().revision
    post(client, webhook.path_of("edit"), change)
    webhook.refresh_from_db()
    assert (webhook.language, webhook.url) == ("zh-hans", "https://ops.example.com/hooks")
    post(client, webhook.path_of("test"))
    assert "A test was just sent" in post(client, webhook.path_of("test")).content.decode()
    assert Delivery.objects.filter(name="webhook.test").count() == 1
    page = post(client, webhook.path_of("send", other.pk)).content.decode()
    other.refresh_from_db()
    assert other.state == "waiting" and "On its way" in page
    post(client, webhook.path_of("replay"), {"period": 3600, "failed_only": "on"})
    old.refresh_from_db()
    assert (old.state, old.tries) == ("waiting", 0)
    assert "nothing to send again" in client.post(webhook.path_of("replay"), {"period": 3600}).content.decode()
    post(client, webhook.path_of("switch_off"))
    assert "The webhook is switched off." in post(client, webhook.path_of("test")).content.decode()
    assert "Webhook switched on." in post(client, webhook.path_of("switch_on")).content.decode()
    seen = webhook.secrets.get().pk
    shown = client.post(webhook.path_of("secret"), {"overlap": 24, "seen": seen}).content.decode()
    assert webhook.secrets.filter(ends_at=None).get().read() in shown
    post(client, webhook.path_of("delete"))
    webhook.refresh_from_db()
    assert (webhook.sealed_url, webhook.secrets.exists()) == ("", False)
    assert client.get(webhook.get_absolute_url()).status_code == 404
    names = set(ActivityEntry.objects.filter(verb__startswith="webhook.").values_list("verb", flat=True))
    assert names == {
        "webhook.created", "webhook.edited", "webhook.replayed", "webhook.switched_off", "webhook.switched_on",
        "webhook.secret_replaced", "webhook.deleted",
    }  # fmt: skip


def test_a_period_with_more_than_are_sent_at_once_is_sent_by_and_by(client, team, monkeypatch):
    monkeypatch.setattr(actions, "MOST_REPLAYED", 2)
    webhook = factories.make_webhook(team, NEW["url"], "version.published").row
    made = [factories.make_delivery(webhook, state="delivered") for _ in range(3)]
    taken = []
    for _run in range(2):
        post(client, webhook.path_of("replay"), {"period": 3600})
        waiting = Delivery.objects.filter(state="waiting")
        taken.append([each.pk for each in waiting.order_by("pk")])
        waiting.update(state="delivered", finished_at=timezone.now())
    assert taken[0] == [made[0].pk, made[1].pk]
    assert made[2].pk in taken[1]


def test_each_page_names_the_webhook(client, team):
    webhook = factories.make_webhook(team).row
    for name in ("edit", "switch_off", "secret", "replay", "delete"):
        page = client.get(webhook.path_of(name)).content.decode()
        assert webhook.address in page, name
    assert 'name="chat_secret"' not in client.get(webhook.path_of("edit")).content.decode()
    chat = factories.make_webhook(team, format="feishu").row
    assert 'name="chat_secret"' in client.get(chat.path_of("edit")).content.decode()


def test_a_delivery_in_a_part_opens_whole_in_a_new_tab(client, team):
    webhook = factories.make_webhook(team).row
    delivery = factories.make_delivery(webhook)
    url = webhook.get_absolute_url()
    part = client.get(url, {"part": 1}, headers={"HX-Request": "true"}).content.decode()
    delivery_url = f"{url}?delivery={delivery.pk}"
    assert f'<a href="{delivery_url}"' in part
    assert f'hx-get="{delivery_url}&amp;part=1"' in part
    whole = client.get(url, {"part": 1}).content.decode()
    assert "<html" in whole and f'hx-get="{delivery_url}"' in whole


def test_what_a_server_answered_makes_no_page_of_ours(client, team):
    webhook = factories.make_webhook(team).row
    attempt = {"at": "2026-11-24T09:36:00+00:00", "ok": False, "status": 503, "seconds": 10.0}
    attempt |= {"reason": "The receiver responded with 503", "request": "POST /", "answer": "<script>alert(1)</script>"}
    delivery = factories.make_delivery(webhook, attempts=[attempt], tries=3, status=503, reason=attempt["reason"])
    page = client.get(f"{webhook.get_absolute_url()}?delivery={delivery.pk}").content.decode()
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page
    assert "Try 3 of 8" in page and "The receiver responded with 503" in page
    for wrong in ("0", "²", "9" * 30, "x"):
        assert client.get(webhook.get_absolute_url(), {"delivery": wrong}).status_code == 200
    part = client.get(webhook.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "Copy as curl" in part


def test_what_a_worker_has_is_looked_at_again_and_is_no_failure_yet(client, team):
    webhook = factories.make_webhook(team).row
    soon = timezone.now() + timedelta(seconds=45)  # the end of a lease
    delivery = factories.make_delivery(webhook, tries=1, lease=uuid4(), next_try_at=soon)
    page = client.get(webhook.get_absolute_url()).content.decode()
    assert 'hx-trigger="every 2s"' in page and "No deliveries in 7 days" in page
    Delivery.objects.filter(pk=delivery.pk).update(lease=None)  # it failed, and is tried again later
    page = client.get(webhook.get_absolute_url()).content.decode()
    assert "every 2s" not in page and "0 % in 7 days" in page


def test_members_see_it_and_administrators_change_it(team):
    webhook = factories.make_webhook(team).row
    viewer = client_of(factories.make_member(team, "viewer"))
    page = viewer.get(webhook.get_absolute_url()).content.decode()
    assert "Only team administrators" in page
    assert viewer.post(webhook.path_of("delete")).status_code == 403


def test_a_host_app_has_its_own(settings):
    application = factories.make_application(name="Metro Wallet")
    client = client_of(factories.make_reviewer(application, "app_admin"))
    client.post(reverse("hosts:new_webhook", args=[application.application_id]), NEW)
    webhook = Webhook.objects.get()
    assert (webhook.application, webhook.team) == (application, None)
    assert NEW["url"] in client.get(application.get_absolute_url()).content.decode()
    assert client.get(webhook.get_absolute_url()).status_code == 200


def test_every_event_is_shown_with_its_payload(client):
    page = client.get(reverse("webhooks:events")).content.decode()
    assert "version.published" in page and "version.*" in page and "user.password_changed" not in page
