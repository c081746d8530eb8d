"""Accepting messages: the consent is used and the message stored in one statement (M-5 to M-7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from miniprograms.models import MiniProgram


class Sending(NamedTuple):
    """What a server wants to send; `data` is key → value: {"thing1": "Harbour Street Clinic"}."""

    touser: str
    template_id: str
    data: Mapping[str, str]
    page: str = ""
    program_state: str = "formal"
    lang: str = "zh_CN"


def send(
    program: MiniProgram,
    sending: Sending,
    *,
    idempotency_key: str = "",
    body_sha256: str = "",
    at: datetime | None = None,
) -> int:
    """Accept a message and return its id.

    Raises ServerRefused (40003, 40037, 40097, 41030, 43101, 43107, 43116, 45009, 47003, 48001). The same
    `idempotency_key` with the same `body_sha256` returns the first id again, with another it is refused (40097).
    """
    raise NotImplementedError
