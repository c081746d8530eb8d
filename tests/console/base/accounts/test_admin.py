"""What operators do in Django's admin: the same verbs, no secrets."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery
from console.base.accounts.models import OutgoingMail, Team, User
from console.base.hosts.models import ApplicationMember, DefaultApi
from tests.console.base.accounts.acting import entries, let_proof_grow_old
from tests.factories import PASSWORD, join, make_application, make_member, make_user


@pytest.fixture(autouse=True)
def rows_of_a_form_are_looked_up_one_by_one(settings):
    """Django's formsets look each row and its person up by themselves: forms of the admin, not lists of ours."""
    own = [{"model": f"accounts.{name}", "field": "get()"} for name in ("User", "Membership", "Team")]
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, *own]


@pytest.fixture
def admin(operator, signed_in):
    return signed_in(operator)


def team_form(team, *rows, name=None, **new):
    """The posted form of a team; each row is (member, user, role, extra fields), `new` whom to add."""
    fields = {
        "name": name or team.name,
        "new_role": "viewer",
        **new,
        "memberships-TOTAL_FORMS": len(rows),
        "memberships-INITIAL_FORMS": sum(1 for member, *_rest in rows if member),
    }
    for number, (member, user, role, *extra) in enumerate(rows):
        fields |= {
            f"memberships-{number}-id": member.pk if member else "",
            f"memberships-{number}-team": team.pk or "",
            f"memberships-{number}-user": user.pk,
            f"memberships-{number}-role": role,
        }
        if extra:
            fields[f"memberships-{number}-DELETE"] = "on"
    return fields


def rows_of(team):
    return [(member, member.user, member.role) for member in team.memberships.order_by("pk")]


def change_url(thing):
    return reverse(f"admin:accounts_{thing._meta.model_name}_change", args=[thing.pk])


def test_the_sign_in_is_the_console_s_own(operator, client):
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


@pytest.mark.parametrize("path", ["", "accounts/user/", "accounts/team/", "accounts/invitation/"])
def test_team_members_stay_outside(house, signed_in, path):
    assert signed_in(house.admin).get(f"/admin/{path}", follow=True).status_code == 403


def test_an_operator_without_a_team_sees_no_team_page(house, admin):
    assert admin.get(reverse("accounts:detail", args=[house.team.pk])).status_code == 404


@pytest.mark.parametrize(
    "path", ["mfa/authenticator/", "account/emailaddress/", "auth/group/", "accounts/notification/"]
)
def test_secrets_and_what_nobody_needs_are_not_there(admin, path):
    assert admin.get(f"/admin/{path}").status_code == 404


def test_creates_a_user_who_sets_the_password_by_a_link(operator, admin):
    response = admin.post(
        reverse("admin:accounts_user_add"), {"email": "New@Example.com", "name": "Nia", "is_active": "on"}
    )

    assert response.status_code == 302
    user = User.objects.get(email="new@example.com")
    assert not user.has_usable_password()
    assert EmailAddress.objects.get(user=user).email == "new@example.com"
    made = {"name": "Nia", "email": "new@example.com", "active": True, "operator": False}
    assert entries() == [("user.created", "Olga", "Nia", None, made)]

    admin.post(
        reverse("admin:accounts_user_changelist"), {"action": "send_password_link", "_selected_action": [user.pk]}
    )

    delivery.send_waiting(at=timezone.now())
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)[1]
    person = Client()
    form = person.get(link)
    person.post(form.url, {"password1": "plenty of sea air", "password2": "plenty of sea air"})
    user.refresh_from_db()
    assert user.check_password("plenty of sea air")


def test_refuses_an_address_that_is_taken(house, admin):
    response = admin.post(
        reverse("admin:accounts_user_add"), {"email": house.viewer.email.upper(), "name": "Twin", "is_active": "on"}
    )
    assert response.status_code == 200
    assert response.context["adminform"].form.non_field_errors() == ["Constraint “user_email_once” is violated."]
    assert entries() == []


def test_edits_a_user_with_one_entry(house, admin):
    fields = {"email": house.viewer.email, "name": "Mira"}

    assert admin.post(change_url(house.viewer), fields).status_code == 302

    house.viewer.refresh_from_db()
    assert (house.viewer.name, house.viewer.is_active) == ("Mira", False)
    assert [entry[0] for entry in entries()] == ["user.edited"]


def test_who_alone_administers_a_team_is_deactivated_with_a_tick(house, admin):
    fields = {"email": house.admin.email, "name": house.admin.name}
    asked = admin.post(change_url(house.admin), fields)
    words = "No administrator who can sign in would be left in: Harbour. Tick the box to deactivate the account anyway."
    assert asked.context["adminform"].form.errors == {"leave_unled": [words]}
    assert admin.post(change_url(house.admin), {**fields, "leave_unled": "on"}).status_code == 302
    assert not User.objects.get(pk=house.admin.pk).is_active


def test_says_who_decides_about_a_proposal(house, admin):
    def answer(email):
        fields = team_form(house.team, *rows_of(house.team), new_email=email, new_role="viewer")
        page = admin.post(change_url(house.team), fields, follow=True)
        return next(str(message) for message in page.context["messages"])

    assert answer("one@example.com") == (
        "The team administrators have been notified. One of them decides about one@example.com."
    )
    User.objects.filter(pk=house.admin.pk).update(is_active=False)
    assert answer("two@example.com") == (
        "two@example.com proposed, but no team administrator can sign in to decide. "
        "Reactivate an administrator’s account."
    )


def test_no_password_is_shown_or_set(house, admin):
    page = admin.get(change_url(house.viewer)).content.decode()
    assert house.viewer.password not in page
    assert "password" not in re.findall(r'name="([^"]+)"', page)


def test_only_a_superuser_makes_or_changes_operators(house, operator, admin, signed_in):
    fields = {"email": house.viewer.email, "name": house.viewer.name, "is_active": "on", "is_staff": "on"}
    admin.post(change_url(house.viewer), fields)
    assert not User.objects.get(pk=house.viewer.pk).is_staff
    other = make_user(is_staff=True)
    assert admin.get(change_url(other)).status_code == 200  # to look at
    assert admin.post(change_url(other), {"email": "x@example.com", "name": "X"}).status_code == 403

    root = signed_in(make_user(is_staff=True, is_superuser=True))
    assert root.post(change_url(house.viewer), fields).status_code == 302
    assert User.objects.get(pk=house.viewer.pk).is_staff


@pytest.mark.parametrize("kind", ["user", "team", "invitation"])
def test_nothing_is_deleted(house, admin, kind):
    invitation = actions.invite(house.team, email="new@example.com", role="viewer", by=house.admin)
    thing = {"user": house.viewer, "team": house.team, "invitation": invitation}[kind]
    assert admin.post(reverse(f"admin:accounts_{kind}_delete", args=[thing.pk]), {"post": "yes"}).status_code == 403


def test_creates_a_team_and_invites_its_first_administrator(house, admin):
    fields = team_form(Team(), name="Green Market", new_email="First@example.com", new_role="admin")

    assert admin.post(reverse("admin:accounts_team_add"), fields).status_code == 302

    team = Team.objects.get(name="Green Market")
    assert (team.memberships.count(), team.invitations.get().email) == (0, "first@example.com")
    assert [entry[:3] for entry in entries(team.pk)] == [
        ("team.created", "Olga", "Green Market"),
        ("member.invited", "Olga", "first@example.com"),
    ]


def test_takes_a_member_out(house, admin):
    rows = rows_of(house.team)
    rows[3] = (*rows[3], "delete")

    assert admin.post(change_url(house.team), team_form(house.team, *rows)).status_code == 302

    assert not house.team.members.filter(pk=house.viewer.pk).exists()
    assert [entry[0] for entry in entries(house.team.pk)] == ["member.removed"]


def test_the_last_administrator_can_not_be_removed(house, admin):
    rows = rows_of(house.team)
    rows[0] = (*rows[0], "delete")

    response = admin.post(change_url(house.team), team_form(house.team, *rows, name="Renamed"))

    assert response.status_code == 200
    form = response.context["adminform"].form
    assert form.non_field_errors() == [str(actions.LAST_ADMIN)]
    assert form["name"].value() == "Renamed"
    house.team.refresh_from_db()
    assert house.team.name == "Harbour"
    assert [member.role for member in house.team.memberships.by_rank()] == [
        "admin",
        "license_holder",
        "developer",
        "viewer",
    ]
    assert entries(house.team.pk) == []


def test_neither_person_nor_role_of_a_membership_is_an_operators(house, admin):
    rows = rows_of(house.team)
    rows[3] = (rows[3][0], house.stranger, "admin")

    admin.post(change_url(house.team), team_form(house.team, *rows))

    assert house.member(house.viewer).role == "viewer"
    assert not house.team.members.filter(pk=house.stranger.pk).exists()
    assert entries(house.team.pk) == []


def test_saving_unchanged_writes_nothing(house, admin):
    admin.post(change_url(house.team), team_form(house.team, *rows_of(house.team)))
    assert entries(house.team.pk) == []


def test_asks_for_the_password_and_then_does_what_was_posted(house, admin):
    let_proof_grow_old(admin)
    fields = team_form(house.team, *rows_of(house.team), name="Renamed")
    assert admin.get(change_url(house.team)).status_code == 200

    response = admin.post(change_url(house.team), fields)

    assert response.url.startswith(reverse("account_reauthenticate"))
    assert entries(house.team.pk) == []
    admin.post(response.url, {"password": PASSWORD})
    assert [entry[0] for entry in entries(house.team.pk)] == ["team.edited"]


def test_asks_for_the_password_before_an_action_and_before_deleting(house, operator, admin):
    let_proof_grow_old(admin)
    api = DefaultApi.objects.create(name="wx.own", title="Own")
    delete = reverse("admin:hosts_defaultapi_delete", args=[api.pk])
    people = reverse("admin:accounts_user_changelist")
    link = {"action": "send_password_link", "_selected_action": [house.viewer.pk]}
    assert [admin.get(page).status_code for page in (delete, people)] == [200, 200]

    for page, posted in ((delete, {"post": "yes"}), (people, link)):
        asked = admin.post(page, posted)
        assert asked.url.startswith(reverse("account_reauthenticate"))
    assert DefaultApi.objects.filter(pk=api.pk).exists()
    assert not OutgoingMail.objects.exists()

    admin.post(asked.url, {"password": PASSWORD})
    assert [row.to for row in OutgoingMail.objects.all()] == [house.viewer.email]


def test_a_robot_is_nobody_to_operators(house, operator, admin):
    """It is the team's (A-1): neither changed nor taken out here."""
    robot = make_user("Robot", is_robot=True)
    join(house.team, robot, "viewer")

    assert robot.email not in admin.get(reverse("admin:accounts_user_changelist")).content.decode()
    page = admin.post(change_url(robot), {"email": robot.email, "name": "Robot"})
    assert page.url == reverse("admin:index")  # Django's answer for what is not there
    rows = rows_of(house.team)
    rows[-1] = (*rows[-1], "delete")
    admin.post(change_url(house.team), team_form(house.team, *rows))

    robot.refresh_from_db()
    assert (robot.is_active, house.team.memberships.filter(user=robot).exists()) == (True, True)


def test_nobody_takes_their_own_rights_away(signed_in, db):
    root = make_user("Root", is_staff=True, is_superuser=True)
    signed_in(root).post(change_url(root), {"email": root.email, "name": "Root Lund"})
    root.refresh_from_db()
    assert (root.name, root.is_active, root.is_staff) == ("Root Lund", True, True)


def test_invitations_are_read_only_and_without_the_link(house, admin):
    invitation = actions.invite(house.team, email="new@example.com", role="viewer", by=house.admin)

    page = admin.get(change_url(invitation))

    assert page.status_code == 200
    assert invitation.token not in page.content.decode()
    assert admin.post(change_url(invitation), {"role": "admin"}).status_code == 403
    assert admin.get(reverse("admin:accounts_invitation_add")).status_code == 403


def test_member_s_host_roles_end_when_an_operator_removes_them(house, admin):
    second = make_member(house.team, "viewer")
    ApplicationMember.objects.create(application=make_application(house.team), user=second, role="reviewer")
    rows = rows_of(house.team)
    rows[4] = (*rows[4], "delete")

    admin.post(change_url(house.team), team_form(house.team, *rows))

    assert not ApplicationMember.objects.filter(user=second).exists()


def test_the_own_password_is_changed_where_it_is_mailed(admin):
    fields = {"old_password": PASSWORD, "new_password1": "plenty of sea air", "new_password2": "plenty of sea air"}
    assert admin.post(reverse("admin:password_change"), fields).url == reverse("account_change_password")
