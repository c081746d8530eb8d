"""What a gateway gets: the body of a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from console.base.core.text import is_chinese


@dataclass(frozen=True)
class Titles:
    """What messages of one template have in common, in both languages; `keywords` as MyTemplate keeps them."""

    template_id: str
    kind: str
    title: str
    title_zh: str
    keywords: Sequence[Mapping[str, str]]


class Leased(NamedTuple):
    """A message that a worker has; `lease` and `tries` as in its row, `values` in JSON."""

    id: int
    lease: Any
    tries: int
    give_up_at: datetime
    accepted_at: datetime
    template: int
    values: str
    page: str
    program_state: str
    lang: str
    app_id: str
    program: str
    openid: str
    account: str


def message_body(message: Leased, titles: Titles, *, application_id: str) -> bytes:
    """Return the body; the same on each try."""
    chinese = is_chinese(message.lang)
    values = msgspec.json.decode(message.values)
    name = "name_zh" if chinese else "name"
    data = {
        "message_id": f"msg_{message.id}",
        "app_id": message.app_id,
        "program": message.program,
        "application_id": application_id,
        "account": message.account,
        "openid": message.openid,
        "template_id": titles.template_id,
        "title": titles.title_zh if chinese else titles.title,
        "type": titles.kind,
        "page": message.page,
        "miniprogram_state": message.program_state,
        "lang": message.lang,
        "keywords": [
            {"key": keyword["key"], "name": keyword[name], "value": values.get(keyword["key"], "")}
            for keyword in titles.keywords
        ],
    }
    return msgspec.json.encode({"type": "subscription_message", "timestamp": message.accepted_at, "data": data})


def test_body(*, application_id: str, at: datetime) -> bytes:
    """Return the body of the message that the button on the gateway's page sends."""
    return msgspec.json.encode({"type": "gateway.test", "timestamp": at, "data": {"application_id": application_id}})
