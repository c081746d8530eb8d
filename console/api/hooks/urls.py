"""The URLs of webhooks: of teams, and of host apps."""

from __future__ import annotations

from django.urls import URLPattern, path

from console.api.hooks import views
from console.api.hooks.views import Pair

app_name = "webhooks"
TEAM, APPLICATION = "teams/<int:team_id>/webhooks/", "<slug:application_id>/webhooks/"
PAGES: dict[str, tuple[str, Pair]] = {
    "detail": ("", views.detail),
    "edit": ("edit/", views.edit),
    "secret": ("secret/", views.secret),
    "switch_off": ("off/", views.switch_off),
    "switch_on": ("on/", views.switch_on),
    "delete": ("delete/", views.delete),
    "test": ("test/", views.test),
    "replay": ("replay/", views.replay),
    "send": ("deliveries/<int:delivery_id>/send/", views.send),
}


def _pages(below: str, prefix: str, door: int) -> list[URLPattern]:
    one = f"{below}<int:webhook_id>/"
    return [path(one + rest, pair[door], name=f"{prefix}{name}") for name, (rest, pair) in PAGES.items()]


# Below /automation/.
urlpatterns = [
    path("events/", views.events, name="events"),
    path(f"{TEAM}new/", views.new_of_team, name="new"),
    *_pages(TEAM, "", 0),
]
# Below /apps/, in the namespace of `console.base.hosts.urls`.
application_urlpatterns = [
    path(f"{APPLICATION}new/", views.new_of_application, name="new_webhook"),
    *_pages(APPLICATION, "webhook_", 1),
]
