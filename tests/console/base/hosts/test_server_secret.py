"""The secret that the application's server and the console share: made, replaced, shown once and nowhere else."""

import base64
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts.actions import sealed
from console.base.hosts.models import ServerSecret
from tests import factories

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


def url(application, move):
    return f"/apps/{application.application_id}/server-secret/{move}/"


def page_url(application):
    return f"/apps/{application.application_id}/gateway/"


def usable(application, at=None):
    return [secret.read() for secret in application.server_secrets.usable(at=at or timezone.now())]


def current(application):
    return application.server_secrets.get(ends_at=None)


def reset(application, by, overlap, **fields):
    return sealed.reset_server_secret(application, seen=current(application).pk, overlap=overlap, by=by, **fields)


def test_generate(signed_in, application, admin):
    response = signed_in(admin).post(url(application, "generate"))
    secret = response.context["shown"].value
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert (usable(application), secret[:6], len(base64.b64decode(secret[6:]))) == ([secret], "whsec_", 32)
    assert response.content.decode().count("</html>") == 1
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.target_label, entry.before, entry.after) == (
        "server_secret.generated",
        "Metro Wallet",
        None,
        {"secret": f"…{secret[-4:]}"},
    )


def test_the_dialog_gets_the_dialog_only(signed_in, application, admin):
    response = signed_in(admin).post(url(application, "generate"), headers=DIALOG)
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert "<html" not in response.content.decode()
    assert response.context["shown"].value in response.content.decode()


def test_generate_twice(signed_in, application, admin):
    client = signed_in(admin)
    first = client.post(url(application, "generate")).context["shown"].value
    response = client.post(url(application, "generate"))
    words = "There is already a secret. Reset it to get a new one."
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [words])
    assert (usable(application), ActivityEntry.objects.count()) == ([first], 1)


def test_reset_at_once_ends_every_earlier_one(application, admin):
    with time_machine.travel(NOON, tick=False):
        sealed.generate_server_secret(application, by=admin)
        reset(application, admin, 24)
        newest = reset(application, admin, 0, reason="Seen in a public log")
        assert usable(application) == [newest]
    entry = ActivityEntry.objects.first()
    old = application.server_secrets.all()[1]
    assert (entry.verb, entry.before, entry.after, entry.reason) == (
        "server_secret.reset",
        {"secret": str(old)},
        {"secret": f"…{newest[-4:]}", "overlap": 0},
        "Seen in a public log",
    )


@pytest.mark.parametrize("hours", [1, 24])
def test_reset_with_an_overlap(signed_in, application, admin, hours):
    with time_machine.travel(NOON, tick=False):
        client = signed_in(admin)
        old = sealed.generate_server_secret(application, by=admin)
        data = {"seen": current(application).pk, "overlap": hours, "note": "Yearly"}
        shown = client.post(url(application, "reset"), data).context["shown"]
        ends_at = NOON + timedelta(hours=hours)
        assert usable(application) == [shown.value, old]
        assert usable(application, at=ends_at - timedelta(seconds=1)) == [shown.value, old]
        assert usable(application, at=ends_at) == [shown.value]
        assert f"{ends_at:%d %b %Y, %H:%M} UTC" in shown.warning
        page = client.get(page_url(application))
        assert [secret.ends_at for secret in page.context["old_secrets"]] == [ends_at]


def test_a_shorter_overlap_shortens_those_before(application, admin):
    with time_machine.travel(NOON, tick=False):
        sealed.generate_server_secret(application, by=admin)
        for overlap in (24, 1, 24):
            newest = reset(application, admin, overlap)
        assert len(usable(application)) == 4
        assert len(usable(application, at=NOON + timedelta(hours=1))) == 2
        assert usable(application, at=NOON + timedelta(hours=24)) == [newest]


def test_reset_is_for_what_was_on_the_screen(signed_in, application, admin):
    """The second of two people does not replace a secret that they have not seen; nor does a reload of the answer."""
    client = signed_in(admin)
    sealed.generate_server_secret(application, by=admin)
    data = {"seen": client.get(url(application, "reset")).context["form"]["seen"].value(), "overlap": 1}
    first = client.post(url(application, "reset"), data).context["shown"].value
    response = client.post(url(application, "reset"), data)
    words = "Already done: this secret was replaced."
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [words])
    assert usable(application)[0] == first


def test_reset_needs_a_secret(signed_in, application, admin):
    client = signed_in(admin)
    page = client.get(page_url(application))
    words = "There is no secret yet. Generate one first."
    assert (page.context["why_not_generate"], page.context["why_not_reset"]) == ("", words)
    response = client.post(url(application, "reset"), {"seen": 0, "overlap": 0})
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [words])
    with pytest.raises(ActionRefused):
        sealed.reset_server_secret(application, seen=0, overlap=0, by=admin)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("overlap", "2"),
        ("overlap", ""),
        ("overlap", "\x00"),
        ("seen", ""),
        ("seen", "x"),
        ("seen", "9" * 400),
        ("note", "\x00"),
    ],
)
def test_any_input_is_answered(signed_in, application, admin, field, value):
    secret = sealed.generate_server_secret(application, by=admin)
    data = {"seen": current(application).pk, "overlap": 1, "note": "", field: value}
    assert signed_in(admin).post(url(application, "reset"), data).status_code == 422
    assert usable(application) == [secret]


def test_the_other_administrators_are_told(application, admin, reviewer):
    other = factories.make_reviewer(application, "app_admin")
    with time_machine.travel(NOON, tick=False):
        sealed.generate_server_secret(application, by=admin)
        reset(application, admin, 1)
    notices = Notification.objects.order_by("pk")
    assert [(row.user, row.text, row.detail, row.url) for row in notices] == [
        (other, f"{admin} generated the server secret of Metro Wallet", "", page_url(application)),
        (
            other,
            f"{admin} reset the server secret of Metro Wallet",
            "The old secret works until 26 Nov 2026, 13:00 UTC.",
            page_url(application),
        ),
    ]


def test_it_is_nowhere_else(signed_in, application, admin, mailoutbox, caplog):
    """Not in the clear in any table, session, mail, log line or later page."""
    other = factories.make_reviewer(application, "app_admin")
    caplog.set_level(logging.DEBUG)
    client = signed_in(admin)
    secrets = [client.post(url(application, "generate")).context["shown"].value]
    data = {"seen": current(application).pk, "overlap": 24}
    secrets.append(client.post(url(application, "reset"), data).context["shown"].value)
    places = [caplog.text, *(f"{mail.subject} {mail.body}" for mail in mailoutbox)]
    places += [str(session.get_decoded()) for session in Session.objects.all()]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row::text FROM "{table}" AS row')
            places += [text for (text,) in cursor.fetchall()]
    pages = (
        page_url(application),
        f"/apps/{application.application_id}/",
        f"/apps/{application.application_id}/activity/",
    )
    places += [signed_in(person).get(page).content.decode() for person in (admin, other) for page in pages]
    for secret in secrets:
        part = secret.removeprefix("whsec_")[:20]
        assert [place[:80] for place in places if part in place] == []
    assert usable(application) == secrets[::-1]


def test_lower_roles_may_not(signed_in, application, reviewer, team_admin):
    for user in (reviewer, team_admin):
        client = signed_in(user)
        assert [client.post(url(application, move)).status_code for move in ("generate", "reset")] == [403, 403]
    assert ServerSecret.objects.count() == 0


def test_elsewhere_it_does_not_exist(signed_in, application, outsider):
    client = signed_in(outsider)
    assert [client.post(url(application, move)).status_code for move in ("generate", "reset")] == [404, 404]


def test_wrong_method(signed_in, application, admin):
    client = signed_in(admin)
    assert [client.put(url(application, move)).status_code for move in ("generate", "reset")] == [405, 405]


def test_an_old_proof_asks_for_the_password(signed_in, application, admin):
    client = signed_in(admin)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(url(application, "generate")).status_code == 403
        assert ServerSecret.objects.count() == 0
        proven = client.post(url(application, "generate"), {"sudo_password": factories.PASSWORD})
        assert (proven.status_code, usable(application)) == (200, [proven.context["shown"].value])


@pytest.mark.django_db(transaction=True)
def test_at_once(application, admin):
    def attempt(verb):
        try:
            return verb()
        except (ActionRefused, Conflict):
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda _: attempt(lambda: sealed.generate_server_secret(application, by=admin)), range(4))
        assert sorted(made)[:3] == ["", "", ""]
        seen = current(application).pk
        again = pool.map(
            lambda _: attempt(lambda: sealed.reset_server_secret(application, seen=seen, overlap=1, by=admin)),
            range(4),
        )
        assert sorted(again)[:3] == ["", "", ""]
    assert (application.server_secrets.count(), ActivityEntry.objects.count()) == (2, 2)
