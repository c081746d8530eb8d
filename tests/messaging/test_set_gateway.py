"""Setting, changing and removing the address at which an application takes messages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from messaging.actions.gateways import set_gateway
from messaging.models import Gateway
from tests import factories
from tests.dialogs import change

FIRST, SECOND = "https://gateway.example.com/messages", "https://gateway.example.org/messages"


def url(application, query=""):
    return f"/apps/{application.application_id}/gateway/set/{query}"


def entries():
    rows = ActivityEntry.objects.filter(verb="gateway.set").order_by("pk")
    return [(row.before["address"], row.after["address"]) for row in rows]


def test_set(signed_in, application, admin):
    response = signed_in(admin).post(url(application), {"url": FIRST, "revision": 0})
    assert (response.status_code, response["Location"]) == (302, f"/apps/{application.application_id}/gateway/")
    assert (application.gateway.url, application.gateway.revision, entries()) == (FIRST, 1, [("", FIRST)])


def test_a_new_address_starts_with_a_clean_record(application, admin):
    set_gateway(application, url=FIRST, revision=0, by=admin)
    now = timezone.now()
    Gateway.objects.update(
        failures=12, open_until=now, last_success_at=now, last_failure_at=now, last_failure="The connection was refused"
    )
    changed = set_gateway(application, url=SECOND, revision=1, by=admin)
    record = (changed.failures, changed.open_until, changed.last_success_at, changed.last_failure_at)
    assert (changed.url, changed.revision, changed.last_failure, record) == (SECOND, 2, "", (0, None, None, None))
    assert entries() == [("", FIRST), (FIRST, SECOND)]


def test_saving_the_same_changes_nothing(application, admin):
    set_gateway(application, url=FIRST, revision=0, by=admin)
    Gateway.objects.update(failures=12)
    same = set_gateway(application, url=FIRST, revision=1, by=admin)
    assert (same.revision, same.failures, entries()) == (1, 12, [("", FIRST)])


def test_what_was_typed_stays_when_someone_else_was_first(signed_in, application, admin):
    client = signed_in(admin)
    set_gateway(application, url=FIRST, revision=0, by=admin)
    typed = {"url": SECOND, "revision": 0}
    response = client.post(url(application), typed)
    form = response.context["form"]
    assert (response.status_code, form["url"].value(), form["revision"].value()) == (422, SECOND, "1")
    assert form.errors["url"] == [f"Someone else changed the address while you were editing. It is {FIRST} now."]
    assert client.post(url(application), {"url": SECOND, "revision": form["revision"].value()}).status_code == 302
    assert entries() == [("", FIRST), (FIRST, SECOND)]


def test_a_revision_never_comes_back(application, admin):
    set_gateway(application, url=FIRST, revision=0, by=admin)
    set_gateway(application, url="", revision=1, by=admin)
    set_gateway(application, url=SECOND, revision=0, by=admin)
    with pytest.raises(Conflict):
        set_gateway(application, url=FIRST, revision=1, by=admin)
    assert entries() == [("", FIRST), (FIRST, ""), ("", SECOND)]


def test_remove(signed_in, application, admin):
    client = signed_in(admin)
    set_gateway(application, url=FIRST, revision=0, by=admin)
    assert change(client.get(url(application, "?remove=1"))) == [
        ("Current address", FIRST),
        ("After this", "None"),
    ]
    assert client.post(url(application, "?remove=1"), {"revision": 1}).status_code == 302
    assert (Gateway.objects.count(), entries()) == (0, [("", FIRST), (FIRST, "")])
    # Twice: nothing is there any more.
    response = client.post(url(application, "?remove=1"), {"revision": 1})
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["Someone else removed the gateway while you were editing."]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("http://gateway.example.com/", "The address must begin with https://."),
        ("https://10.1.2.3/", "The address is in a private network."),
        ("https://[::1]/", "The address is in a private network."),
        ("https://169.254.169.254/latest/meta-data", "The address is in a private network."),
        ("https://localhost/", "The address is in a private network."),
        ("https://me:secret@gateway.example.com/", "The address must not contain a user name or a password."),
        ("ftp://gateway.example.com/", "The address must begin with https://."),
        ("https://gateway.example.com:99999/", "Not a valid address. Example: https://messages.example.com/inbox"),
        ("javascript:alert(1)", "Enter a valid URL."),
        ("https://gateway.example.com/\x00", "Null characters are not allowed."),
        ("https://" + "a" * 600, "Ensure this value has at most 500 characters (it has 608)."),
        ("", "This field is required."),
    ],
)
def test_addresses_that_are_refused(signed_in, application, admin, settings, typed, words):
    settings.EGRESS_ALLOWED = []
    response = signed_in(admin).post(url(application), {"url": typed, "revision": 0})
    assert (response.status_code, Gateway.objects.count()) == (422, 0)
    assert words in response.context["form"].errors["url"]
    assert response.context["form"]["url"].value() == typed


def test_a_network_that_is_allowed_may_be_asked_without_tls(application, admin, settings):
    settings.EGRESS_ALLOWED = ["10.1.0.0/16"]
    assert set_gateway(application, url="http://10.1.2.3:8080/", revision=0, by=admin).revision == 1
    with pytest.raises(ActionRefused, match="private network"):
        set_gateway(application, url="http://10.2.2.3:8080/", revision=1, by=admin)


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 400, "\x00"])
def test_any_revision_is_answered(signed_in, application, admin, revision):
    assert signed_in(admin).post(url(application), {"url": FIRST, "revision": revision}).status_code == 422


def test_the_other_administrators_are_told(application, admin):
    other = factories.make_reviewer(application, "app_admin")
    set_gateway(application, url=FIRST, revision=0, by=admin)
    told = Notification.objects.get()
    assert (told.user, told.text, told.detail, told.url) == (
        other,
        f"{admin} changed the message gateway of Metro Wallet",
        FIRST,
        f"/apps/{application.application_id}/gateway/",
    )


def test_lower_roles_may_not_and_elsewhere_it_does_not_exist(signed_in, application, reviewer, outsider):
    data = {"url": FIRST, "revision": 0}
    assert signed_in(reviewer).post(url(application), data).status_code == 403
    assert signed_in(outsider).post(url(application), data).status_code == 404
    assert Gateway.objects.count() == 0


def test_wrong_method(signed_in, application, admin):
    assert signed_in(admin).put(url(application)).status_code == 405


def test_an_old_proof_asks_for_the_password(signed_in, application, admin):
    client = signed_in(admin)
    data = {"url": FIRST, "revision": 0}
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(url(application), data).status_code == 403
        assert Gateway.objects.count() == 0
        assert client.post(url(application), {**data, "sudo_password": factories.PASSWORD}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_at_once(application, admin):
    def change(number):
        try:
            set_gateway(application, url=f"https://gateway{number}.example.com/", revision=0, by=admin)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(change, range(4))) == [False, False, False, True]
    assert (Gateway.objects.count(), len(entries())) == (1, 1)
