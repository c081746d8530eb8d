"""What servers of mini programs ask, with and without the prefix."""

from django.urls import path, re_path

from console.api.server.dispatch import OPENSERVER, PREFIXES
from console.api.server.views import unknown, views

app_name = "server"
urlpatterns = [
    *(path(f"{prefix}{name}"[1:], view) for prefix in ("", OPENSERVER) for name, view in views.items()),
    *(re_path(f"^{prefix[1:]}", unknown) for prefix in PREFIXES),
]
