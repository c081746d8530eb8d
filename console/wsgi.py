"""The WSGI entry point: devices first, as they are many; then probes and servers, all else by Django.

`manage.py start` says which of them a process serves: a process for devices never waits for a page.
"""

import gc
import os
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from console import roles
from console.local import addresses

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
os.environ.setdefault(roles.VARIABLE, "all")

django = get_wsgi_application()

from console.api import http  # noqa: E402 - needs Django's apps to be ready
from console.api.device import dispatch as device  # noqa: E402
from console.api.device.feed import feed  # noqa: E402
from console.api.server import dispatch as server  # noqa: E402
from console.base.core import bodies, charsets  # noqa: E402
from console.platform import exposition, probes  # noqa: E402


def application_for(role: str) -> Any:
    """Return what a process of this role answers (`roles.SERVING`)."""
    pages = http.nothing_here if role == "runtime" else bodies.in_front_of(charsets.in_front_of(django))
    if role == "web":
        return _inside(pages)
    servers = server.in_front_of(pages, is_away=feed.is_behind)
    return device.in_front_of(_inside(servers))


def _inside(pages: http.WSGIApplication) -> http.WSGIApplication:
    """Return what answers the machines inside, in front of `pages`."""
    return probes.in_front_of(exposition.in_front_of(pages))


application = application_for(roles.current())
if settings.DEBUG:
    application = http.for_this_machine(application, addresses.ONLY_HERE)
if roles.current() != "runtime":
    import_module(settings.ROOT_URLCONF)  # Else the first page would wait for all views.
# A full collection stops all threads, for 150 ms, until it has looked at every module; and those stay anyway.
gc.collect()
gc.freeze()
