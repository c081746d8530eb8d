"""Several APIs asked for at once are one item of the inbox, and are decided on one page (D-3)."""

from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.reviews import reminders
from devmgmt import actions
from devmgmt.models import ApiPermission
from miniprograms import actions as miniprograms
from tests import factories
from tests.console.home.reading import home_of, read
from tests.devmgmt.granting import at_once

APIS = ["wx.chooseAddress", "wx.getLocation", "wx.startRecord"]
INBOX = "/reviews/"


@pytest.fixture
def asked(program, application, bound):
    """Three APIs that were asked for at once, in the order of APIS."""
    for api in APIS:
        factories.make_api(application, api)
    asked = actions.apply_for_permissions(
        program, application=application, apis=APIS, reason="Stops nearby.", by=program.created_by
    )
    Notification.objects.all().delete()
    return asked


def page(asked):
    return asked[0].get_absolute_url()


def fields(asked, button="marked", **extra):
    return {"open": [row.pk for row in asked], "decision": button, **extra}


def states(asked):
    found = ApiPermission.objects.in_bulk([row.pk for row in asked])
    return [found[row.pk].state for row in asked]


def entries():
    rows = ActivityEntry.objects.filter(verb__startswith="permission").exclude(verb="permission.requested")
    return [(entry.verb, entry.target_label.partition(",")[0], entry.reason) for entry in rows.order_by("pk")]


def told():
    return [(notice.user, notice.text, notice.detail) for notice in Notification.objects.order_by("pk")]


def errors(response):
    return {name: list(found) for name, found in response.context["form"].errors.items()}


# One item ---------------------------------------------------------------------------------------------------------


def test_it_is_one_item_wherever_items_are_counted(signed_in, reviewer, team_admin, program, application, asked):
    alone = factories.make_permission(program, application, "wx.scanCode", state="waiting")
    client = signed_in(reviewer)
    response = client.get(INBOX)
    assert [(line.what, [row.api for row in line.together]) for line in response.context["lines"]] == [
        ("3 APIs", APIS),
        ("wx.scanCode", []),
    ]
    assert response.context["filter"].counts == {"waiting": 2, "decided": 1, "all": 3}  # with the binding
    home = home_of(client)
    assert home["frame"].waiting == 2
    assert [url for *_words, url in read(home["waiting"])] == [page(asked), alone.get_absolute_url()]
    assert "City Bus requests 3 APIs" in str(read(home["waiting"]))
    assert [row.waiting for row in signed_in(team_admin).get("/apps/").context["page"]] == [2]
    assert [line.what for line in client.get(INBOX, {"q": "startrec"}).context["lines"]] == ["3 APIs"]
    mine = home_of(signed_in(program.created_by))["elsewhere"]
    assert "3 APIs for City Bus" in str(read(mine))


def test_each_request_leads_to_the_page_of_all(signed_in, reviewer, asked):
    client = signed_in(reviewer)
    for row in asked:
        response = client.get(row.get_absolute_url())
        assert [permission.api for permission, *_rest in response.context["rows"]] == APIS


def test_reviewers_are_reminded_of_it_once(reviewer, asked):
    late = timezone.now() + timedelta(hours=50)
    assert [reminders.remind(at=late), reminders.remind(at=late + timedelta(hours=1))] == [1, 0]
    assert [text for _user, text, _detail in told()] == [
        "City Bus’s request for 3 APIs has been waiting 50 hours for Metro Wallet"
    ]


# Deciding ---------------------------------------------------------------------------------------------------------


def test_approve_all_with_one_click(signed_in, reviewer, application, asked):
    """Each with its own entry; who asked is notified once. And on to what waits next."""
    later = factories.make_exemption(factories.make_program(), application, state="waiting")
    response = signed_in(reviewer).post(page(asked), fields(asked, "approve"))
    assert (response.status_code, response["Location"]) == (302, later.get_absolute_url())
    assert states(asked) == ["approved"] * 3
    assert entries() == [("permission.approved", api, "") for api in APIS]
    assert told() == [
        (
            asked[0].requested_by,
            "Metro Wallet: 3 APIs granted for City Bus",
            "\n".join(f"{api}: Granted" for api in APIS),
        )
    ]


def test_mixed_decisions_in_one_form(signed_in, reviewer, asked):
    """A mark counts for its request, and the button for the others."""
    marks = {
        f"ruling_{asked[1].pk}": "reject",
        f"note_{asked[1].pk}": "Say what for.",
        f"ruling_{asked[2].pk}": "later",
    }
    response = signed_in(reviewer).post(page(asked), fields(asked, "approve", note="Fine.", **marks))
    assert (response.status_code, response["Location"]) == (302, INBOX)  # what was left for later is not next
    assert states(asked) == ["approved", "rejected", "waiting"]
    assert entries() == [
        ("permission.approved", APIS[0], "Fine."),
        ("permission.rejected", APIS[1], "Say what for."),
    ]
    [(_user, text, detail)] = told()
    assert text == "Metro Wallet: 1 API granted, 1 API rejected for City Bus"
    assert detail == f"{APIS[0]}: Granted – Fine.\n{APIS[1]}: Rejected – Say what for."
    [line] = signed_in(reviewer).get(INBOX).context["lines"]
    assert line.states == [("granted", "1 Granted"), ("rejected", "1 Rejected"), ("waiting", "1 Waiting")]


def test_reject_all_with_one_note(signed_in, reviewer, asked):
    client = signed_in(reviewer)
    assert errors(client.post(page(asked), fields(asked, "reject"))) == {
        "note": ["A rejection needs a note. Say what must change."]
    }
    client.post(page(asked), fields(asked, "reject", note="Say what for."))
    assert states(asked) == ["rejected"] * 3


def test_what_is_wrong_stands_beside_its_request_and_nothing_is_lost(signed_in, reviewer, asked):
    marks = {
        f"ruling_{asked[0].pk}": "reject",
        f"ruling_{asked[1].pk}": "approve",
        f"note_{asked[1].pk}": "Yes, please.",
    }
    client = signed_in(reviewer)
    response = client.post(page(asked), fields(asked, until="2020-01-01", **marks))
    assert response.status_code == 422
    assert errors(response) == {
        "until": ["Choose a date that isn’t in the past."],
        f"note_{asked[0].pk}": ["A rejection needs a note. Say what must change."],
    }
    shown = response.content.decode()
    assert "Yes, please." in shown
    # The focus goes to the field that is wrong, not to the box above.
    assert shown.count("is-invalid") == 1
    assert 'data-focus="errors"' in shown
    assert shown.count("checked") == 2
    assert errors(client.post(page(asked), fields(asked))) == {
        "__all__": ["Choose a decision for at least one request."]
    }
    assert errors(client.post(page(asked), {"decision": "approve"})) == {
        "__all__": ["Choose a decision for at least one request."]
    }
    assert entries() == []


def test_what_someone_else_moved_meanwhile_is_named_and_the_rest_stays(signed_in, reviewer, admin, program, asked):
    actions.decide(asked[0], approve=True, by=admin)
    actions.withdraw(asked[2], by=program.created_by)
    before = entries()
    marks = {f"ruling_{asked[1].pk}": "reject", f"note_{asked[1].pk}": "Say what for."}
    response = signed_in(reviewer).post(page(asked), fields(asked, "approve", **marks))
    assert (response.status_code, entries()) == (422, before)
    assert errors(response) == {
        f"ruling_{asked[0].pk}": ["Already done: this is now approved."],
        f"ruling_{asked[2].pk}": ["Already done: this is now withdrawn."],
    }
    text = response.content.decode()
    assert "Say what for." in text
    assert text.count('name="open"') == 1
    again = signed_in(reviewer).post(page(asked), fields(asked[1:2], "approve", **marks))
    assert (again.status_code, states(asked)) == (302, ["approved", "rejected", "withdrawn"])


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_once(reviewer, admin, asked):
    """One is first, as a whole; the other one's decisions are none, and name the request."""
    start = Barrier(2)

    def decide(by, approve):
        rows = list(ApiPermission.objects.select_related("application", "mini_program", "requested_by"))
        start.wait(timeout=10)
        rulings = [actions.Ruling(row, approve=approve, note="Say what for.") for row in rows]
        actions.decide_together(rulings, by=by)

    refusals = at_once(lambda: decide(reviewer, True), lambda: decide(admin, False))
    assert sorted(map(bool, refusals)) == [False, True]
    assert len(set(states(asked))) == 1
    assert (len(entries()), Notification.objects.count()) == (3, 1)


def test_nobody_decides_what_they_asked_for(signed_in, reviewer, asked):
    """P-2."""
    ApiPermission.objects.update(requested_by=reviewer)
    client = signed_in(reviewer)
    reason = "This is your own request. Someone else must decide."
    assert client.get(page(asked)).context["why_not"] == reason
    assert errors(client.post(page(asked), fields(asked, "approve"))) == {"__all__": [reason]}
    assert states(asked) == ["waiting"] * 3


def test_a_program_that_was_unbound_meanwhile(signed_in, reviewer, bound, program, asked):
    miniprograms.unbind(bound, by=program.created_by)
    response = signed_in(reviewer).post(page(asked), fields(asked, "approve"))
    assert [found for [found] in errors(response).values()] == ["Already done: this is now withdrawn."] * 3
    assert "City Bus is no longer bound to Metro Wallet." in " ".join(response.content.decode().split())


def test_who_may_not_decide_and_an_old_proof(signed_in, team_admin, outsider, reviewer, asked):
    """P-1, P-4: one question for the password, whatever the number of decisions."""
    for user, status in ((team_admin, 403), (outsider, 404), (asked[0].requested_by, 404)):
        assert signed_in(user).post(page(asked), fields(asked, "approve")).status_code == status
    client = signed_in(reviewer)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.get(page(asked)).content.decode().count('name="sudo_password"') == 1
        assert client.post(page(asked), fields(asked, "approve")).status_code == 403
    assert states(asked) == ["waiting"] * 3


def test_requests_of_another_submission_are_not_touched(signed_in, reviewer, application, asked):
    other = factories.make_permission(factories.make_program(), application, "wx.scanCode", state="waiting")
    signed_in(reviewer).post(page(asked), fields([*asked, other], "approve", **{f"ruling_{other.pk}": "approve"}))
    other.refresh_from_db()
    assert (states(asked), other.state) == (["approved"] * 3, "waiting")
