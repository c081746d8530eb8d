"""What deploy/helm/console takes as a value; tests/install/test_chart.py renders it."""

from __future__ import annotations

import json
import re

import pytest

from console.local.addresses import PROJECT
from tests.deploy.test_compose import named_in

SCHEMA = json.loads((PROJECT / "deploy" / "helm" / "console" / "values.schema.json").read_text())
REFUSED = SCHEMA["properties"]["settings"]["propertyNames"]["not"]["anyOf"]
# Names that sound like a secret, and are none.
HARMLESS = {"BASE_URL"}


def test_what_may_hold_a_password_belongs_into_the_secret() -> None:
    """By its name in .env.example: everything else is readable by whoever reads the pods."""
    names = named_in(PROJECT / ".env.example")
    secret = {name for name in names if re.search(r"_URL$|_KEY$|_FALLBACKS$|_TOKEN$|_SECRET$", name)} - HARMLESS
    assert {"SECRET_KEY", "DATABASE_SESSION_URL", "STORAGE_URL", "OIDC_CORP_CLIENT_SECRET"} <= secret
    assert {name for name in secret if not is_refused(name)} == set()
    assert {name for name in names if is_refused(name)} <= secret


@pytest.mark.parametrize("name", ["TIME_ZONE", "LOG_DAYS", "OIDC_PROVIDERS", "OIDC_CORP_CLIENT_ID"])
def test_others_are_values(name: str) -> None:
    assert not is_refused(name)


def is_refused(name: str) -> bool:
    """Return whether `settings` may not have it."""
    return any(name in one.get("enum", ()) or re.search(one.get("pattern", "$^"), name) for one in REFUSED)
