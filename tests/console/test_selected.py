"""What is done with selected rows of a list: each by its own verb, the refused ones named, no other touched."""

from __future__ import annotations

import pytest
from django.urls import reverse

from console.base.accounts.permissions import TeamRole
from console.base.activity.models import ActivityEntry
from messaging.models import Message
from tests import factories
from tests.dialogs import effects

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return factories.make_team("Harbour")


@pytest.fixture
def admin(team):
    return factories.make_member(team, "admin")


def member(team, role, name):
    user = factories.make_user(name)
    factories.join(team, user, role)
    return team.memberships.get(user=user)


def url_of(team, act):
    return reverse("accounts:selected_members", args=[team.pk, act])


def query(*rows):
    return "?" + "&".join(f"row={row.pk}" for row in rows)


def said(client, answer):
    assert answer.status_code == 302, answer.content.decode()
    return " ".join(str(message) for message in client.get(answer.url).context["messages"])


def test_members_get_a_role_each_by_its_verb(team, admin, signed_in):
    client = signed_in(admin)
    ada, omar, jun = (
        member(team, role, name) for role, name in (("developer", "Ada"), ("viewer", "Omar"), ("viewer", "Jun"))
    )
    address = url_of(team, "viewer") + query(ada, omar)
    dialog = client.get(address).content.decode()
    assert "Omar has this role already." in dialog
    words = said(client, client.post(address))
    assert "Role of Ada changed." in words
    assert "1 was not changed. Omar: Omar has this role already." in words
    assert [row.role for row in (ada, omar, jun) if not row.refresh_from_db()] == ["viewer"] * 3
    assert ActivityEntry.objects.filter(verb="member.role_changed").count() == 1


def test_members_are_removed_but_never_oneself_or_the_last_administrator(team, admin, signed_in):
    client = signed_in(admin)
    ada, own = member(team, "developer", "Ada"), team.memberships.get(user=admin)
    other = factories.make_member(factories.make_team(), "viewer").memberships.get()
    address = url_of(team, "remove") + query(ada, own, other)
    client.post(address, {"note": "The project is over."})
    assert list(team.memberships.all()) == [own]
    assert ActivityEntry.objects.get(verb="member.removed").reason == "The project is over."
    assert other.team.memberships.filter(pk=other.pk).exists()


def test_a_dialog_says_what_follows_from_all_its_rows(team, admin, signed_in):
    """Nothing of a row that will not be touched, and not the acts themselves, which are its question."""
    ada, own = member(team, "developer", "Ada"), team.memberships.get(user=admin)
    omar = member(team, "developer", "Omar")
    application = factories.make_application(team=team, name="Metro Wallet")
    for row in (ada, omar):
        application.people.create(user=row.user, role="reviewer")
    dialog = signed_in(admin).get(url_of(team, "remove") + query(ada, omar, own))
    assert sorted(str(event.on) for event in dialog.context["follows"].events) == [
        "Ada, Reviewer of Metro Wallet",
        "Omar, Reviewer of Metro Wallet",
    ]
    assert "Roles in the team’s host apps end as well." in effects(dialog)
    assert "Host app role removed: Omar – Metro Wallet" in dialog.content.decode()


def test_dialogs_of_apis_say_who_loses_them_and_what_waits(signed_in):
    application = factories.make_application()
    ask, ring = (factories.make_api(application, name, restricted=False) for name in ("wx.ask", "wx.ring"))
    holds, half, other = (factories.make_program(name=name) for name in ("City Bus", "Parking", "Ferry"))
    for program in (holds, half, other):
        factories.make_binding(program, application)
    for program, api in ((holds, "wx.ask"), (holds, "wx.ring"), (half, "wx.ask")):
        factories.make_permission(program, application, api, state="approved")
    factories.make_permission(other, application, "wx.ring", state="waiting")
    client = signed_in(factories.make_reviewer(application, "app_admin"))

    def said_by(act):
        url = reverse("hosts:selected_apis", args=[application.application_id, act])
        return " ".join(effects(client.get(url + query(ask, ring))))

    assert "2 bound mini programs lose access after their next policy update: Ferry and Parking." in said_by("restrict")
    assert "3 grants take effect." in said_by("restrict")
    assert "3 grants are kept." in said_by("remove")
    assert "1 request is still waiting for a decision in Reviews." in said_by("remove")
    application.apis.update(restricted=True)
    assert "3 grants are kept. They take effect again if you restrict the API." in said_by("open")


def test_a_row_that_someone_else_took_meanwhile_is_not_asked_about(team, admin, signed_in):
    client = signed_in(admin)
    ada, omar = member(team, "developer", "Ada"), member(team, "developer", "Omar")
    address = url_of(team, "remove") + query(ada, omar)
    omar.delete()
    assert said(client, client.post(address)) == "Ada is no longer a member."
    assert said(client, client.post(address)) == "Select at least one row first."


def test_administrators_are_not_made_several_at_once(team, admin, signed_in):
    ada = member(team, "developer", "Ada")
    assert signed_in(admin).get(url_of(team, "admin") + query(ada)).status_code == 404


@pytest.mark.parametrize("role", [role for role in TeamRole if role != TeamRole.ADMIN])
def test_who_does_not_administer_the_team_sees_no_box(team, admin, signed_in, role):
    ada = member(team, "developer", "Ada")
    client = signed_in(factories.make_member(team, role))
    assert client.post(url_of(team, "remove") + query(ada)).status_code == 403
    assert "data-pick" not in client.get(reverse("accounts:detail", args=[team.pk])).content.decode()


def test_apis_are_restricted_and_opened(signed_in):
    application = factories.make_application()
    person = factories.make_reviewer(application, "app_admin")
    ask, ring = factories.make_api(application, "wx.ask"), factories.make_api(application, "wx.ring", restricted=False)
    foreign = factories.make_api(factories.make_application(), "wx.ask", restricted=False)
    client = signed_in(person)
    address = reverse("hosts:selected_apis", args=[application.application_id, "restrict"]) + query(ask, ring, foreign)
    words = said(client, client.post(address))
    assert "wx.ring is now restricted." in words
    assert "wx.ask: Already done: wx.ask is restricted." in words
    foreign.refresh_from_db()
    assert (foreign.restricted, application.apis.filter(restricted=False).exists()) == (False, False)


def test_failed_messages_are_sent_again(signed_in):
    program = factories.make_program()
    user = factories.make_program_user(program, factories.make_binding(program).application)
    consent = factories.make_consent(user, factories.make_template(program))
    failed, delivered = (factories.make_message(consent, state=state) for state in ("failed", "delivered"))
    client = signed_in(factories.make_member(program.team, "developer"))
    page = client.get(reverse("messaging:log", args=[program.app_id])).content.decode()
    assert page.count(" data-pick\n") + page.count(" data-pick ") == 1
    address = reverse("messaging:selected_messages", args=[program.app_id, "replay"]) + query(failed, delivered)
    words = said(client, client.post(address))
    assert "The message is waiting for delivery again." in words
    assert dict(Message.objects.values_list("pk", "state")) == {failed.pk: "waiting", delivered.pk: "delivered"}
    assert ActivityEntry.objects.filter(verb="message.replayed").count() == 1
