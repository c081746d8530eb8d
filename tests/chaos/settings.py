"""The console as production runs it, but for TLS, which the harness does not speak."""

import os

os.environ["DEBUG"] = "0"
os.environ.setdefault("ALLOWED_HOSTS", "*")

from console.settings import *  # noqa: F403
from console.settings import STORAGES

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "sessionid", "csrftoken"  # Others are for https.
STORAGES = {
    **STORAGES,
    # No manifest, for which `collectstatic` would have to run first.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
