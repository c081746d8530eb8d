"""The suite's settings with DATABASE_URL leading to PgBouncer (test_suite.py): no session outlives a transaction."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["OPTIONS"].pop("options")  # PgBouncer takes none; the database has it.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}  # made and migrated already
