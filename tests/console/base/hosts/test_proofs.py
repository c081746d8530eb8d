"""What needs an installation proof (R-9): chosen by the application administrator, and seen by everyone of the team."""

from __future__ import annotations

import pytest
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts.actions import proving
from console.base.hosts.models import HostApplication
from tests import factories

NO_SECRET = "Generate the server secret first. Without it, apps can’t get proofs."


def url(application, move=""):
    return f"/apps/{application.application_id}/proofs/{move}"


def required(application):
    application.refresh_from_db()
    return [use for use, is_required in application.proofs_required.items() if is_required]


@pytest.fixture
def secret(application):
    """Of the application's server."""
    return factories.make_server_secret(application)


def test_require(signed_in, application, admin, secret):
    other = factories.make_reviewer(application, "app_admin")
    client, before = signed_in(admin), timezone.now()
    response = client.post(url(application, "require/"), {"uses": ["places", "logs"], "seen": ""})
    assert (response.status_code, response["Location"]) == (302, url(application))
    assert required(application) == ["places", "logs"]
    assert application.places_proved_since >= before
    entry = ActivityEntry.objects.get(verb="application.proofs_required")
    off = dict.fromkeys(("places", "consents", "reports", "logs"), False)
    assert (entry.before, entry.after) == (off, off | {"places": True, "logs": True})
    assert [row.url for row in Notification.objects.filter(user=other)] == [url(application)]


def test_what_stays_required_keeps_its_date(application, admin, secret):
    since = proving.require_proofs(application, uses=["places"], seen=[], by=admin).places_proved_since
    changed = proving.require_proofs(application, uses=["places", "reports"], seen=["places"], by=admin)
    assert changed.places_proved_since == since < changed.reports_proved_since
    assert required(proving.require_proofs(changed, uses=[], seen=["places", "reports"], by=admin)) == []
    proving.require_proofs(changed, uses=[], seen=[], by=admin)
    assert ActivityEntry.objects.count() == 3  # what changes nothing is no event


def test_needs_a_server_secret(signed_in, application, admin):
    client = signed_in(admin)
    assert NO_SECRET in client.get(url(application)).content.decode()
    response = client.post(url(application, "require/"), {"uses": ["places"], "seen": ""})
    assert (response.status_code, response.context["form"].errors["uses"]) == (422, [NO_SECRET])
    with pytest.raises(ActionRefused):
        proving.require_proofs(application, uses=["logs"], seen=[], by=admin)
    assert required(application) == []


def test_who_comes_second_is_told(signed_in, application, admin, secret):
    proving.require_proofs(application, uses=["places"], seen=[], by=admin)
    response = signed_in(admin).post(url(application, "require/"), {"uses": ["logs"], "seen": ""})
    assert (response.status_code, required(application)) == (422, ["places"])
    with pytest.raises(Conflict):
        proving.require_proofs(application, uses=[], seen=["logs"], by=admin)


@pytest.mark.parametrize("uses", [["everything"], ["places", "x"]])
def test_only_known_uses(signed_in, application, admin, secret, uses):
    assert signed_in(admin).post(url(application, "require/"), {"uses": uses, "seen": ""}).status_code == 422
    assert required(application) == []


def test_end_proofs(signed_in, application, admin):
    client = signed_in(admin)
    assert 'name="seen" value="1"' in client.get(url(application, "end/")).content.decode()
    assert client.post(url(application, "end/"), {"note": "", "seen": "1"}).status_code == 422
    asked = {"note": "The secret leaked", "seen": "1"}
    response = client.post(url(application, "end/"), asked)
    assert (response.status_code, response["Location"]) == (302, url(application))
    assert HostApplication.objects.get().proof_series == 2
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.reason) == ("application.proofs_ended", "The secret leaked")
    with pytest.raises(Conflict):
        proving.end_proofs(application, seen=1, by=admin, reason="Late")
    late = client.post(url(application, "end/"), asked)  # of a page that was open before
    assert (late.status_code, HostApplication.objects.get().proof_series) == (422, 2)


def test_the_page_says_what_it_means(signed_in, application, admin, secret):
    client = signed_in(admin)
    assert "read and change the consents of any account" in client.get(url(application)).content.decode()
    proving.require_proofs(application, uses=["consents"], seen=[], by=admin)
    text = client.get(url(application)).content.decode()
    assert "Only the account named in the proof" in text
    assert "1,000,000 per second" in text
    assert "required since" in client.get(application.get_absolute_url()).content.decode()


def test_a_reviewer_sees_and_changes_nothing(signed_in, application, secret):
    client = signed_in(factories.make_reviewer(application))
    assert client.get(url(application)).status_code == 200
    for move in ("require/", "end/"):
        assert client.post(url(application, move), {"uses": ["places"], "seen": "", "note": "x"}).status_code == 403
    assert required(application) == []
