"""Requests that are signed by hand, as an attacker would, with the SDK's own arithmetic."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from hashlib import sha256

from django.test import Client
from tencentcloud.common.sign import Sign

from console.api.manage.sdk_keys import secret_id, secret_key

HOST = "testserver"


def headers_of(made, action, body, *, at=None, host=HOST, key="", kind="application/json", signed="content-type;host"):
    """Return the headers by which `body` is sent, signed at `at`, in seconds, for `host`."""
    timestamp = int(time.time() if at is None else at)
    date = datetime.fromtimestamp(timestamp, UTC).date().isoformat()
    lines = f"content-type:{kind}\nhost:{host}\n"
    canonical = "\n".join(("POST", "/", "", lines, signed, sha256(body).hexdigest()))
    scope = f"{date}/tcsas/tc3_request"
    words = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    signature = Sign.sign_tc3(key or secret_key(made.row), date, "tcsas", words)
    credential = f"{secret_id(made.row)}/{scope}"
    return {
        "X-TC-Action": action,
        "X-TC-Version": "2025-01-06",
        "X-TC-Timestamp": str(timestamp),
        "Authorization": f"TC3-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}",
    }


def send(headers, body, kind="application/json"):
    """Send it; return the SDK's `Response`."""
    answer = Client().post("/", body, content_type=kind, headers=headers)
    assert answer.status_code == 200, answer.content
    assert answer["Cache-Control"] == "no-store"
    response = answer.json()["Response"]
    assert response["RequestId"]
    return response


def call(made, action, parameters=None, **how):
    """Sign and send parameters; return `Data`, or the code of the error."""
    body = json.dumps(parameters or {}).encode()
    response = send(headers_of(made, action, body, **how), body)
    return response["Error"]["Code"] if "Error" in response else response["Data"]
