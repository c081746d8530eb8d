"""Teams, their members and invitations, and the own profile."""

from django.urls import path

from console.base.accounts.views import platform
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
    path("<int:team_id>/members/<int:member_id>/role/", views.change_role, name="change_role"),
    path("<int:team_id>/members/<int:member_id>/remove/", views.remove, name="remove"),
    path("<int:team_id>/invite/", views.invite, name="invite"),
    path("<int:team_id>/invitations/<int:invitation_id>/resend/", views.resend, name="resend"),
    path("<int:team_id>/invitations/<int:invitation_id>/revoke/", views.revoke, name="revoke"),
]

# In the namespace of the operators' pages.
platform_urlpatterns = [
    path("teams/new/", platform.new_team, name="new_team"),
]
