"""Privacy agreements by API (A-2, S-1, S-2, S-4)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from miniprograms.privacy.models import FoundData
from tests import factories
from tests.console.api.manage.sending import get, send, wrong_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(program):
    return f"/programs/{program.app_id}/agreements"


def test_from_our_template_to_a_version_that_is_online(program, robot, url):
    client = robot(program, "read", "configure")
    found = {"version_number": "1.0.0", "data_types": ["camera"], "found_at": timezone.now()}
    FoundData.objects.create(mini_program=program, **found)
    begun = get(client, f"{url}/draft")
    assert (begun["revision"], begun["why_not"]) == (0, "Write the agreement first.")
    assert begun["undeclared"] == [each["kind"] for each in begun["data"]] == ["camera"]
    assert wrong_fields(send(client, "POST", f"{url}/draft/publish")) == [""]
    facts = {
        "data": [{"kind": "location", "purpose": "to show the next stop"}],
        "third_parties": [{"name": "Maps", "purpose": "to draw the map", "link": "https://maps.example.com"}],
        "contact_email": "privacy@example.com",
        "retention": "30 days",
        "effective_on": timezone.localdate().isoformat(),
    }
    saved = send(client, "PATCH", f"{url}/draft", **facts, revision=0).json()
    assert {name: saved[name] for name in facts} == facts
    assert (saved["revision"], saved["why_not"], saved["text_en"]) == (1, "", begun["text_en"])

    online = send(client, "POST", f"{url}/draft/publish", note="First", revision=1)
    assert (online.status_code, online.json()["number"], online.json()["asks_again"]) == (201, 1, True)
    assert get(client, f"{url}/1") == online.json()
    [listed] = get(client, url)["items"]
    assert {**online.json(), **listed} == online.json()
    assert "text_en" not in listed


def test_changes_what_is_named_and_refuses_an_old_revision(program, robot, url):
    factories.make_privacy_draft(program, retention="1 year")
    client = robot(program, "configure")
    saved = send(client, "PATCH", f"{url}/draft", data=[], contact_phone="+85212345678").json()
    assert (saved["data"], saved["retention"], saved["contact_phone"]) == ([], "1 year", "+85212345678")
    for path, method in ((f"{url}/draft", "PATCH"), (f"{url}/draft/publish", "POST")):
        late = send(client, method, path, revision=1)
        assert (late.status_code, late.json()["code"]) == (409, "conflict")


def test_says_what_is_wrong_with_a_draft(program, robot, url):
    factories.make_privacy_draft(program)
    client = robot(program, "configure")
    for change, field in (
        ({"contact_email": "nobody"}, "contact_email"),
        ({"effective_on": "soon"}, "effective_on"),
        ({"text_en": "{{nothing}}"}, "text_en"),
        ({"third_parties": [{"name": "Maps", "link": "http://maps.example.com"}]}, "third_parties.0.link"),
        ({"data": [{"kind": "location", "purpose": "x" * 201}]}, "data.location.purpose"),
        ({"data": [{"kind": "shoe_size"}]}, "data.0.kind"),
    ):
        assert wrong_fields(send(client, "PATCH", f"{url}/draft", **change)) == [field]
    assert wrong_fields(send(client, "POST", f"{url}/draft/publish")) == [""]  # no retention, no date


def test_asks_users_again_when_it_concerns_them_or_when_it_is_said(program, robot, url):
    day = timezone.localdate()
    stated = {"retention": "1 year", "effective_on": day}
    factories.make_agreement(program, **stated)
    factories.make_privacy_draft(program, **{**stated, "contact_phone": "+85212345678"})
    client = robot(program, "configure")
    assert send(client, "POST", f"{url}/draft/publish").json()["asks_again"] is False
    send(client, "PATCH", f"{url}/draft", retention="2 years")
    assert send(client, "POST", f"{url}/draft/publish", asks_again=True).json()["asks_again"] is True
