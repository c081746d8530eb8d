"""Asking the API as scripts do."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client


def send(client: Client, method: str, path: str, /, **body: Any) -> HttpResponse:
    """Send a body of JSON to a path under /api/v1."""
    return client.generic(method, f"/api/v1{path}", json.dumps(body), content_type="application/json")


def get(client: Client, path: str, /, **query: Any) -> Any:
    """Return what a path under /api/v1 answers; it must be 200."""
    answer = client.get(f"/api/v1{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def wrong_fields(answer: HttpResponse) -> list[str]:
    """Return the fields that a problem of status 422 names."""
    assert answer.status_code == 422, answer.content
    return [each["field"] for each in answer.json()["errors"]]
