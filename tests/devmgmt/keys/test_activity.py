"""Why a key was replaced, and its hint, are for the team's administrators (K-1): the log tells others that it was."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from console.api.manage import actions as tokens
from devmgmt.keys import actions
from tests.factories import join, make_delivery, make_member, make_team, make_webhook

REASON = "Leaked in a public repository"


@pytest.fixture
def hint(program, admin):
    """Of a secret that was frozen."""
    made = actions.generate(program, by=admin)
    actions.freeze(program, by=admin, reason=REASON)
    return f"…{made.secret[-4:]}"


def pages(program):
    """Every page that shows the log."""
    team = program.team
    names = [("miniprograms:activity", program.app_id), ("miniprograms:detail", program.app_id)]
    named = [reverse(name, args=[key]) for name, key in [*names, ("accounts:activity", team.pk)]]
    return ["/", "/activity/", *named, reverse("accounts:detail", args=[team.pk])]


@pytest.mark.parametrize("role", ["license_holder", "developer", "viewer"])
def test_others_read_that_it_happened_and_by_whom(signed_in, program, admin, hint, role):
    client = signed_in(make_member(program.team, role))
    for page in pages(program):
        text = client.get(page).content.decode()
        assert "AppSecret frozen" in text, page
        assert REASON not in text, page
        assert hint not in text, page


def test_administrators_read_why(signed_in, program, admin, hint):
    client = signed_in(admin)
    for page in pages(program):
        assert REASON in client.get(page).content.decode(), page
    for page in ("/activity/", reverse("miniprograms:activity", args=[program.app_id])):
        assert hint in client.get(page).content.decode(), page


def test_the_file_says_no_more_than_the_page(signed_in, program, admin, hint):
    for role, says_why in (("viewer", False), ("admin", True)):
        answer = signed_in(make_member(program.team, role)).get("/activity/?format=csv")
        text = b"".join(answer.streaming_content).decode()
        assert "AppSecret frozen" in text
        assert (REASON in text, hint in text) == (says_why, says_why)


def test_nor_does_the_api(program, admin, hint):
    values = {"name": "laptop", "addresses": [], "expires_at": None, "scopes": ["read"]}
    for role, says_why in (("viewer", False), ("admin", True)):
        made = tokens.create_own(make_member(program.team, role), **values)
        client = Client(headers={"Authorization": f"Bearer {made.secret}"})
        for path in ("activity", f"programs/{program.app_id}/activity", f"teams/{program.team.pk}/activity"):
            [entry] = client.get(f"/api/v1/{path}?event=secret.frozen").json()["items"]
            assert (entry["reason"] == REASON, bool(entry["changes"])) == (says_why, says_why)


def test_nor_does_a_webhook_that_heard_it(signed_in, program, hint):
    webhook = make_webhook(program.team).row
    make_delivery(webhook, name="secret.frozen", payload=f'{{"reason": "{REASON}"}}')
    for role, says_why in (("viewer", False), ("admin", True)):
        page = signed_in(make_member(program.team, role)).get(webhook.get_absolute_url()).content.decode()
        assert "secret.frozen" in page
        assert (REASON in page, "Only team administrators can see what was sent." in page) == (says_why, not says_why)


def test_who_administers_another_team_reads_no_more_of_this_one(signed_in, program, hint):
    viewer = make_member(program.team, "viewer")
    join(make_team(), viewer, "admin")
    assert REASON not in signed_in(viewer).get("/activity/").content.decode()
