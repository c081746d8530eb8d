"""Decisions by reviewers' own tokens: what waits, its code, approve and reject (A-2, P-1, P-2, V-10, L-6, D-2, D-3)."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from devmgmt.models import ApiPermission
from miniprograms.models import Binding
from tests import factories

pytestmark = pytest.mark.django_db
REVIEWS = "/api/v1/reviews"


def post(client, path, **data):
    return client.post(path, data, content_type="application/json")


@pytest.fixture
def application():
    return factories.make_application()


@pytest.fixture
def reviewer(application):
    return factories.make_reviewer(application)


@pytest.fixture
def client(reviewer, own_token):
    return own_token(reviewer, "decide")


def test_an_audit_is_read_and_approved(program, application, reviewer, client):
    factories.make_binding(program, application)
    audit = factories.make_audit(program)
    factories.make_report(audit.version, audit)
    [review] = client.get(REVIEWS).json()["items"]
    assert (review["kind"], review["version"], review["program"]["app_id"]) == ("audit", "1.0.0", program.app_id)
    assert (review["state"], review["why_not"], review["audit"]) == ("waiting", "", audit.number)
    url = f"{REVIEWS}/{review['id']}"
    assert client.get(url).json() == review
    assert client.get(f"{url}/report").json()["state"] == "written"
    assert post(client, f"{url}/report").status_code == 202
    package = client.get(f"{url}/package")
    assert len(package.getvalue()) == audit.version.package.size
    assert ActivityEntry.objects.filter(verb="package.downloaded").count() == 1

    changes = client.get(f"{url}/changes").json()
    assert (changes["base"], {file["kind"] for file in changes["files"]}) == (None, {"added"})

    refused = post(client, f"{url}/reject", note=" ")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "note")
    assert post(client, f"{url}/approve", until="2999-12-31").status_code == 422
    decided = post(client, f"{url}/approve", note="Well made").json()
    assert (decided["state"], decided["note"], decided["decided_by"]) == ("approved", "Well made", str(reviewer))
    assert post(client, f"{url}/approve").status_code == 409
    assert post(client, f"{url}/report").status_code == 422  # an audit keeps the report that it was decided with
    audit.version.refresh_from_db()
    assert audit.version.state == "approved"
    assert client.get(REVIEWS).json()["items"] == []
    assert [one["id"] for one in client.get(REVIEWS, {"state": "decided", "kind": "audit"}).json()["items"]] == [
        review["id"]
    ]
    entry = ActivityEntry.objects.get(verb="version.approved")
    assert (entry.actor_id, entry.source) == (reviewer.pk, "api")


def test_bindings_permissions_and_exemptions_are_decided_as_in_the_inbox(program, application, client):
    factories.make_online(program)
    bound = factories.make_binding(program, application, state="waiting")
    found = client.get(f"{REVIEWS}/binding-{bound.pk}").json()
    assert (found["version"], found["package_sha256"]) == ("1.0.0", program.versions.get().package.sha256)
    assert client.get(f"{REVIEWS}/binding-{bound.pk}/report").json()["state"] == "none"
    assert post(client, f"{REVIEWS}/binding-{bound.pk}/approve").json()["state"] == "approved"
    assert Binding.objects.get(pk=bound.pk).accepted_number == "1.0.0"

    asked = factories.make_permission(program, application, state="waiting")
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    granted = post(client, f"{REVIEWS}/permission-{asked.pk}/approve", until=day).json()
    assert (granted["api"], granted["state"], granted["expires_at"] is None) == ("wx.getLocation", "approved", False)
    assert timezone.localdate(ApiPermission.objects.get().expires_at).isoformat() == day
    assert client.get(f"{REVIEWS}/permission-{asked.pk}/report").status_code == 404

    skip = factories.make_exemption(program, application, state="waiting")
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    refused = post(client, f"{REVIEWS}/exemption-{skip.pk}/approve", until=yesterday).json()
    assert refused["errors"][0]["field"] == "until"
    rejected = post(client, f"{REVIEWS}/exemption-{skip.pk}/reject", note="Name the hosts").json()
    assert (rejected["state"], rejected["note"]) == ("rejected", "Name the hosts")


def numbers(review):
    return [accepted["version"] for accepted in review["accepts"]]


def test_an_approval_that_names_versions_accepts_no_other(program, application, client):
    factories.make_online(program)
    bound = factories.make_binding(program, application, state="waiting")
    url = f"{REVIEWS}/binding-{bound.pk}"
    seen = numbers(client.get(url).json())
    factories.make_online(program, "1.1.0")
    refused = post(client, f"{url}/approve", versions=seen)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "1.1.0 has gone online since you opened this. Check it again.",
    )
    seen = numbers(client.get(url).json())
    factories.make_approved(program, "1.2.0")
    refused = post(client, f"{url}/approve", versions=seen)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "1.2.0 has passed its audit since you opened this. Check it again.",
    )
    assert post(client, f"{url}/approve", versions=[]).status_code == 409
    assert post(client, f"{url}/approve", versions=numbers(client.get(url).json())).json()["state"] == "approved"

    asked = factories.make_permission(program, application, state="waiting")
    refused = post(client, f"{REVIEWS}/permission-{asked.pk}/approve", versions=["1.1.0"])
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "versions")


def test_each_version_that_approving_a_binding_accepts_is_named_and_can_be_read(program, application, client):
    factories.make_online(program)
    for number in ("0.9.0", "1.1.0", "1.2.0"):
        factories.make_approved(program, number)
    bound = factories.make_binding(program, application, state="waiting")
    url = f"{REVIEWS}/binding-{bound.pk}"
    found = client.get(url).json()
    assert [(one["version"], one["state"]) for one in found["accepts"]] == [
        ("1.0.0", "online"),
        ("1.2.0", "approved"),
        ("1.1.0", "approved"),
    ]
    assert (found["version"], found["package_sha256"]) == ("1.0.0", found["accepts"][0]["package_sha256"])
    for one in found["accepts"]:
        asked = {"version": one["version"]}
        assert post(client, f"{url}/report?version={one['version']}").json()["version"] == one["version"]
        assert client.get(f"{url}/report", asked).json() == {
            "version": one["version"], "state": "writing", "written_at": None, "findings": None,
        }  # fmt: skip
        assert client.get(f"{url}/changes", asked).json()["version"] == one["version"]
        package = client.get(f"{url}/package", asked).getvalue()
        assert hashlib.sha256(package).hexdigest() == one["package_sha256"]
    for other in ("0.9.0", "9.9.9", "x"):
        assert client.get(f"{url}/report", {"version": other}).status_code == 404
    assert client.get(f"{url}/changes").json()["version"] == "1.0.0"
    assert client.get(REVIEWS).json()["items"][0]["accepts"] is None


def test_an_audit_has_its_own_version_alone(program, application, client):
    factories.make_binding(program, application)
    decision = factories.make_audit(program).decisions.get()
    factories.make_version(program, "2.0.0")
    url = f"{REVIEWS}/audit-{decision.pk}"
    assert client.get(url).json()["accepts"] is None
    assert client.get(f"{url}/changes", {"version": "1.0.0"}).status_code == 200
    assert client.get(f"{url}/changes", {"version": "2.0.0"}).status_code == 404


def test_the_list_comes_in_pages_over_all_kinds(program, application, client):
    now = timezone.now()
    same = {"state": "waiting", "requested_at": now}
    expected = [
        f"permission-{factories.make_permission(program, application, 'wx.b', **same).pk}",
        f"permission-{factories.make_permission(program, application, 'wx.a', **same).pk}",
    ][::-1]
    expected += [
        f"exemption-{factories.make_exemption(program, application, **same).pk}",
        f"binding-{factories.make_binding(program, application, **same).pk}",
    ]
    older = {**same, "requested_at": now - timedelta(days=1)}
    expected.append(f"permission-{factories.make_permission(program, application, 'wx.c', **older).pk}")
    seen, cursor = [], ""
    for _page in range(4):
        page = client.get(REVIEWS, {"limit": 2, "cursor": cursor}).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == expected
    [only] = client.get(REVIEWS, {"kind": "exemption", "application_id": application.application_id}).json()["items"]
    assert only["id"] == expected[2]
    for wrong in (
        {"cursor": "17"},
        {"state": "gone"},
        {"application_id": "\0"},
        {"cursor": "9999999999999999-audit-0"},
    ):
        assert client.get(REVIEWS, wrong).status_code == 422


def test_nobody_decides_their_own_or_for_others(program, application, reviewer, client, own_token, robot):
    factories.make_binding(program, application)
    audit = factories.make_audit(program, by=reviewer)
    audit.decisions.update(id=90_000_000)  # which no binding has
    url = f"{REVIEWS}/audit-{audit.decisions.get().pk}"
    assert client.get(url).json()["why_not"]
    assert post(client, f"{url}/approve").json()["code"] == "refused"  # P-2
    colleague = own_token(factories.make_member(application.team, "admin"), "decide")
    assert post(colleague, f"{url}/approve").json()["code"] == "permission"
    stranger = own_token(factories.make_reviewer(factories.make_application()), "decide")
    machine = robot(program, "read")  # a robot has no such scope
    assert post(stranger, f"{url}/approve").status_code == 404
    assert post(machine, f"{url}/approve").json()["code"] == "scope"
    assert (stranger.get(REVIEWS).json()["items"], colleague.get(REVIEWS).json()["items"]) == ([], [])
    for wrong in ("audit", "audit-0", "audit-99999999", f"binding-{audit.decisions.get().pk}", "17", "permission-x"):
        assert client.get(f"{REVIEWS}/{wrong}").status_code == 404
