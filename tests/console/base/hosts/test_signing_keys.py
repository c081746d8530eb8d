"""Signing keys (R-8): added and retired by the application administrator, the private half seen nowhere."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from console.base.core.sealing import unseal
from console.base.hosts import signing
from console.base.hosts.actions import export_configuration, sealed
from console.base.hosts.models import SigningKey
from tests import factories
from tests.dialogs import effects

DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}
ONLY = "This is the only signing key. Add a new one first, and ship it in the app."


def url(application, move=""):
    return f"/apps/{application.application_id}/signing-keys/{move}"


def add(application, admin):
    return sealed.add_signing_key(application, by=admin)


def signs(application):
    """The ids of the keys in a signature, each of which is true under its public key."""
    content = signing.statement("mp1", "1.0.0", "ab" * 32, 7)
    found = {}
    seeds = signing.seeds(application.signing_keys.active().values_list("key_id", "sealed"))
    for part in signing.sign(seeds, content).split():
        key_id, _colon, signature = part.partition(":")
        public = application.signing_keys.get(key_id=key_id).public_key
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(base64.b64decode(signature), content)
        found[key_id] = signature
    return list(found)


# Adding -------------------------------------------------------------------------------------------------------------


def test_add(signed_in, application, admin):
    old = application.signing_keys.get()
    response = signed_in(admin).post(url(application, "add/"))
    assert (response.status_code, response["Location"]) == (302, url(application))
    new = application.signing_keys.first()
    assert (new.created_by, signs(application)) == (admin, [new.key_id, old.key_id])
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.target_label, entry.before, entry.after) == (
        "signing_key.added",
        "Metro Wallet",
        None,
        {"key": new.key_id},
    )
    exported = export_configuration(application.keys.get(), by=admin)["signing_keys"]
    assert [key["key_id"] for key in exported] == [new.key_id, old.key_id]


def test_there_are_enough(signed_in, application, admin):
    add(application, admin)
    add(application, admin)
    client = signed_in(admin)
    words = "3 keys are already signing. Retire one first."
    assert words in client.get(url(application)).content.decode()
    response = client.post(url(application, "add/"))
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [words])
    assert (application.signing_keys.count(), ActivityEntry.objects.count()) == (3, 2)


@pytest.mark.django_db(transaction=True)
def test_added_by_four_at_once(application, admin):
    def attempt(_number):
        try:
            add(application, admin)
        except ActionRefused:
            return "refused"
        finally:
            connection.close()
        return "added"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(attempt, range(4))) == ["added", "added", "refused", "refused"]
    assert application.signing_keys.active().count() == 3


# Retiring -----------------------------------------------------------------------------------------------------------


def test_retire(signed_in, application, admin):
    old, new = application.signing_keys.get(), add(application, admin)
    response = signed_in(admin).post(url(application, f"{old.pk}/retire/"), {"note": "Yearly"})
    assert (response.status_code, response["Location"]) == (302, url(application))
    old.refresh_from_db()
    assert (old.retired_at is not None, old.retired_by, old.sealed) == (True, admin, "")
    assert signs(application) == [new.key_id]
    entry = ActivityEntry.objects.first()
    assert (entry.verb, entry.before, entry.after, entry.reason) == (
        "signing_key.retired",
        {"key": old.key_id},
        None,
        "Yearly",
    )
    exported = export_configuration(application.keys.get(), by=admin)["signing_keys"]
    assert [key["key_id"] for key in exported] == [new.key_id]


def test_not_without_a_reason(signed_in, application, admin):
    old = application.signing_keys.get()
    add(application, admin)
    response = signed_in(admin).post(url(application, f"{old.pk}/retire/"), {"note": " "})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["note"])
    assert application.signing_keys.active().count() == 2


def test_the_last_one_stays(signed_in, application, admin):
    client, key = signed_in(admin), application.signing_keys.get()
    page = client.get(url(application)).content.decode()
    assert ONLY in page
    assert url(application, f"{key.pk}/retire/") not in page
    response = client.post(url(application, f"{key.pk}/retire/"), {"note": "Yearly"})
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [ONLY])
    assert (signs(application), ActivityEntry.objects.count()) == ([key.key_id], 0)


def test_retire_twice(signed_in, application, admin):
    old = application.signing_keys.get()
    add(application, admin)
    client = signed_in(admin)
    first, second = (client.post(url(application, f"{old.pk}/retire/"), {"note": "Yearly"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 422)
    assert second.context["form"].non_field_errors() == ["Already done: someone else retired this key."]
    assert ActivityEntry.objects.filter(verb="signing_key.retired").count() == 1


@pytest.mark.django_db(transaction=True)
def test_both_retired_at_once(application, admin):
    add(application, admin)

    def attempt(key):
        try:
            sealed.retire_signing_key(key, by=admin, reason="Yearly")
        except ActionRefused as refused:
            return refused.message
        finally:
            connection.close()
        return "retired"

    with ThreadPoolExecutor(2) as threads:
        outcomes = threads.map(attempt, application.signing_keys.select_related("application"))
        assert sorted(outcomes) == [ONLY, "retired"]
    assert application.signing_keys.active().count() == 1


@pytest.mark.django_db(transaction=True)
def test_retired_by_two_at_once(application, admin):
    add(application, admin)
    key = application.signing_keys.select_related("application").last()

    def attempt(_number):
        try:
            sealed.retire_signing_key(key, by=admin, reason="Yearly")
        except Conflict:
            return "overtaken"
        finally:
            connection.close()
        return "retired"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(attempt, range(2))) == ["overtaken", "retired"]


def test_the_dialog_warns_of_a_key_that_no_app_can_know(signed_in, application, admin):
    old = application.signing_keys.get()
    export_configuration(application.keys.get(), by=admin)
    add(application, admin)
    client = signed_in(admin)
    warning = "The configuration file has not been downloaded since another key was added, so no app has that key yet."

    dialog = url(application, f"{old.pk}/retire/")
    [first, *rest] = effects(client.get(dialog))
    assert (first, len(rest)) == (warning, 3)
    export_configuration(application.keys.get(), by=admin)
    assert effects(client.get(dialog)) == rest


# The page -----------------------------------------------------------------------------------------------------------


def test_what_everyone_of_the_team_sees(signed_in, application, admin, team_admin):
    old, new = application.signing_keys.get(), add(application, admin)
    sealed.retire_signing_key(old, by=admin, reason="Yearly")
    page = signed_in(team_admin).get(url(application))
    text = page.content.decode()
    for words in (new.key_id, new.public_key, old.key_id, "Created by the console", str(admin), "Retired"):
        assert words in text
    assert "Only application administrators can do this." in text
    assert "/retire/" not in text


def test_the_step_that_comes_next(signed_in, application, admin):
    client = signed_in(admin)

    def step():
        return client.get(url(application)).context["step"]

    export_configuration(application.keys.get(), by=admin)
    assert step() == 1
    add(application, admin)
    assert step() == 2
    export_configuration(application.keys.get(), by=admin)
    assert step() == 3


def test_the_applications_page_links_here(signed_in, application, reviewer):
    text = signed_in(reviewer).get(application.get_absolute_url()).content.decode()
    assert application.signing_keys.get().key_id in text
    assert f'href="{url(application)}"' in text


def test_the_private_key_is_nowhere(signed_in, application, admin, caplog):
    client = signed_in(admin)
    client.post(url(application, "add/"))
    old, new = application.signing_keys.order_by("id")
    secrets = [text for key in (old, new) for text in (key.sealed, unseal(key.sealed))]
    answers = [
        client.get(url(application)),
        client.get(application.get_absolute_url()),
        client.get(url(application, "add/")),
        client.get(url(application, f"{new.pk}/retire/"), headers=DIALOG),
        client.post(url(application, f"{old.pk}/retire/"), {"note": "Yearly"}),
        client.get(url(application)),
        client.post(f"/apps/{application.application_id}/configuration/", {"key": application.keys.get().pk}),
        client.get(f"/apps/{application.application_id}/activity/"),
    ]
    kept = [str(row) for model in (ActivityEntry, Notification) for row in model.objects.values()]
    places = [answer.content.decode() for answer in answers] + kept + [caplog.text]
    assert [secret for secret in secrets for place in places if secret in place] == []


def test_the_other_administrators_are_told(application, admin):
    other = factories.make_reviewer(application, "app_admin")
    old = application.signing_keys.get()
    add(application, admin)
    sealed.retire_signing_key(old, by=admin, reason="Yearly")
    told = Notification.objects.filter(kind="keys").order_by("id")
    assert [(row.user, row.text, row.url) for row in told] == [
        (other, f"{admin} added a signing key to Metro Wallet", url(application)),
        (other, f"{admin} retired a signing key of Metro Wallet", url(application)),
    ]


# Who may ------------------------------------------------------------------------------------------------------------


def test_403_404_405(signed_in, application, admin, reviewer, team_admin, outsider):
    key = application.signing_keys.get()
    moves = ("add/", f"{key.pk}/retire/")
    for user, status in ((reviewer, 403), (team_admin, 403), (outsider, 404)):
        client = signed_in(user)
        for move in moves:
            assert client.get(url(application, move)).status_code == status
            assert client.post(url(application, move), {"note": "x"}).status_code == status
    assert signed_in(outsider).get(url(application)).status_code == 404
    other = factories.make_application().signing_keys.get()
    assert signed_in(admin).post(url(application, f"{other.pk}/retire/"), {"note": "x"}).status_code == 404
    assert signed_in(admin).put(url(application, "add/")).status_code == 405
    assert SigningKey.objects.filter(application=application).count() == 1


def test_an_old_proof_asks_for_the_password(signed_in, application, admin):
    client = signed_in(admin)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(url(application, "add/")).status_code == 403
        assert application.signing_keys.count() == 1
        assert client.post(url(application, "add/"), {"sudo_password": factories.PASSWORD}).status_code == 302
    assert application.signing_keys.count() == 2
