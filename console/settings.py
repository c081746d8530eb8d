"""Settings, read from the environment; `.env.example` names every variable."""

from ipaddress import ip_network

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.message import sanitize_address

from console import databases, logs, roles, secret_key, storage_url
from console.base.core import assets, tracing
from console.environment import BASE_DIR, DEBUG, env
from console.local import addresses
from console.outgoing import *  # noqa: F403 - messages and webhooks: tries, limits, networks
from console.sign_in import *  # noqa: F403 - how people sign in: accounts, factors, identity providers

SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SECRET_KEY = env.str("SECRET_KEY", default="")
# Keys that sign nothing, and only open what is sealed under them: weak ones, as that of `make run` before this release.
SEALING_KEY_FALLBACKS = env.list("SEALING_KEY_FALLBACKS", default=[secret_key.KNOWN] if DEBUG else [])
if DEBUG and not SECRET_KEY:
    SECRET_KEY = secret_key.own(addresses.local_dir())
elif not DEBUG:
    secret_key.check(SECRET_KEY, SECRET_KEY_FALLBACKS)
BASE_URL = env.str("BASE_URL", default="http://localhost:" + env.str("PORT", default="8000"))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=addresses.LOOPBACK_NAMES if DEBUG else [])
if DEBUG and (others := [name for name in ALLOWED_HOSTS if not addresses.is_loopback(name)]):
    raise ImproperlyConfigured(f"ALLOWED_HOSTS contains {', '.join(others)}. {addresses.ONLY_HERE}")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "console.base.core.apps.CoreConfig",
    "console.base.activity",
    "console.base.accounts",
    "console.base.hosts",
    "miniprograms",
    "miniprograms.privacy",
    "releases",
    "releases.offline",
    "releases.field",
    "grayscale",
    "devmgmt",
    "devmgmt.keys",
    "messaging",
    "console.reviews",
    "console.api.device",
    "console.api.manage.apps.ManageConfig",
    "console.api.hooks.apps.HooksConfig",
    "console.platform.apps.PlatformConfig",
    "console.local",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "console.base.core.apps.StaticFiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_fsm",
    "django_htmx",
    "template_partials",
    "csp",
]

MIDDLEWARE = [
    "console.base.core.middleware.RequestMiddleware",
    "console.api.manage.middleware.ProblemMiddleware",
    "console.base.core.proxies.ProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "console.base.core.middleware.CompressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    # After CSRF: it is the first to ask the database, and where that is away it answers with what was typed.
    "console.base.accounts.middleware.LanguageMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "console.base.accounts.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "console.base.core.sorting.SortMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "console.base.accounts.middleware.SafetyMiddleware",
    "console.base.activity.middleware.SourceMiddleware",
    "console.base.core.middleware.BusyMiddleware",
    "console.base.core.middleware.BodyMiddleware",
    "console.base.core.middleware.NotFoundMiddleware",
]

if tracing.ON:
    MIDDLEWARE.insert(1, tracing.MIDDLEWARE)

ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.frame.frame",
                "console.platform.context.late_parts",
                "console.local.context.mailbox",
            ],
            "builtins": [
                "console.base.core.templatetags.console",
                "console.base.core.templatetags.lists",
                "console.base.core.templatetags.actions",
                "console.base.core.templatetags.dialogs",
                "console.base.core.templatetags.times",
                "console.base.activity.templatetags.activity",
            ],
        },
    },
]

# Data ---------------------------------------------------------------------------------------------------------

DATABASES = {"default": databases.of(roles.current())}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default=addresses.redis_url())
CACHES = {"default": {"BACKEND": "console.base.core.cache.ValkeyCache", "LOCATION": REDIS_URL}}

MEDIA_ROOT = env.path("MEDIA_ROOT", default=addresses.local_dir() / "media")
MEDIA_URL = "media/"
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=addresses.local_dir() / "static")
STATICFILES_DIRS = [assets.BUILT]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
PACKAGE_ROOT = env.path("PACKAGE_ROOT", default=addresses.local_dir() / "packages")
# A bucket for packages and icons, instead of the two folders.
STORAGE_URL = env.str("STORAGE_URL", default="")
STORAGES = storage_url.storages(STORAGE_URL, packages=PACKAGE_ROOT, is_debug=DEBUG)
WHITENOISE_USE_FINDERS = DEBUG
FILE_UPLOAD_HANDLERS = ["console.base.core.uploads.BoundedUploadHandler"]
# V-2: other limits of a package, by the names in releases/package/limits.py.
PACKAGE_LIMITS = {name: int(value) for name, value in env.dict("PACKAGE_LIMITS", default={}).items()}
# G-3: a txt of values for a grayscale task, and where each machine keeps the lists' hashes.
OBJECT_LIST_BYTES = env.int("OBJECT_LIST_BYTES", default=64 * 1024 * 1024)
# What is typed into a form: a list that is pasted and far too long is still answered beside its field.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# What any form takes.
UPLOAD_BYTES = max(PACKAGE_LIMITS.get("upload_size", 30 * 1024 * 1024), OBJECT_LIST_BYTES)
OBJECT_LIST_CACHE = env.path("OBJECT_LIST_CACHE", default=addresses.local_dir() / "object-lists")
# The address is unique by a constraint over its lower case, which this check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

# Pages --------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
FORMAT_MODULE_PATH = "console.locale"
LOCALE_PATHS = [BASE_DIR / "console" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
PAGE_SIZE = 25
SESSION_ENGINE = "console.base.accounts.sessions"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# Mail and jobs ------------------------------------------------------------------------------------------------

_mail = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(_mail)
# The folder of the mails that `make run` keeps instead of sending them, for console/local/mailbox.py; None sends.
MAILBOX = addresses.local_dir() / "mails" if DEBUG and "EMAIL_URL" not in env else None
if MAILBOX:
    EMAIL_BACKEND = "console.local.mailbox.Backend"
elif _mail["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_BACKEND = "console.base.accounts.smtp.Backend"
EMAIL_TIMEOUT = 10  # seconds for each answer; a mail server that says nothing holds one worker, for so long
# Seconds for the answer to a mail's text: the server has the mail by then, and may examine it first. Who hangs up sends
# it again.
EMAIL_TEXT_TIMEOUT = 300
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Mini Program Console <console@localhost>")
try:
    if "@" not in sanitize_address(DEFAULT_FROM_EMAIL, "utf-8"):
        raise ValueError
except ValueError:
    raise ImproperlyConfigured(
        "Write DEFAULT_FROM_EMAIL as NAME <ADDRESS>, and a name with a comma in quotes: "
        '"Console, Acme" <console@example.com>.'
    ) from None

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=addresses.broker_url(REDIS_URL))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # A broker that becomes a replica answers with an error; workers stay.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}
CELERY_TASK_PUBLISH_RETRY = False  # A task is a wake-up; periodic tasks do what a lost one would have done.
CELERY_TASK_TIME_LIMIT = 15 * 60  # seconds; each task has a budget of its own, this ends one that hangs
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # Nothing asks workers by the broker; one channel less to lose.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # Their rows say who has taken what.
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=10)
DECISION_OVERDUE_HOURS = env.int("DECISION_OVERDUE_HOURS", default=48)
DECISION_REMINDER_HOURS = env.int("DECISION_REMINDER_HOURS", default=24)

# Devices ------------------------------------------------------------------------------------------------------

PACKAGE_ACCEL_PREFIX = env.str("PACKAGE_ACCEL_PREFIX", default="")
PACKAGE_REDIRECT_SECONDS = storage_url.redirect_seconds(
    env.int("PACKAGE_REDIRECT_SECONDS", default=0), url=STORAGE_URL, accel=PACKAGE_ACCEL_PREFIX
)
# How long devices are answered from memory while the database is away; at most so long a revocation can be missed.
SNAPSHOT_SECONDS = env.float("SNAPSHOT_SECONDS", default=900.0)
DEVICE_RATE_LIMIT = env.str("DEVICE_RATE_LIMIT", default="600/minute")
# How long an installation proof is good; and what bounds devices that show none, in each process: calls of a kind
# and new places in a task by address, new places by application.
PROOF_SECONDS = env.int("PROOF_SECONDS", default=7 * 24 * 3600)
UNPROVEN_RATE_LIMIT = env.str("UNPROVEN_RATE_LIMIT", default="3000/minute")
UNPROVEN_PLACES_PER_ADDRESS = env.str("UNPROVEN_PLACES_PER_ADDRESS", default="600/hour")
UNPROVEN_PLACES_PER_APPLICATION = env.str("UNPROVEN_PLACES_PER_APPLICATION", default="3000/minute")

# Logs ---------------------------------------------------------------------------------------------------------

# Where log entries are kept: empty for PostgreSQL, or clickhouse://user:password@host:8123/database.
LOG_STORE_URL = env.str("LOG_STORE_URL", default="")
LOG_DAYS = env.int("LOG_DAYS", default=7)
LOG_ENTRIES_PER_DAY = env.int("LOG_ENTRIES_PER_DAY", default=5_000_000)  # of one mini program
LOG_QUERY_SECONDS = env.float("LOG_QUERY_SECONDS", default=3.0)

# APIs ---------------------------------------------------------------------------------------------------------

API_RATE_LIMIT = env.str("API_RATE_LIMIT", default="600/minute")  # of one token of /api/v1/, per process
SERVER_RATE_LIMIT = env.str("SERVER_RATE_LIMIT", default="6000/minute")  # of one address, for the server API

# Retention ----------------------------------------------------------------------------------------------------

# Days; 0 keeps for ever.
SESSION_DAYS = env.int("SESSION_DAYS", default=14)  # since the sign-in
SESSION_IDLE_HOURS = env.int("SESSION_IDLE_HOURS", default=12)  # since it was last used
SECURITY_LOG_DAYS = env.int("SECURITY_LOG_DAYS", default=365)
NOTIFICATION_DAYS = env.int("NOTIFICATION_DAYS", default=180)  # unread ones twice as long
ACTIVITY_DAYS = env.int("ACTIVITY_DAYS", default=0)
MESSAGE_DAYS = env.int("MESSAGE_DAYS", default=180)  # since the message was delivered or failed
REPORT_DAYS = env.int("REPORT_DAYS", default=90)  # since the device's last report on a version
ENROLMENT_DAYS = env.int("ENROLMENT_DAYS", default=365)  # since the task's end
# Pages and rules look back that far: the activity log is the record (P-5), an Idempotency-Key holds a month.
for name, days, least in (
    ("NOTIFICATION_DAYS", NOTIFICATION_DAYS, 30),
    ("ACTIVITY_DAYS", ACTIVITY_DAYS, 365),
    ("SECURITY_LOG_DAYS", SECURITY_LOG_DAYS, 90),
    ("MESSAGE_DAYS", MESSAGE_DAYS, 30),
    ("REPORT_DAYS", REPORT_DAYS, 30),
    ("ENROLMENT_DAYS", ENROLMENT_DAYS, 30),
):
    if days and days < least:
        raise ImproperlyConfigured(f"Set {name} to 0 (keep forever) or to at least {least} days.")
if SESSION_DAYS < 1:
    raise ImproperlyConfigured("Set SESSION_DAYS to at least 1 day.")
if SESSION_IDLE_HOURS < 1:
    raise ImproperlyConfigured("Set SESSION_IDLE_HOURS to at least 1 hour.")
SESSION_COOKIE_AGE = SESSION_DAYS * 24 * 3600

# Transport security -------------------------------------------------------------------------------------------

SESSION_COOKIE_HTTPONLY = True
# A browser takes a cookie with this prefix over https alone, for this host alone, so no neighbour can set one.
_prefix = "" if DEBUG else "__Host-"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_prefix}sessionid", f"{_prefix}csrftoken"
DEVICE_COOKIE_NAME, LANGUAGE_COOKIE_NAME = f"{_prefix}browser", f"{_prefix}django_language"
FIRST_RUN_COOKIE_NAME = f"{_prefix}first_run"  # which checklists a person has hidden
ORDERS_COOKIE_NAME = f"{_prefix}orders"  # and the person's id: how they left each list
TIME_ZONE_COOKIE_NAME = f"{_prefix}time_zone"  # written by time-zone.js
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
X_FRAME_OPTIONS = "DENY"

# The edge (P-8) -----------------------------------------------------------------------------------------------

# Networks whose forwarded headers are believed: address, scheme and host. Nobody else’s are.
try:
    TRUSTED_PROXIES = tuple(ip_network(network) for network in env.list("TRUSTED_PROXIES", default=[]))
except ValueError as error:
    raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}. Write networks as CIDR: 10.0.0.0/24,fd00::/64.") from None
if env("BEHIND_PROXY", cast=bool, default=False) and not TRUSTED_PROXIES:  # of earlier releases
    raise ImproperlyConfigured(
        "BEHIND_PROXY was replaced: set TRUSTED_PROXIES to the addresses of your proxies, "
        "for example 127.0.0.1/32 or 10.0.0.0/24."
    )
FORWARDED_HEADER = env.str("FORWARDED_HEADER", default="X-Forwarded")
if FORWARDED_HEADER not in ("X-Forwarded", "Forwarded"):
    raise ImproperlyConfigured("Set FORWARDED_HEADER to X-Forwarded or Forwarded.")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
USE_X_FORWARDED_HOST = bool(TRUSTED_PROXIES)
# A body may take so many seconds, and longer for what arrives at that rate (bytes a second).
BODY_SECONDS = env.float("BODY_SECONDS", default=10.0)
BODY_LEAST_RATE = env.float("BODY_LEAST_RATE", default=16 * 1024.0)
if BODY_SECONDS <= 0 or BODY_LEAST_RATE <= 0:
    raise ImproperlyConfigured("Set BODY_SECONDS and BODY_LEAST_RATE to numbers above 0.")

# What the processes say of themselves -----------------------------------------------------------------------------

LOG_FORMAT = env.str("LOG_FORMAT", default=logs.PLAIN if DEBUG else logs.JSON)
if LOG_FORMAT not in (logs.PLAIN, logs.JSON):
    raise ImproperlyConfigured("Set LOG_FORMAT to plain or json.")
LOGGING = logs.configuration(LOG_FORMAT, env.str("LOG_LEVEL", default="INFO"))
# Where workers and the scheduler answer Prometheus, as host:port; servers do on their own port. None: nowhere.
METRICS_LISTEN = env.str("METRICS_LISTEN", default="")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
