"""The security log: whose it is, who sees what of it, and its files (P-6)."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import security
from console.base.accounts.actions import safety
from console.base.accounts.models import SecurityEntry
from console.base.accounts.states import SECURITY, SecurityKind
from tests.factories import PASSWORD, make_user


@pytest.fixture
def log(house):
    """Two entries of the viewer, one of a stranger, one of nobody."""
    for user, kind in (
        (house.viewer, SecurityKind.WRONG_PASSWORD),
        (house.viewer, SecurityKind.SIGNED_IN),
        (house.stranger, SecurityKind.WRONG_CODE),
    ):
        fields = {"email": user.email, "kind": kind, "at": timezone.now()}
        SecurityEntry.objects.create(user=user, address="192.0.2.1", network="127.0.0.1", **fields)
    SecurityEntry.objects.create(email="=cmd|'/c calc'!A1", kind=SecurityKind.WRONG_PASSWORD, at=timezone.now())


def rows(answer):
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_every_kind_has_words_and_an_icon():
    assert set(SECURITY) == set(SecurityKind)


def test_a_person_reads_and_downloads_their_own(house, log, signed_in):
    client = signed_in(house.viewer)
    page = client.get(reverse("security_log")).content.decode()
    assert page.count("192.0.2.1") == 2
    table = rows(client.get(reverse("security_log"), {"format": "csv"}))
    assert table[0] == ["Time (UTC)", "Person", "E-mail", "Event", "Times", "Details", "Address", "Browser"]
    assert {row[2] for row in table[1:]} == {house.viewer.email}


def test_the_page_shows_what_is_important_or_all(house, log, signed_in):
    client = signed_in(house.viewer)
    urls = ("/account/security/", "/account/security/?log=all")
    important, everything = ([entry.kind for entry in client.get(url).context["log"]] for url in urls)
    assert important == ["wrong_password"]
    assert everything == ["signed_in", "signed_in", "wrong_password"]


def test_that_nothing_was_important_is_not_that_nothing_was(house, signed_in):
    client = signed_in(house.viewer)
    house.viewer.security_entries.all().delete()
    for url, words in (("/account/security/", "Nothing important yet"), ("/account/security/?log=all", "Nothing yet")):
        assert f">{words}<" in client.get(url).content.decode()


def test_an_administrator_sees_failures_of_members_and_not_from_where(house, log, signed_in):
    url = reverse("accounts:security_log", args=[house.team.pk])
    client = signed_in(house.admin)
    page = client.get(url).content.decode()
    assert house.viewer.email in page
    assert "192.0.2.1" not in page
    table = rows(client.get(url, {"format": "csv"}))
    assert [row[2:4] for row in table] == [["E-mail", "Event"], [house.viewer.email, "Wrong password"]]
    house.team.memberships.filter(user=house.viewer).update(since=timezone.now() + timedelta(hours=1))
    assert house.viewer.email not in client.get(url).content.decode()


def test_what_an_administrator_did_is_not_from_their_address(house, signed_in):
    change = reverse("accounts:change_role", args=[house.team.pk, house.member(house.viewer).pk])
    signed_in(house.admin).post(change, {"role": "developer"}, REMOTE_ADDR="203.0.113.9")
    entry = house.viewer.security_entries.get(kind="role_changed")
    assert (entry.address, entry.network, entry.detail) == (None, "", f"{house.team}: Developer")


def test_what_an_operator_did_is_not_from_their_address(house, operator, signed_in):
    edit = reverse("platform:edit_person", args=[house.viewer.pk])
    typed = {"name": "Viola", "email": house.viewer.email, "is_active": "on"}
    signed_in(operator).post(edit, typed, REMOTE_ADDR="203.0.113.9")
    entry = house.viewer.security_entries.get(kind="account_edited")
    assert (entry.address, entry.detail) == (None, operator.get_full_name())


def test_what_the_person_did_is_from_their_address(house, signed_in):
    fields = {"oldpassword": PASSWORD, "password1": "plenty of sea air", "password2": "plenty of sea air"}
    signed_in(house.viewer).post(reverse("account_change_password"), fields, REMOTE_ADDR="203.0.113.9")
    assert house.viewer.security_entries.get(kind="password_changed").address == "203.0.113.9"


def test_the_teams_file_does_not_say_from_where_a_reported_sign_in_was(house, signed_in):
    asked = {"session_key": "there", "asks": True, "address": "192.0.2.1"}
    entry = SecurityEntry.objects.create(user=house.viewer, kind="signed_in", **asked)
    safety.answer_sign_in(entry, mine=False, by=house.viewer, keep="here")
    [_head, reported] = rows(
        signed_in(house.admin).get(reverse("accounts:security_log", args=[house.team.pk]), {"format": "csv"})
    )
    assert reported[2:] == [house.viewer.email, "Sign-in reported as suspicious", "1", ""]
    own = rows(signed_in(house.viewer).get(reverse("security_log"), {"format": "csv"}))
    assert ["Sign-in reported as suspicious", "1", "192.0.2.1"] in [row[3:6] for row in own]


@pytest.mark.parametrize(("person", "status"), [("license_holder", 403), ("viewer", 403), ("stranger", 404)])
def test_nobody_else_does(house, log, signed_in, person, status):
    url = reverse("accounts:security_log", args=[house.team.pk])
    assert signed_in(getattr(house, person)).get(url).status_code == status


def test_operators_download_failed_sign_ins_and_no_formula_runs(house, log, signed_in):
    client = signed_in(make_user(is_staff=True))
    url = reverse("admin:accounts_securityentry_changelist")
    assert client.get(url).status_code == 200
    chosen = [str(pk) for pk in SecurityEntry.objects.values_list("pk", flat=True)]
    table = rows(client.post(url, {"action": "download", "_selected_action": chosen}))
    assert [row[2] for row in table[1:]] == ["'=cmd|'/c calc'!A1", house.stranger.email, house.viewer.email]
    entry = SecurityEntry.objects.first()
    assert client.post(reverse("admin:accounts_securityentry_change", args=[entry.pk]), {}).status_code == 403
    assert client.post(reverse("admin:accounts_securityentry_delete", args=[entry.pk])).status_code == 403


def test_failures_from_one_address_are_one_line(house):
    for _time in range(3):
        security.note(house.viewer, SecurityKind.WRONG_PASSWORD)
    later = timezone.now() + timedelta(minutes=11)
    security.note(house.viewer, SecurityKind.WRONG_PASSWORD, at=later)
    assert list(SecurityEntry.objects.order_by("pk").values_list("count", flat=True)) == [3, 1]


def test_a_wrong_old_password_is_on_record(house, signed_in):
    fields = {"oldpassword": "wrong", "password1": "plenty of sea air", "password2": "plenty of sea air"}
    signed_in(house.viewer).post(reverse("account_change_password"), fields)
    assert SecurityEntry.objects.filter(user=house.viewer, kind="wrong_password").count() == 1
