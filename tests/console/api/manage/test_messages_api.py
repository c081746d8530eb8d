"""Templates and messages by API (A-2, M-1 to M-3, M-7, M-8)."""

from __future__ import annotations

import pytest

from messaging.models import MyTemplate
from tests import factories
from tests.console.api.manage.sending import get, send, wrong_fields

pytestmark = pytest.mark.django_db


def test_adds_a_template_in_the_order_that_was_sent_and_deletes_it(program, robot):
    public = factories.make_public_template("Arrival")
    client, url = robot(program, "read", "configure"), f"/programs/{program.app_id}"
    [offered] = get(client, f"{url}/template-library", q="Arrival", kind="one_time")["items"]
    assert [(word["number"], word["key"]) for word in offered["keywords"]][:2] == [(1, "thing1"), (2, "time2")]
    wanted = {"number": public.number, "keywords": [2, 1], "note": "At the stop"}
    made = send(client, "POST", f"{url}/templates", **wanted)
    assert (made.status_code, [word["key"] for word in made.json()["keywords"]]) == (201, ["time2", "thing1"])
    assert wrong_fields(send(client, "POST", f"{url}/templates", **{**wanted, "keywords": [1, 2]})) == ["keywords"]

    one = f"{url}/templates/{made.json()['template_id']}"
    assert get(client, one) == get(client, f"{url}/templates")["items"][0] == made.json()
    for _again in range(2):
        deleted = client.delete(f"/api/v1{one}", headers={"Idempotency-Key": "once"})
        assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get(f"/api/v1{one}").status_code == 404
    assert not MyTemplate.objects.live().exists()


@pytest.mark.parametrize("change", [{"number": 1}, {"keywords": [1, 99]}, {"keywords": []}, {"keywords": [1, 1]}])
def test_says_what_is_wrong_with_a_template(program, robot, change):
    wanted = {"number": factories.make_public_template().number, "keywords": [1]} | change
    answer = send(robot(program, "configure"), "POST", f"/programs/{program.app_id}/templates", **wanted)
    assert wrong_fields(answer) == [*change]


@pytest.fixture
def messages(program):
    """Four messages, of which the second failed; the newest first."""
    user = factories.make_program_user(program, factories.make_binding(program).application)
    consent = factories.make_consent(user, factories.make_template(program), granted=4)
    states = ("waiting", "failed", "waiting", "waiting")
    return [factories.make_message(consent, state=state, reason="x" * (state == "failed")) for state in states][::-1]


def test_lists_messages_in_pages_and_opens_one(program, robot, messages):
    client, url = robot(program, "read"), f"/programs/{program.app_id}/messages"
    first = get(client, url, limit=3)
    second = get(client, url, limit=3, cursor=first["next"])
    assert [each["id"] for each in first["items"] + second["items"]] == [message.pk for message in messages]
    assert second["next"] == ""
    [failed] = get(client, url, state="failed")["items"]
    assert (failed["reason"], failed["next_try_at"], "…" in failed["recipient"]) == ("x", None, True)
    opened = get(client, f"{url}/{failed['id']}")
    assert {**opened, **failed} == opened
    assert opened["values"]["thing1"] == "Harbour Clinic"
    days = get(client, f"/programs/{program.app_id}/message-days")["items"]
    assert (len(days), days[-1]["waiting"], days[-1]["failed"]) == (14, 3, 1)
    assert wrong_fields(client.get(f"/api/v1{url}", {"since": "never"})) == ["since"]
    assert wrong_fields(client.get(f"/api/v1{url}", {"cursor": "x"})) == ["cursor"]


def test_says_which_criterion_is_of_no_message_of_the_program(program, robot, messages):
    client, url = robot(program, "read"), f"/programs/{program.app_id}/messages"
    other = factories.make_template(factories.make_program()).template_id
    elsewhere = factories.make_application().application_id
    for name, values in (("template_id", ("0" * 43, other)), ("application_id", ("ha00000000000000", elsewhere))):
        for value in values:
            assert wrong_fields(client.get(f"/api/v1{url}", {name: value})) == [name]
    known = {"template_id": messages[0].template.template_id, "application_id": messages[0].application.application_id}
    assert len(get(client, url, **known)["items"]) == 4


def test_sends_a_failed_message_again_once(program, robot, messages):
    client, url = robot(program, "configure"), f"/programs/{program.app_id}/messages/{messages[2].pk}/replay"
    assert send(client, "POST", url).json()["state"] == "waiting"
    assert send(client, "POST", url).status_code == 409
