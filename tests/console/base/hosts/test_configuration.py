"""The configuration file: application administrators only, nothing keeps it, each download is on record."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.hosts import actions
from tests import factories


def url(application):
    return f"/apps/{application.application_id}/configuration/"


def test_it_works_and_each_time_is_on_record(signed_in, application, admin, settings):
    settings.BASE_URL = "https://console.example.com"
    client, key = signed_in(admin), application.keys.get()
    signing = application.signing_keys.get()
    for _ in range(2):
        response = client.post(url(application), {"key": key.pk})
        assert response.status_code == 200
        assert response.json() == {
            "application_id": application.application_id,
            "name": "Metro Wallet",
            "key": key.key,
            "base_url": "https://console.example.com",
            "runtime_url": "https://console.example.com/runtime/v1/",
            "signing_keys": [{"key_id": signing.key_id, "public_key": signing.public_key}],
        }
        assert response["Content-Disposition"] == f'attachment; filename="{application.application_id}.json"'
        assert response["Cache-Control"] == "no-store"
    entries = ActivityEntry.objects.all()
    assert [(entry.verb, entry.after) for entry in entries] == [
        ("application.configuration_downloaded", {"key": str(key)}),
        ("application.configuration_downloaded", {"key": str(key)}),
    ]


def test_looking_at_the_page_is_no_download(signed_in, application, admin):
    response = signed_in(admin).get(url(application))
    assert response.status_code == 200
    assert application.keys.get().key not in response.content.decode()
    assert ActivityEntry.objects.count() == 0


def test_a_revoked_key_cannot_be_chosen(signed_in, application, admin):
    key = application.keys.get()
    actions.revoke_key(key, by=admin)
    response = signed_in(admin).post(url(application), {"key": key.pk})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"key"}
    assert ActivityEntry.objects.filter(verb="application.configuration_downloaded").count() == 0


def test_another_applications_key_cannot_be_chosen(signed_in, application, admin):
    other = factories.make_application()
    response = signed_in(admin).post(url(application), {"key": other.keys.get().pk})
    assert response.status_code == 422
    assert ActivityEntry.objects.count() == 0


def test_lower_roles_may_not(signed_in, application, reviewer, team_admin):
    key = application.keys.get()
    for user in (reviewer, team_admin):
        client = signed_in(user)
        assert [
            client.get(url(application)).status_code,
            client.post(url(application), {"key": key.pk}).status_code,
        ] == [
            403,
            403,
        ]


def test_elsewhere_it_does_not_exist(signed_in, application, outsider):
    client = signed_in(outsider)
    assert [client.get(url(application)).status_code, client.post(url(application)).status_code] == [404, 404]


def test_wrong_method(signed_in, application, admin):
    assert signed_in(admin).put(url(application)).status_code == 405


def test_an_old_proof_asks_for_the_password(signed_in, application, admin):
    client, key = signed_in(admin), application.keys.get()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        refused = client.post(url(application), {"key": key.pk})
        assert refused.status_code == 403
        assert key.key not in refused.content.decode()
        proven = client.post(url(application), {"key": key.pk, "sudo_password": factories.PASSWORD})
        assert proven.json()["key"] == key.key
