"""The button that sends a test message to the gateway, over real HTTP."""

import pytest
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from messaging.models import Gateway
from messaging.stub import serving
from messaging.views import gateway
from tests import factories


@pytest.fixture(autouse=True)
def no_pause(application, settings):
    settings.EGRESS_ALLOWED = ["127.0.0.0/8"]
    cache.delete(f"gateway-test:{application.pk}")


@pytest.fixture
def stub(application):
    with serving(factories.make_server_secret(application)) as stub:
        yield stub


def url(application):
    return f"/apps/{application.application_id}/gateway/test/"


def toast(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_works(signed_in, application, admin, stub):
    factories.make_gateway(application, f"{stub.url}/good")
    client = signed_in(admin)
    response = client.post(url(application))
    assert (response.status_code, response["Location"]) == (302, f"/apps/{application.application_id}/gateway/")
    assert toast(response) == ["Test succeeded."]
    (shown,) = stub.report()["newest"]
    assert (shown["message"]["type"], shown["times"], stub.refused) == ("gateway.test", 1, 0)
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.after["status"], entry.after["address"], entry.reason) == (
        "gateway.tested",
        204,
        f"{stub.url}/good",
        "",
    )
    assert client.get(f"/apps/{application.application_id}/gateway/").context["test"] == entry


def test_a_success_closes_the_circuit(signed_in, application, admin, stub):
    factories.make_gateway(application, f"{stub.url}/good")
    Gateway.objects.update(failures=12, open_until=timezone.now())
    signed_in(admin).post(url(application))
    found = Gateway.objects.get()
    assert (found.failures, found.is_open(at=timezone.now()), found.last_success_at is None) == (0, False, False)


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/failing", 503, "The gateway responded with 503"),
        ("/lying/redirect", 302, "The gateway responded with 302"),
        ("/lying/garbage", None, "The answer was not HTTP"),
    ],
)
def test_a_failure_is_shown_and_leaves_the_circuit_alone(signed_in, application, admin, stub, path, status, reason):
    factories.make_gateway(application, stub.url + path)
    Gateway.objects.update(failures=3)
    client = signed_in(admin)
    assert toast(client.post(url(application))) == [f"Test failed: {reason}"]
    entry = ActivityEntry.objects.get()
    assert (entry.after["status"], entry.reason) == (status, reason)
    assert Gateway.objects.get().failures == 3
    page = client.get(f"/apps/{application.application_id}/gateway/")
    assert (page.context["test_failed"], reason in page.content.decode()) == (True, True)
    Gateway.objects.update(last_success_at=timezone.now())
    assert not client.get(f"/apps/{application.application_id}/gateway/").context["test_failed"]


def test_private_networks_are_told_apart_by_nothing(signed_in, application, admin, stub, settings):
    """No port scanner: whether something listens there makes no difference, as nothing is connected to."""
    client, reasons = signed_in(admin), set()
    settings.EGRESS_ALLOWED = []
    gateway = factories.make_gateway(application, stub.url.replace("http", "https"))
    for address in (gateway.url, "https://127.0.0.1:1/", "https://10.255.255.1/"):
        cache.delete(f"gateway-test:{application.pk}")
        Gateway.objects.update(url=address)
        client.post(url(application))
        entry = ActivityEntry.objects.first()
        reasons.add((entry.after["address"] == address, entry.after["status"], entry.reason))
    assert {reason[:2] for reason in reasons} == {(True, None)}
    assert len(reasons) == 1
    assert (stub.seen, stub.refused) == ({}, 0)


def test_a_second_one_waits_a_moment(signed_in, application, admin, stub, monkeypatch):
    monkeypatch.setattr(gateway, "TEST_PAUSE", 600)  # seconds: both come within it, however busy the machine is
    factories.make_gateway(application, f"{stub.url}/good")
    client = signed_in(admin)
    assert [toast(client.post(url(application)))[-1] for _ in range(2)] == [
        "Test succeeded.",
        "A test was just sent. Wait a few seconds.",
    ]
    assert (len(stub.seen), ActivityEntry.objects.count()) == (1, 1)


def test_without_address_or_secret_nothing_is_sent(signed_in, application, admin):
    client = signed_in(admin)
    assert toast(client.post(url(application))) == ["Set a gateway address first."]
    factories.make_gateway(application)
    words = "Generate a server secret first. Messages are signed with it."
    assert toast(client.post(url(application)))[-1] == words
    page = client.get(f"/apps/{application.application_id}/gateway/")
    assert (page.context["why_not_test"], ActivityEntry.objects.count()) == (words, 0)


def test_others_may_not(signed_in, application, admin, reviewer, outsider, stub):
    factories.make_gateway(application, f"{stub.url}/good")
    assert signed_in(admin).get(url(application)).status_code == 405
    assert signed_in(reviewer).post(url(application)).status_code == 403
    assert signed_in(outsider).post(url(application)).status_code == 404
    assert stub.seen == {}
