"""Device keys: added and revoked by the application administrator."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.accounts.permissions import ApplicationRole
from console.base.accounts.states import NotificationKind
from console.base.activity.models import ActivityEntry
from console.base.core.errors import Conflict
from console.base.hosts import actions
from tests import factories
from tests.dialogs import effects


def add_url(application):
    return f"/apps/{application.application_id}/keys/add/"


def revoke_url(application, key):
    return f"/apps/{application.application_id}/keys/{key.pk}/revoke/"


def test_add(signed_in, application, admin):
    response = signed_in(admin).post(add_url(application))
    assert (response.status_code, response["Location"]) == (302, f"/apps/{application.application_id}/")
    assert application.keys.active().count() == 2
    new = application.keys.first()
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.target_label, entry.after) == (
        "application_key.added",
        "Metro Wallet",
        {"key": f"…{new.key[-4:]}"},
    )
    assert new.key not in str(entry.after)


def test_revoke(signed_in, application, admin):
    actions.add_key(application, by=admin)
    key = application.keys.last()
    response = signed_in(admin).post(revoke_url(application, key), {"note": "Old build"})
    assert response.status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert application.keys.active().count() == 1
    entry = ActivityEntry.objects.first()
    assert (entry.verb, entry.before, entry.reason) == (
        "application_key.revoked",
        {"key": str(key)},
        "Old build",
    )


def test_the_other_administrators_are_notified_of_both(application, admin):
    other = factories.make_reviewer(application, ApplicationRole.APP_ADMIN)
    key = actions.add_key(application, by=admin)
    actions.revoke_key(key, by=admin, reason="Old build")

    revoked, added = Notification.objects.all()
    assert (added.user, added.kind, added.detail) == (other, NotificationKind.KEYS, str(key))
    assert added.text == f"{admin} added a device key to Metro Wallet"
    assert (revoked.user, revoked.detail) == (other, f"{key}\nOld build")
    assert revoked.text == f"{admin} revoked a device key of Metro Wallet"
    assert added.url == revoked.url == application.get_absolute_url()


def test_revoking_the_last_key_is_possible_and_its_dialog_says_what_follows(signed_in, application, admin):
    client, key = signed_in(admin), application.keys.get()
    words = "This is the last active key. Devices get nothing until you ship the app with a new key."
    assert effects(client.get(revoke_url(application, key)))[1] == words
    assert client.post(revoke_url(application, key)).status_code == 302
    assert application.keys.active().count() == 0
    page = client.get(f"/apps/{application.application_id}/")
    assert "No active key." in page.content.decode()


def test_revoke_twice(signed_in, application, admin):
    client, key = signed_in(admin), application.keys.get()
    actions.revoke_key(key, by=admin)
    response = client.post(revoke_url(application, key))
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["Already done: someone else revoked this key."]
    assert ActivityEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_revoked_by_two_at_once(application, admin):
    key = application.keys.select_related("application").get()

    def revoke(_):
        try:
            actions.revoke_key(key, by=admin)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(revoke, range(4))) == [False, False, False, True]
    assert ActivityEntry.objects.count() == 1


def test_lower_roles_may_not(signed_in, application, reviewer, team_admin):
    key = application.keys.get()
    for user in (reviewer, team_admin):
        client = signed_in(user)
        assert [
            client.post(add_url(application)).status_code,
            client.post(revoke_url(application, key)).status_code,
        ] == [
            403,
            403,
        ]
    assert application.keys.active().count() == 1


def test_elsewhere_it_does_not_exist(signed_in, application, outsider):
    client, key = signed_in(outsider), application.keys.get()
    own = outsider.application_roles.get().application
    targets = [add_url(application), revoke_url(application, key), revoke_url(own, key)]
    assert [client.post(target).status_code for target in targets] == [404, 404, 404]


def test_wrong_method(signed_in, application, admin):
    client, key = signed_in(admin), application.keys.get()
    assert [client.put(add_url(application)).status_code, client.put(revoke_url(application, key)).status_code] == [
        405,
        405,
    ]


def test_an_old_proof_asks_for_the_password(signed_in, application, admin):
    client, key = signed_in(admin), application.keys.get()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        targets = [add_url(application), revoke_url(application, key)]
        assert [client.post(target).status_code for target in targets] == [403, 403]
        assert application.keys.active().count() == 1
        assert client.post(add_url(application), {"sudo_password": factories.PASSWORD}).status_code == 302
