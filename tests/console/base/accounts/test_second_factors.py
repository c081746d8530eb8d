"""Second factors: sealed, hashed, used once, mailed; and what the previous release wrote (P-6)."""

import base64
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, hotp_value
from django.core import mail
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import authentication, codes, delivery
from console.base.accounts.models import SecurityEntry, User
from tests.console.base.accounts.acting import at_once
from tests.factories import PASSWORD, make_user

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SEED = "ab" * 40


@pytest.fixture
def user(db):
    return make_user("Mira", email="mira@example.com")


def code(steps=0, secret=SECRET):
    return authentication.totp_code(secret, int(time.time()) // 30 + steps)


def with_app(user):
    return TOTP.activate(user, SECRET).instance


def plain(user):
    """An app and recovery codes as the previous release keeps them."""
    app = Authenticator.objects.create(user=user, type="totp", data={"secret": SECRET})
    data = {"seed": SEED, "used_mask": 1}
    return app, Authenticator.objects.create(user=user, type="recovery_codes", data=data)


def first_step(user, address="127.0.0.1"):
    client = Client(REMOTE_ADDR=address)
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.url == reverse("mfa_authenticate")
    return client


def second_step(client, value):
    return client.post(reverse("mfa_authenticate"), {"code": value}).status_code == 302


def long_ago():
    app, name = codes.MIGRATION
    MigrationRecorder.Migration.objects.filter(app=app, name=name).update(applied=timezone.now() - timedelta(days=8))


# Codes of an app --------------------------------------------------------------------------------------------------


def test_a_secret_is_sealed_and_old_code_reads_it_without_an_error(user):
    kept = with_app(user).data["secret"]
    assert SECRET not in kept
    assert codes.decrypt(kept) == SECRET
    assert hotp_value(kept, 1) >= 0  # As the previous release does with what is kept.
    assert base64.b32decode(kept) != base64.b32decode(SECRET)


def test_a_code_signs_in_once(user):
    with_app(user)
    first, second, value = first_step(user), first_step(user), code()
    assert second_step(first, value)
    assert not second_step(second, value)


def test_nor_does_one_before_it(user):
    with_app(user)
    assert second_step(first_step(user), code())
    assert not second_step(first_step(user), code(-1))


@pytest.mark.django_db(transaction=True)
def test_a_code_from_two_sessions_at_once_counts_once(transactional_db):
    user = make_user(email="mira@example.com")
    with_app(user)
    value, sessions = code(), [first_step(user) for _number in range(4)]
    results = at_once(*[lambda session=session: second_step(session, value) for session in sessions])
    assert sorted(results) == [False, False, False, True]


def test_the_code_that_set_up_the_app_is_used(user, signed_in, django_capture_on_commit_callbacks):
    client = signed_in(user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    value = code(secret=secret)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("mfa_activate_totp"), {"code": value}).status_code == 302
    assert not second_step(first_step(user), value)


def test_wrong_codes_are_limited_and_on_record_and_lock_nobody_out_at_home(user):
    with_app(user)
    home = first_step(user, "198.51.100.7")
    assert second_step(home, code(-1))
    thief = first_step(user, "192.0.2.1")
    for _attempt in range(5):
        assert not second_step(thief, "000000")
    assert not second_step(thief, code())
    assert SecurityEntry.objects.get(kind="wrong_code").count == 5
    again = Client(REMOTE_ADDR="198.51.100.7")
    again.cookies["browser"] = home.cookies["browser"].value
    again.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert second_step(again, code(1))


def test_how_somebody_signed_in_is_in_the_log(user):
    with_app(user)
    assert second_step(first_step(user), code())
    assert SecurityEntry.objects.get(kind="signed_in").detail == "password+totp"


# Recovery codes ---------------------------------------------------------------------------------------------------


def test_recovery_codes_are_hashed_once_they_are_put_away(user, signed_in):
    with_app(user)
    row = RecoveryCodes.activate(user).instance
    assert codes.is_sealed(row.data["seed"])
    client = signed_in(user)
    shown = client.get(reverse("mfa_view_recovery_codes"), headers={"Accept-Encoding": "gzip"})
    assert "no-store" in shown.headers["Cache-Control"]
    assert "Content-Encoding" not in shown.headers  # Its length would tell what a longer address has guessed of them.
    assert client.get(reverse("mfa_index"), headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    listed = shown.context["unused_codes"]
    assert len(listed) == 10

    assert client.post(reverse("mfa_view_recovery_codes")).url == reverse("mfa_index")

    row.refresh_from_db()
    assert sorted(row.data) == ["hashes", "migrated_codes"]
    assert not any(each in str(row.data) for each in listed)
    assert client.get(reverse("mfa_view_recovery_codes")).url == reverse("mfa_generate_recovery_codes")
    assert "10 of 10 left" in " ".join(client.get(reverse("mfa_index")).content.decode().split())
    assert second_step(first_step(user), listed[3])
    assert not second_step(first_step(user), listed[3])
    assert codes.recovery_of(user).left == 9
    assert SecurityEntry.objects.filter(kind="recovery_code_used").count() == 1


def test_old_code_takes_hashed_ones_for_none(user):
    with_app(user)
    row = RecoveryCodes.activate(user).instance
    [first, *_rest] = row.wrap().get_unused_codes()
    codes.put_away(user)
    row.refresh_from_db()
    assert (row.wrap().get_unused_codes(), row.wrap().validate_code(first)) == ([], False)


def test_a_hash_needs_the_key_and_outlives_its_rotation(user, settings):
    with_app(user)
    row = RecoveryCodes.activate(user).instance
    listed = row.wrap().get_unused_codes()
    codes.put_away(user)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key-" + "y" * 40
    assert codes.use(user, listed[0]) == row
    settings.SECRET_KEY_FALLBACKS = []
    assert codes.use(user, listed[1]) is None  # And the sealed secret of the app: no code fits, no error.


def test_nobody_reads_those_of_another_person(user, signed_in):
    RecoveryCodes.activate(user)
    assert signed_in(make_user()).get(reverse("mfa_view_recovery_codes")).url == reverse("mfa_index")


# What the previous release wrote ----------------------------------------------------------------------------------


def test_plain_ones_work_and_stay_while_the_previous_release_may_come_back(user):
    app, recovery = plain(user)
    assert second_step(first_step(user), code())
    assert second_step(first_step(user), recovery.wrap().get_unused_codes()[0])
    assert codes.seal_old(at=timezone.now()) == 0
    app.refresh_from_db()
    recovery.refresh_from_db()
    assert (app.data["secret"], recovery.data["seed"]) == (SECRET, SEED)


def test_then_they_are_sealed_and_work_on(user):
    app, recovery = plain(user)
    unused = recovery.wrap().get_unused_codes()
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=100))
    long_ago()

    assert (codes.seal_old(at=timezone.now()), codes.seal_old(at=timezone.now())) == (2, 0)

    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert not any(each in kept for each in (SECRET, SEED, unused[0]))
    assert codes.recovery_of(user).left == 9
    assert (codes.use(user, code()), codes.use(user, unused[0])) == (app, recovery)


# Mails ------------------------------------------------------------------------------------------------------------


def test_each_change_is_mailed_in_the_persons_language(user, signed_in, django_capture_on_commit_callbacks):
    User.objects.filter(pk=user.pk).update(language="en")
    client = signed_in(user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    fields = {"oldpassword": PASSWORD, "password1": "plenty of sea air", "password2": "plenty of sea air"}
    for name, posted in (
        ("mfa_activate_totp", {"code": code(secret=secret)}),
        ("mfa_generate_recovery_codes", {}),
        ("mfa_deactivate_totp", {}),
        ("account_change_password", fields),
    ):
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(reverse(name), posted).status_code == 302

    delivery.send_waiting(at=timezone.now())
    assert {message.to[0] for message in mail.outbox} == {user.email}
    assert [message.subject for message in mail.outbox] == [
        "Your account: Sign-in factor added",
        "Your account: Sign-in factor added",
        "Your account: Sign-in factor renewed",
        "Your account: Sign-in factor removed",
        "Your account: Sign-in factor removed",
        "Your account: Password changed",
    ]
    assert "IP address: 127.0.0.1" in mail.outbox[-1].body
    assert "plenty" not in mail.outbox[-1].body
