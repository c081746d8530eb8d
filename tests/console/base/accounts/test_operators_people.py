"""The operators' pages about people, and the security log of all accounts (P-6, P-7, P-12)."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery, devices, security, throttle
from console.base.accounts.actions import safety
from console.base.accounts.models import Invitation, SecurityEntry, User, UserSession
from console.base.accounts.states import SecurityKind
from console.base.hosts.models import ApplicationMember
from tests.console.base.accounts.acting import entries, let_proof_grow_old
from tests.factories import PASSWORD, join, make_application, make_member, make_team, make_user

PEOPLE = "/platform/people/"
NEW = "/platform/people/new/"
LOG = "/platform/security-log/"


@pytest.fixture
def client(operator, signed_in):
    return signed_in(operator)


@pytest.fixture
def root(signed_in, db):
    return signed_in(make_user("Root", is_staff=True, is_superuser=True))


def url(name, person):
    return reverse(f"platform:{name}", args=[person.pk])


def shown(client, **query):
    """The people of the list, in its order."""
    return [row.user for row in client.get(PEOPLE, query).context["rows"]]


def mails():
    delivery.send_waiting(at=timezone.now())
    return {message.to[0]: message.body for message in mail.outbox}


# The list ---------------------------------------------------------------------------------------------------------


def test_searches_filters_and_sorts(house, operator, client):
    Authenticator.objects.create(user=house.viewer, type=Authenticator.Type.TOTP, data={"secret": "hidden-secret"})
    Authenticator.objects.create(user=house.admin, type=Authenticator.Type.RECOVERY_CODES, data={})
    gone = make_user("Zoe", is_active=False)
    everyone = set(User.objects.all())

    assert set(shown(client)) == everyone
    assert shown(client, q=house.viewer.email.upper()) == [house.viewer]
    assert shown(client, show="operators") == [operator]
    assert set(shown(client, show="one_step")) == everyone - {house.viewer, gone}
    assert set(shown(client, show="never")) == everyone - {operator, gone}
    assert shown(client, show="inactive") == [gone]
    assert shown(client, sort="-name")[0] == gone
    assert shown(client, sort="-seen")[0] == operator
    later = timezone.now() + timedelta(minutes=5)
    UserSession.objects.create(user=house.viewer, session_key="used", address="203.0.113.7", last_used_at=later)
    assert shown(client, sort="-seen")[:2] == [house.viewer, operator]
    assert shown(client, sort="seen")[:2] == [operator, house.viewer]
    assert "hidden-secret" not in client.get(PEOPLE).content.decode()


def test_says_how_each_signs_in(house, client):
    Authenticator.objects.create(user=house.viewer, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=house.admin, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=house.admin, type=Authenticator.Type.WEBAUTHN, data={})
    fresh = actions.create_user(by=None, email="fresh@example.com", name="Fay")
    gone = make_user("Zoe", is_active=False)
    rows = {row.user: str(row.sign_in[1]) for row in client.get(PEOPLE).context["rows"]}
    people = (house.admin, house.viewer, house.developer, fresh, gone)
    assert [rows[person] for person in people] == [
        "Passkey", "Authenticator app", "Password only", "No password yet", "Deactivated",
    ]  # fmt: skip


def test_names_teams_roles_and_open_invitations(house, client):
    join(make_team("Annex"), house.viewer, "admin")
    for name in ("late", "sent", "unsent"):
        actions.invite(house.team, email=f"{name}@example.com", role="viewer", by=house.admin)
    now = timezone.now()
    Invitation.objects.exclude(email__startswith="un").update(emailed_at=now)
    Invitation.objects.filter(email__startswith="late").update(expires_at=now)
    page = client.get(PEOPLE)
    assert "Team administrator, Annex and 1 more" in page.content.decode()
    assert [row.email.partition("@")[0] for row in page.context["invitations"]] == ["unsent", "late", "sent"]


def test_as_many_queries_for_many_people(client, django_assert_max_num_queries):
    team = make_team()
    for _number in range(15):
        make_member(team, "viewer")
    client.get(PEOPLE)
    with django_assert_max_num_queries(20):
        assert client.get(PEOPLE).status_code == 200


# A new one --------------------------------------------------------------------------------------------------------


def test_makes_an_account_and_mails_the_link(client, settings):
    answer = client.post(NEW, {"email": "New@Example.com", "name": "Nia", "send_link": "on", "is_staff": "on"})
    person = User.objects.get(email="new@example.com")
    assert answer.url == url("person", person)
    assert not person.has_usable_password()
    assert not person.is_staff  # Only a superuser makes operators.
    made = {"name": "Nia", "email": "new@example.com", "active": True, "operator": False}
    assert entries() == [("user.created", "Olga", "Nia", None, made)]
    assert re.search(r"/account/password/reset/\S+", mails()["new@example.com"])


def test_without_the_link_nothing_is_mailed(client):
    client.post(NEW, {"email": "new@example.com", "name": "Nia"})
    assert User.objects.filter(email="new@example.com").exists()
    assert mails() == {}


def test_says_when_the_link_is_not_sent(client, operator):
    """More than an hour allows: the account is there, and nobody waits for a mail."""
    for number in range(throttle.RESET_MAILS.amount):
        assert client.post(url("send_password_link", operator)).status_code == 302, number
    refused = client.post(url("send_password_link", operator))
    assert refused.status_code == 422
    assert "No link sent to olga@example.com" in refused.context["form"].non_field_errors()[0]

    for _number in range(throttle.RESETS_OF_NETWORK.amount):
        throttle.RESETS_OF_NETWORK.take(devices.network_of("127.0.0.1"))
    page = client.post(NEW, {"email": "new@example.com", "name": "Nia", "send_link": "on"}, follow=True)
    assert [(message.level_tag, str(message)) for message in page.context["messages"]][-2:] == [
        ("warning", "No link sent to new@example.com: too many in the last hour. Try again in an hour."),
        ("success", "Account of Nia created."),
    ]
    assert "new@example.com" not in mails()


def test_an_address_that_is_taken_is_refused_beside_it(house, client):
    refused = client.post(NEW, {"email": house.viewer.email.upper(), "name": "Twin", "send_link": "on"})
    form = refused.context["form"]
    assert (refused.status_code, form.errors) == (422, {"email": ["Another account has this e-mail address."]})
    assert form["name"].value() == "Twin"
    assert entries() == []
    assert mails() == {}


def test_a_superuser_makes_an_operator(root):
    root.post(NEW, {"email": "new@example.com", "name": "Nia", "is_staff": "on"})
    assert User.objects.get(email="new@example.com").is_staff


# One of them ------------------------------------------------------------------------------------------------------


def test_shows_kinds_and_no_secrets(house, client):
    Authenticator.objects.create(user=house.viewer, type=Authenticator.Type.TOTP, data={"secret": "hidden-secret"})
    security.note(house.viewer, SecurityKind.SIGNED_IN, detail="somewhere")
    security.note(house.viewer, SecurityKind.WRONG_PASSWORD)
    page = client.get(url("person", house.viewer))
    text = page.content.decode()
    assert [entry.kind for entry in page.context["entries"]] == ["wrong_password"]
    assert "Viewer" in text
    assert reverse("platform:team", args=[house.team.pk]) in text
    assert "hidden-secret" not in text
    assert house.viewer.password not in text


def test_edits_with_one_entry(house, client):
    assert client.post(url("edit_person", house.viewer), {"name": "Mira"}).url == url("person", house.viewer)
    house.viewer.refresh_from_db()
    assert (house.viewer.name, house.viewer.is_active, house.viewer.is_staff) == ("Mira", False, False)
    assert [entry[0] for entry in entries()] == ["user.edited"]
    refused = client.post(url("edit_person", house.viewer), {"name": " ", "is_active": "on"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["name"])


def test_who_is_deactivated_is_out_at_once(house, client, signed_in):
    person = signed_in(house.viewer)
    client.post(url("edit_person", house.viewer), {"name": house.viewer.name})
    assert person.get("/").status_code == 302


def test_invitations_of_who_is_deactivated_end_in_every_team(house, operator, client):
    other = make_team("Ferries")
    join(other, house.developer, "admin")
    sent = [
        actions.invite(team, email=f"{name}@example.com", role="admin", by=by)
        for team, name, by in (
            (other, "ann", house.developer),
            (house.team, "bo", house.developer),
            (house.team, "dee", house.admin),
        )
    ]
    actions.accept_as_new_user(sent[1], name="Bo", password="plenty of sea air")
    client.post(url("edit_person", house.developer), {"name": "Renamed", "is_active": "on"})
    assert Invitation.objects.open().count() == 2

    client.post(url("edit_person", house.developer), {"name": "Renamed", "leave_unled": "on"})

    assert list(Invitation.objects.open()) == sent[2:]
    assert entries(other.pk)[-1][:3] == ("invitation.revoked", str(operator), "ann@example.com")


def test_only_a_superuser_makes_or_changes_operators(house, operator, client, root):
    typed = {"name": "Changed", "is_active": "on", "is_staff": "on"}
    client.post(url("edit_person", house.viewer), typed)
    assert not User.objects.get(pk=house.viewer.pk).is_staff
    other = make_user("Otto", is_staff=True)
    for person in (other, operator):
        assert client.post(url("edit_person", person), typed).status_code == 403
        assert client.post(url("ask_for_address", person), {"email": "x@example.com"}).status_code == 403
        assert "Only superusers can change operators’ accounts." in client.get(url("person", person)).content.decode()

    assert root.post(url("edit_person", house.viewer), typed).status_code == 302
    assert User.objects.get(pk=house.viewer.pk).is_staff
    root.post(url("edit_person", other), {"name": "Otto", "is_active": "on"})
    assert not User.objects.get(pk=other.pk).is_staff


def test_nobody_takes_their_own_rights_away(root):
    own = User.objects.get(name="Root")
    root.post(url("edit_person", own), {"name": "Root Lund"})
    own.refresh_from_db()
    assert (own.name, own.is_active, own.is_staff) == ("Root Lund", True, True)


def test_another_address_is_the_persons_to_take(house, client):
    old = house.viewer.email
    refused = client.post(url("ask_for_address", house.viewer), {"email": house.admin.email})
    assert refused.context["form"].errors == {"email": ["Another account has this e-mail address."]}

    client.post(url("ask_for_address", house.viewer), {"email": "other@example.com"})

    house.viewer.refresh_from_db()
    assert house.viewer.email == old
    assert {old, "other@example.com"} <= set(mails())
    assert [entry[0] for entry in entries()] == ["user.address_asked"]
    page = client.get(url("person", house.viewer)).content.decode()
    assert "Change to other@example.com requested." in page
    assert house.viewer.address_changes.get().token not in page


def test_sends_the_password_link_to_active_people(house, client):
    client.post(url("send_password_link", house.viewer))
    assert re.search(r"/account/password/reset/\S+", mails()[house.viewer.email])
    actions.edit_user(house.developer, by=house.admin, is_active=False)
    refused = client.post(url("send_password_link", house.developer))
    assert refused.context["form"].non_field_errors() == ["Account deactivated."]
    assert house.developer.email not in mails()


def test_the_password_link_is_in_the_persons_language(house, operator, client):
    actions.choose_language(operator, language="zh-hans")
    actions.choose_language(house.viewer, language="en")

    assert client.post(url("send_password_link", house.viewer)).status_code == 302

    assert f"Sent by the Mini Program Console to {house.viewer.email}." in mails()[house.viewer.email]
    assert mail.outbox[-1].subject == "Set a new password"


def test_the_password_is_asked_for_again(house, client):
    let_proof_grow_old(client)
    for at in (NEW, *(url(name, house.viewer) for name in ("edit_person", "ask_for_address", "send_password_link"))):
        typed = {"name": "Changed", "email": "new@example.com"}
        asked = client.post(at, typed)
        assert (asked.status_code, ("name", "Changed") in asked.context["typed"]) == (403, True)
    assert entries() == []
    client.post(url("edit_person", house.viewer), {"name": "Changed", "sudo_password": PASSWORD})
    assert [entry[0] for entry in entries()] == ["user.edited"]


# The security log -------------------------------------------------------------------------------------------------


@pytest.fixture
def log(house):
    """A failed sign-in at an unknown address long ago, a role of today, and where somebody is day by day."""
    old = timezone.now() - timedelta(days=20)
    SecurityEntry.objects.create(
        email="=typed@example.com", kind=SecurityKind.WRONG_PASSWORD, at=old, address="203.0.113.7", count=3
    )
    SecurityEntry.objects.create(user=house.viewer, email=house.viewer.email, kind=SecurityKind.ROLE, detail="Harbour")
    SecurityEntry.objects.create(user=house.viewer, email=house.viewer.email, kind=SecurityKind.SIGNED_IN)


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ({}, ["role_changed", "wrong_password"]),
        ({"kind": "wrong_password"}, ["wrong_password"]),
        ({"kind": "signed_in"}, ["role_changed", "wrong_password"]),
        ({"q": "203.0.113"}, ["wrong_password"]),
        ({"q": "typed@"}, ["wrong_password"]),
        ({"when": "7"}, ["role_changed"]),
        ({"q": "nobody"}, []),
    ],
)
@pytest.mark.usefixtures("log")
def test_the_log_by_kind_address_and_time_also_as_csv(client, query, kinds):
    page = client.get(LOG, query)
    assert [entry.kind for entry in page.context["page"]] == kinds
    file = client.get(LOG, {**query, "format": "csv"})
    assert (
        file.headers["Content-Disposition"] == 'attachment; filename="security-log-' + f'{timezone.now():%Y-%m-%d}.csv"'
    )
    assert len(file.getvalue().decode("utf-8-sig").splitlines()) == 1 + len(kinds)


@pytest.mark.usefixtures("log")
def test_the_log_of_a_person_and_harmless_values(house, client):
    page = client.get(LOG, {"q": house.viewer.name})
    assert [entry.user for entry in page.context["page"]] == [house.viewer]
    assert "'=typed@example.com" in client.get(LOG, {"format": "csv"}).getvalue().decode("utf-8-sig")


def test_an_open_address_change_that_was_replaced_is_not_shown(house, operator, client):
    safety.ask_for_address(house.viewer, email="first@example.com", by=operator)
    safety.ask_for_address(house.viewer, email="second@example.com", by=operator)
    assert client.get(url("person", house.viewer)).context["change"].email == "second@example.com"


def test_who_alone_administers_a_team_or_an_app_is_deactivated_with_a_tick(house, client):
    """An operator may have to lock somebody out at once; what nobody administers then is said first, no app named."""
    application = make_application(house.team, "Metro Wallet", listed=False)
    ApplicationMember.objects.create(application=application, user=house.admin, role="app_admin")
    typed = {"name": house.admin.name}

    asked = client.post(url("edit_person", house.admin), typed)

    words = "No administrator who can sign in would be left in: Harbour, 1 app of Harbour."
    assert asked.status_code == 422
    assert asked.context["form"].errors == {"leave_unled": [f"{words} Tick the box to deactivate the account anyway."]}
    assert "Metro Wallet" not in asked.content.decode()
    assert User.objects.get(pk=house.admin.pk).is_active
    assert client.post(url("edit_person", house.admin), {**typed, "leave_unled": "on"}).status_code == 302
    assert not User.objects.get(pk=house.admin.pk).is_active
    renamed = client.post(url("edit_person", house.admin), {"name": "Gone"})  # deactivated already: nothing to tick
    assert renamed.status_code == 302


def test_who_is_not_the_only_administrator_is_deactivated_without_a_question(house, client):
    make_member(house.team, "admin")
    assert "leave_unled" not in client.get(url("edit_person", house.admin)).content.decode()
    assert client.post(url("edit_person", house.admin), {"name": "Mira"}).status_code == 302
