"""The WSGI entry point: devices and servers are answered in front of Django, all else by Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

django = get_wsgi_application()

from console.api.device import dispatch as device  # noqa: E402 - needs Django's apps to be ready
from console.api.server import dispatch as server  # noqa: E402

application = device.in_front_of(server.in_front_of(django))
