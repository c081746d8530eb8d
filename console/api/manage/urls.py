"""The URLs of automation's pages."""

from django.urls import path

from console.api.manage import login_views, views

app_name = "automation"
ROBOT = "teams/<int:team_id>/robots/<int:token_id>"
OWN = "own/<int:own_token_id>"

urlpatterns = [
    path("", views.tokens, name="tokens"),
    path("uploads/", views.uploads_page, name="uploads"),
    path("reference/", views.reference, name="reference"),
    path("device/", views.login, name="login"),
    path("device/<str:user_code>/", views.approve_login, name="approve_login"),
    path("device/<str:user_code>/deny/", views.deny_login, name="deny_login"),
    path("own/new/", views.new_own, name="new_own"),
    path(f"{OWN}/replace/", views.replace_own, name="replace_own"),
    path(f"{OWN}/end/", views.end_own, name="end_own"),
    path(f"{OWN}/revoke/", views.revoke_own, name="revoke_own"),
    path("teams/<int:team_id>/robots/new/", views.new_robot, name="new_robot"),
    path(f"{ROBOT}/replace/", views.replace_robot, name="replace_robot"),
    path(f"{ROBOT}/end/", views.end_robot, name="end_robot"),
    path(f"{ROBOT}/revoke/", views.revoke_robot, name="revoke_robot"),
]

# Below /api/v1/, for programs without a token.
login_urlpatterns = [
    path("code", login_views.device_code, name="device_code"),
    path("token", login_views.device_token, name="device_token"),
    path("revoke", login_views.device_revoke, name="device_revoke"),
]
