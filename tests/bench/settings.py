"""The console as production runs it, with Django's admin over the same rows as a reference line."""

import os
from pathlib import Path

os.environ["DEBUG"] = "0"
os.environ.setdefault("SECRET_KEY", "a-key-for-benchmarks-only-" + "x" * 40)
os.environ.setdefault("ALLOWED_HOSTS", "*")

from console.settings import *  # noqa: F403
from console.settings import MIDDLEWARE, STORAGES

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False  # The client speaks plain HTTP.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "sessionid", "csrftoken"  # Others are for https.
MIDDLEWARE = ["tests.bench.counting.count_queries", *MIDDLEWARE]
ROOT_URLCONF = "tests.bench.urls"

_folder = Path(os.environ.get("BENCH_FOLDER", "/nonexistent"))
MEDIA_ROOT = _folder / "media"
STORAGES = {
    **STORAGES,
    "packages": {**STORAGES["packages"], "OPTIONS": {"location": _folder / "packages", "setting": "PACKAGE_ROOT"}},
    # No manifest: `collectstatic` would have to run first. Names of files are looked up by neither page otherwise.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_WORKER_ENABLE_REMOTE_CONTROL = True  # The measurement asks its worker whether it is idle.
