"""Teams, their members and invitations, and the own profile."""

from django.urls import path

from console.base.accounts.views import operators, people
from console.base.accounts.views import teams as views

app_name = "accounts"
urlpatterns = [
    path("", views.teams, name="list"),
    path("profile/", views.profile, name="profile"),
    path("invitations/<str:token>/", views.accept, name="accept"),
    path("<int:team_id>/", views.detail, name="detail"),
    path("<int:team_id>/edit/", views.edit, name="edit"),
    path("<int:team_id>/leave/", views.leave, name="leave"),
    path("<int:team_id>/activity/", views.activity, name="activity"),
    path("<int:team_id>/security-log/", views.security_log, name="security_log"),
    path("<int:team_id>/proposals/<int:proposal_id>/", views.decide, name="decide"),
    path("<int:team_id>/members/selected/<slug:act>/", views.selected_members, name="selected_members"),
    path("<int:team_id>/members/<int:member_id>/role/", views.change_role, name="change_role"),
    path("<int:team_id>/members/<int:member_id>/remove/", views.remove, name="remove"),
    path("<int:team_id>/invite/", views.invite, name="invite"),
    path("<int:team_id>/invitations/<int:invitation_id>/resend/", views.resend, name="resend"),
    path("<int:team_id>/invitations/<int:invitation_id>/revoke/", views.revoke, name="revoke"),
]
# Below /platform/, beside the pages of `console.platform`.
platform_urlpatterns = [
    path("teams/new/", operators.new_team, name="new_team"),
    path("teams/<int:team_id>/", operators.team, name="team"),
    path("teams/<int:team_id>/edit/", operators.edit_team, name="edit_team"),
    path("teams/<int:team_id>/add/", operators.add_member, name="add_member"),
    path("teams/<int:team_id>/members/<int:member_id>/remove/", operators.remove_member, name="remove_member"),
    path(
        "teams/<int:team_id>/invitations/<int:invitation_id>/resend/",
        operators.resend_invitation,
        name="resend_invitation",
    ),
    path(
        "teams/<int:team_id>/invitations/<int:invitation_id>/revoke/",
        operators.revoke_invitation,
        name="revoke_invitation",
    ),
    path("people/", people.people, name="people"),
    path("people/new/", people.new_person, name="new_person"),
    path("people/<int:user_id>/", people.person, name="person"),
    path("people/<int:user_id>/edit/", people.edit_person, name="edit_person"),
    path("people/<int:user_id>/address/", people.ask_for_address, name="ask_for_address"),
    path("people/<int:user_id>/password-link/", people.send_password_link, name="send_password_link"),
    path("security-log/", people.security_log, name="security_log"),
]
