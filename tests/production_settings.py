"""The console as production runs it, but for the manifest of static files, which `collectstatic` would have to make."""

import os

os.environ["DEBUG"] = "0"

from console.settings import *  # noqa: F403
from console.settings import STORAGES

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
