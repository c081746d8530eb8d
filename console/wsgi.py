"""The WSGI entry point: devices are answered in front of Django, all else by Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

django = get_wsgi_application()

from console.api.device.dispatch import in_front_of  # noqa: E402 - needs Django's apps to be ready

application = in_front_of(django)
