"""What a receiver gets in the head of a try: signatures, as Standard Webhooks has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

AGENT = "MiniProgramConsole/1"


def headers(webhook_id: str, body: bytes, signers: Sequence[Webhook], *, at: datetime) -> dict[str, str]:
    """Return the headers of one try, signed with each of the secrets: a receiver accepts any that it knows.

    `at` is in UTC.
    """
    text = body.decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signer.sign(webhook_id, at, text) for signer in signers),
        "content-type": "application/json",
        "user-agent": AGENT,
    }
