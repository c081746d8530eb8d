"""The console's settings as the suite runs them: quick password hashes, folders of its own, N+1 queries are errors."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests import object_storage

# TEST_STORAGE=s3: packages and icons are in a bucket, also those of processes that tests start.
if os.environ.get("TEST_STORAGE") == "s3" and "STORAGE_URL" not in os.environ:
    os.environ["STORAGE_URL"] = object_storage.for_the_run()

from console import storage_url
from console.local import addresses
from console.settings import *  # noqa: F403
from console.settings import CACHES, DATABASES, INSTALLED_APPS, MIDDLEWARE, REDIS_URL, STORAGE_URL

DEBUG = False
MAILBOX = None
SECRET_KEY = "a-key-for-tests-only-" + "x" * 40
ALLOWED_HOSTS = ["*"]
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [*INSTALLED_APPS, "zeal"]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
ZEAL_ALLOWLIST = [
    # Not ours: Django looks a session up once for each step of signing in and out.
    {"model": "admin.*"},
    {"model": "sessions.Session"},
    # A verb that was refused locks its row, and is rehearsed once more for the dialog that says so.
    {"model": "miniprograms.MiniProgram", "field": "get()"},
    {"model": "releases.Version", "field": "get()"},
    {"model": "accounts.Team", "field": "get()"},
    {"model": "accounts.Membership", "field": "get()"},
    {"model": "hosts.HostApplication", "field": "get()"},
]

# Transactional tests empty the append-only tables; nothing else may.
DATABASES["default"]["OPTIONS"]["options"] = "-c console.allow_truncate=on"
# Each of 32 threads has a connection of its own.
DATABASES["default"]["OPTIONS"]["pool"]["max_size"] = 40

# Each parallel worker has a Valkey database of its own.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
REDIS_URL = REDIS_URL.replace("?db=0", f"?db={_worker}")
CACHES = {"default": {**CACHES["default"], "LOCATION": REDIS_URL}}
CELERY_BROKER_URL = addresses.broker_url(REDIS_URL)

_folder = Path(tempfile.mkdtemp(prefix="console-tests-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
MEDIA_ROOT = _folder / "media"
OBJECT_LIST_CACHE = _folder / "object-lists"
STORAGES = storage_url.storages(STORAGE_URL, packages=_folder / "packages", is_debug=True)
if STORAGE_URL:
    for _alias in ("packages", "default"):
        STORAGES[_alias]["BACKEND"] = "tests.guarded_storage.GuardedStorage"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True

# Devices of tests all come from the same address.
UNPROVEN_RATE_LIMIT = UNPROVEN_PLACES_PER_ADDRESS = UNPROVEN_PLACES_PER_APPLICATION = "1000000/second"
