"""Adding people, changing their role, removing them; the last application administrator stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from console.base.accounts import actions as accounts
from console.base.accounts.models import Invitation, Membership
from console.base.accounts.permissions import ApplicationRole
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts import actions
from console.base.hosts.actions.inviting import invite_reviewer
from console.base.hosts.models import ApplicationMember
from tests import factories


@pytest.fixture
def member(application):
    """A member of the owning team without a role."""
    return factories.make_member(application.team, "developer")


def application_url(application):
    return f"/apps/{application.application_id}/"


def add_url(application):
    return f"/apps/{application.application_id}/people/add/"


def person_of(application, user):
    return ApplicationMember.objects.select_related("application", "user").get(application=application, user=user)


def url(application, user, what):
    return f"/apps/{application.application_id}/people/{person_of(application, user).pk}/{what}/"


def roles(application):
    return dict(application.people.values_list("user", "role"))


def test_add(signed_in, application, admin, member):
    response = signed_in(admin).post(add_url(application), {"user": member.pk, "role": "reviewer"})
    assert (response.status_code, response["Location"]) == (302, f"/apps/{application.application_id}/")
    assert roles(application) == {admin.pk: "app_admin", member.pk: "reviewer"}
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.target_label, entry.after) == (
        "reviewer.added",
        f"{member} – Metro Wallet",
        {"role": "reviewer"},
    )
    notification = member.notifications.get()
    assert (notification.text, notification.url) == (
        "You are now reviewer of Metro Wallet",
        application_url(application),
    )
    assert admin.notifications.count() == 0


def test_add_offers_members_of_the_owning_team_without_a_role(signed_in, application, admin, member, outsider):
    response = signed_in(admin).get(add_url(application))
    assert member in response.context["form"].fields["user"].queryset
    assert admin not in response.context["form"].fields["user"].queryset
    assert outsider not in response.context["form"].fields["user"].queryset


def test_add_refuses_strangers(signed_in, application, admin, outsider):
    response = signed_in(admin).post(add_url(application), {"user": outsider.pk, "role": "reviewer"})
    assert response.status_code == 422
    with pytest.raises(ActionRefused, match="Only members of the app’s team"):
        actions.add_person(application, user=outsider, role="reviewer", by=admin)
    assert roles(application) == {admin.pk: "app_admin"}


def test_add_twice(application, admin, member):
    actions.add_person(application, user=member, role="reviewer", by=admin)
    with pytest.raises(Conflict, match="is already a member of this app: Reviewer"):
        actions.add_person(application, user=member, role="app_admin", by=admin)
    assert (roles(application)[member.pk], ActivityEntry.objects.count()) == ("reviewer", 1)


def test_change_role(signed_in, application, admin, reviewer):
    response = signed_in(admin).post(url(application, reviewer, "role"), {"role": "app_admin"})
    assert response.status_code == 302
    assert roles(application) == {admin.pk: "app_admin", reviewer.pk: "app_admin"}
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.changes()) == ("reviewer.role_changed", [("role", "reviewer", "app_admin")])
    assert reviewer.notifications.get().text == "You are now application administrator of Metro Wallet"
    assert admin.notifications.count() == 0


def test_the_dialog_explains_the_roles_and_offers_the_other_one(signed_in, application, admin, reviewer):
    response = signed_in(admin).get(url(application, reviewer, "role"))
    assert response.context["form"]["role"].value() == "app_admin"
    assert "Reviewers decide on version audits" in response.content.decode()


def test_change_to_the_same_role(signed_in, application, admin, reviewer):
    response = signed_in(admin).post(url(application, reviewer, "role"), {"role": "reviewer"})
    assert response.status_code == 302
    assert (ActivityEntry.objects.count(), reviewer.notifications.count()) == (0, 0)


def test_remove(signed_in, application, admin, reviewer):
    removed = signed_in(reviewer)
    response = signed_in(admin).post(url(application, reviewer, "remove"))
    assert response.status_code == 302
    assert roles(application) == {admin.pk: "app_admin"}
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.before) == ("reviewer.removed", {"role": "reviewer"})
    notification = reviewer.notifications.get()
    words = "You are no longer reviewer of Metro Wallet"
    assert (notification.text, notification.url) == (words, application_url(application))
    assert admin.notifications.count() == 0
    assert removed.get("/reviews/").context["lines"] == []


@pytest.mark.parametrize(("what", "typed"), [("remove", {}), ("role", {"role": "reviewer"})])
def test_reviewers_whom_they_invited_are_invited_no_longer(signed_in, application, admin, team_admin, what, typed):
    """Who administers the app no longer gets no reviewer of their own in."""
    other, client = factories.make_reviewer(application, "app_admin"), signed_in(admin)
    join = accounts.invite(application.team, email="bo@city.example", role="developer", by=other)
    for email, by in (("ann@city.example", other), ("bo@city.example", other), ("dee@city.example", admin)):
        invite_reviewer(application, email=email, by=by)
    assert "2 reviewer invitations will be revoked" in client.get(url(application, other, what)).content.decode()

    client.post(url(application, other, what), typed)

    assert [str(row.invitation) for row in application.reviewer_invitations.open()] == ["dee@city.example"]
    assert {*Invitation.objects.open()} == {join, Invitation.objects.get(email="dee@city.example")}
    log = ActivityEntry.objects.of_application(application.application_id).filter(actor_id=admin.pk)
    assert [row.target_label for row in log.filter(verb="reviewer.invitation_withdrawn").order_by("pk")] == [
        "ann@city.example – Metro Wallet",
        "bo@city.example – Metro Wallet",
    ]


def test_reviewers_whom_a_reviewer_did_not_invite_stay_invited(application, admin, reviewer):
    """A team administrator who only reviews: an application administrator added the role to their invitation."""
    accounts.change_role(Membership.objects.get(team=application.team, user=reviewer), role="admin", by=admin)
    accounts.invite(application.team, email="ann@city.example", role="viewer", by=reviewer)
    invite_reviewer(application, email="ann@city.example", by=admin)
    actions.remove_person(person_of(application, reviewer), by=admin)
    assert application.reviewer_invitations.open().count() == 1


def test_remove_twice(application, admin, reviewer):
    first, second = person_of(application, reviewer), person_of(application, reviewer)
    actions.remove_person(first, by=admin)
    with pytest.raises(Conflict, match="was removed"):
        actions.remove_person(second, by=admin)
    assert ActivityEntry.objects.count() == 1


def test_the_last_administrator_stays(signed_in, application, admin, reviewer):
    client = signed_in(admin)
    answers = [
        client.post(url(application, admin, "remove")),
        client.post(url(application, admin, "role"), {"role": "reviewer"}),
    ]
    words = f"{admin} is the only application administrator of Metro Wallet. Give someone else this role first."
    assert [answer.status_code for answer in answers] == [422, 422]
    assert [answer.context["form"].non_field_errors() for answer in answers] == [[words], [words]]
    assert roles(application) == {admin.pk: "app_admin", reviewer.pk: "reviewer"}


def test_an_administrator_who_cannot_sign_in_does_not_count(application, admin):
    other = factories.make_reviewer(application, ApplicationRole.APP_ADMIN)
    other.is_active = False
    other.save()
    with pytest.raises(ActionRefused, match="only application administrator"):
        actions.remove_person(person_of(application, admin), by=admin)
    actions.remove_person(person_of(application, other), by=admin)
    assert roles(application) == {admin.pk: "app_admin"}


# Where no administrator can sign in ----------------------------------------------------------------------------------


@pytest.fixture
def left(admin):
    """The only application administrator, whose account was deactivated."""
    admin.is_active = False
    admin.save()
    return admin


def appoint_url(application):
    return f"/apps/{application.application_id}/people/appoint/"


def test_team_administrators_appoint_one_where_none_can_sign_in(signed_in, application, left, reviewer, team_admin):
    client = signed_in(team_admin)
    text = client.get(application.get_absolute_url()).content.decode()
    assert appoint_url(application) in text
    assert "Deactivated" in text

    answer = client.post(appoint_url(application), {"user": reviewer.pk})

    assert (answer.status_code, answer.url) == (302, application.get_absolute_url())
    assert roles(application) == {left.pk: "app_admin", reviewer.pk: "app_admin"}
    entry = ActivityEntry.objects.of_application(application.application_id).get()
    assert (entry.verb, entry.actor_id) == ("reviewer.role_changed", team_admin.pk)
    assert appoint_url(application) not in client.get(application.get_absolute_url()).content.decode()
    actions.remove_person(person_of(application, left), by=reviewer)


def test_a_member_without_a_role_and_oneself_are_appointed_too(application, left, member, team_admin):
    actions.appoint_administrator(application, user=team_admin, by=team_admin)
    assert roles(application)[team_admin.pk] == "app_admin"
    with pytest.raises(Conflict, match="has an administrator who can sign in"):
        actions.appoint_administrator(application, user=member, by=team_admin)


def test_nobody_is_appointed_beside_an_administrator(signed_in, application, admin, member, team_admin):
    client = signed_in(team_admin)
    assert client.get(appoint_url(application)).status_code == 302
    assert client.post(appoint_url(application), {"user": member.pk}).status_code == 422
    assert roles(application) == {admin.pk: "app_admin"}


def test_only_active_members_are_appointed_and_only_by_team_administrators(
    signed_in, application, left, member, reviewer, team_admin, outsider
):
    for user in (left, outsider):
        assert signed_in(team_admin).post(appoint_url(application), {"user": user.pk}).status_code == 422
    for user in (member, reviewer):
        page = signed_in(user).get(application.get_absolute_url()).content.decode()
        assert "No application administrator can sign in" in page
        assert signed_in(user).post(appoint_url(application), {"user": user.pk}).status_code == 403
    assert signed_in(outsider).post(appoint_url(application), {"user": member.pk}).status_code == 404
    with pytest.raises(ActionRefused, match="Only active members"):
        actions.appoint_administrator(application, user=left, by=team_admin)
    assert roles(application) == {left.pk: "app_admin", reviewer.pk: "reviewer"}


# Who leaves the team --------------------------------------------------------------------------------------------------


def leave(team, user):
    """Leave the team by oneself."""
    accounts.remove_member(Membership.objects.get(team=team, user=user), by=user)


def test_who_leaves_the_team_leaves_the_application(application, admin, reviewer):
    elsewhere = factories.make_application()
    factories.join(elsewhere.team, reviewer, "viewer")
    ApplicationMember.objects.create(application=elsewhere, user=reviewer, role="reviewer")
    leave(application.team, reviewer)
    assert roles(application) == {admin.pk: "app_admin"}
    entry = ActivityEntry.objects.of_application(application.application_id).get()
    assert (entry.verb, entry.actor_id, entry.before) == ("reviewer.removed", reviewer.pk, {"role": "reviewer"})
    assert ActivityEntry.objects.count() == 2  # and one that the team was left
    assert roles(elsewhere) == {reviewer.pk: "reviewer"}


def test_who_is_removed_from_the_team_is_notified_once(application, reviewer, team_admin):
    accounts.remove_member(Membership.objects.get(team=application.team, user=reviewer), by=team_admin)
    assert reviewer.notifications.get().text == f"You are no longer a member of {application.team}"


def test_the_last_administrator_cannot_leave_the_team(application, admin):
    with pytest.raises(ActionRefused, match="only application administrator of Metro Wallet"):
        leave(application.team, admin)
    assert roles(application) == {admin.pk: "app_admin"}
    assert Membership.objects.filter(user=admin).count() == 1


@pytest.mark.parametrize("what", ["role", "remove"])
def test_lower_roles_may_not(signed_in, application, admin, reviewer, team_admin, what):
    for user in (reviewer, team_admin):
        client = signed_in(user)
        target = url(application, admin, what)
        assert [client.get(target).status_code, client.post(target, {"role": "reviewer"}).status_code] == [403, 403]
        assert client.post(add_url(application), {"user": team_admin.pk, "role": "reviewer"}).status_code == 403
    assert roles(application) == {admin.pk: "app_admin", reviewer.pk: "reviewer"}


@pytest.mark.parametrize("what", ["role", "remove"])
def test_elsewhere_it_does_not_exist(signed_in, application, admin, outsider, what):
    client = signed_in(outsider)
    assert client.post(url(application, admin, what), {"role": "reviewer"}).status_code == 404
    assert client.post(add_url(application), {"user": outsider.pk, "role": "reviewer"}).status_code == 404
    own = outsider.application_roles.get()
    crossed = f"/apps/{own.application.application_id}/people/{person_of(application, admin).pk}/{what}/"
    assert client.post(crossed, {"role": "reviewer"}).status_code == 404


def test_wrong_method(signed_in, application, admin):
    client = signed_in(admin)
    targets = [add_url(application), url(application, admin, "role"), url(application, admin, "remove")]
    assert [client.put(target).status_code for target in targets] == [405, 405, 405]


def test_an_old_proof_asks_for_the_password(signed_in, application, admin, reviewer):
    client = signed_in(admin)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(url(application, reviewer, "remove")).status_code == 403
        assert client.post(add_url(application), {"user": 1, "role": "reviewer"}).status_code == 403
        assert client.post(url(application, reviewer, "role"), {"role": "app_admin"}).status_code == 403
        assert roles(application) == {admin.pk: "app_admin", reviewer.pk: "reviewer"}
        right = {"sudo_password": factories.PASSWORD}
        assert client.post(url(application, reviewer, "remove"), right).status_code == 302
    assert roles(application) == {admin.pk: "app_admin"}


@pytest.mark.django_db(transaction=True)
def test_two_administrators_remove_each_other_at_once(application, admin):
    other = factories.make_reviewer(application, ApplicationRole.APP_ADMIN)
    people = [person_of(application, admin), person_of(application, other)]

    def remove(person):
        try:
            actions.remove_person(person, by=admin)
        except ActionRefused as refused:
            return type(refused)
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(remove, people))
    assert sorted(map(str, outcomes)) == sorted(map(str, [None, ActionRefused]))
    assert list(application.people.values_list("role", flat=True)) == ["app_admin"]
    assert ActivityEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_added_and_leaving_the_team_at_once(application, admin, member):
    def add():
        try:
            actions.add_person(application, user=member, role="reviewer", by=admin)
        except ActionRefused:
            return "refused"
        finally:
            connection.close()
        return "added"

    def go():
        try:
            leave(application.team, member)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        added, gone = pool.submit(add), pool.submit(go)
        gone.result()
        assert added.result() in ("added", "refused")
    assert roles(application) == {admin.pk: "app_admin"}
