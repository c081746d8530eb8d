"""All operations of the API, registered in the order in which its description lists them."""

from __future__ import annotations

from typing import Any

from ninja.openapi.views import default_home, openapi_json

from console.api.manage.api import api
from console.api.manage.endpoint import ENDPOINTS
from console.api.manage.operations import (  # noqa: F401 - they register their operations
    activity,
    agreements,
    applications,
    bindings,
    domains,
    events,
    files,
    grayscale,
    logs,
    messages,
    offline,
    permissions,
    programs,
    progress,
    reports,
    reviews,
    shelf,
    trial,
    versions,
)
from console.base.accounts.access import Policy
from console.base.accounts.permissions import Permission


def urls() -> Any:
    """Return the API's URLs, for /api/v1/, each with the policy by which `manage.py routes` lists it."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        path = "/" + str(pattern.pattern).replace("<", "{").replace(">", "}")
        methods = tuple(each.method for each in ENDPOINTS if each.path == path)
        is_open = getattr(pattern.callback, "func", None) in (openapi_json, default_home)
        permission = Permission.PUBLIC if is_open else Permission.TOKEN
        view: Any = pattern.callback
        view.policy = Policy(permission, methods or ("GET",), sudo=False)
    return patterns, app_name, namespace
