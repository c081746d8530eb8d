"""What a receiver gets, and what its answer means: signed JSON, or a sentence for the people of a chat."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec
from django.utils import translation
from django.utils.translation import gettext as _
from standardwebhooks import Webhook as Signer

from console.api.hooks.states import TEST, Format
from console.base.activity import payloads
from console.base.activity.events import event_of
from console.base.core.outbox.posting import Outcome
from console.base.core.outbox.signing import AGENT, headers

LONGEST = 800  # characters of what a chat shows: WeCom takes 4,096 bytes
# Chats make links and names of people of these; what people typed makes none.
HARMLESS = str.maketrans({"<": "‹", ">": "›", "[": "［", "]": "］", "`": "'", "@": "＠"})
COLOURS = {"green": "green", "blue": "blue", "orange": "orange", "red": "red", "secondary": "grey"}  # Feishu's words


class Request(NamedTuple):
    """One POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Means(NamedTuple):
    """The address, and the secrets that sign for it, the newest first."""

    url: str
    secrets: Sequence[str]


@dataclass(frozen=True)
class Note:
    """A payload as people read it."""

    title: str
    lines: Sequence[str]
    url: str
    link: str
    colour: str

    @property
    def text(self) -> str:
        """Its lines, one below the other."""
        return "\n".join(self.lines)[:LONGEST]


def request_of(kind: str, *, event_id: str, payload: str, language: str, means: Means, at: datetime) -> Request:
    """Return what is sent to a webhook of the format `kind` at the time `at`, in UTC."""
    if kind == Format.STANDARD:
        body = payload.encode()
        return Request(means.url, headers(event_id, body, [Signer(each) for each in means.secrets], at=at), body)
    with translation.override(language):
        note = note_of(msgspec.json.decode(payload))
    url, content = CHAT_FORMATS[kind](note, means, int(at.timestamp()))
    head = {"content-type": "application/json; charset=utf-8", "user-agent": AGENT}
    return Request(url, head, msgspec.json.encode(content))


def judged(kind: str, outcome: Outcome) -> Outcome:
    """Return the outcome as its format means it: some say in the body of a 200 that they refused."""
    if not outcome.ok or kind not in CODES or outcome.answer is None:
        return outcome
    try:
        said = msgspec.json.decode(outcome.answer.body)
        code = next(said[name] for name in CODES[kind] if name in said)
    except (msgspec.DecodeError, StopIteration, TypeError):
        return outcome._replace(ok=False, reason="The receiver’s answer was not understood")
    if not isinstance(code, int):
        return outcome._replace(ok=False, reason="The receiver’s answer was not understood")
    if code == 0:
        return outcome
    return outcome._replace(ok=False, reason=f"The receiver responded with error {code}"[:200])


def note_of(body: Mapping[str, Any]) -> Note:
    """Return a payload as people read it, in the language that is active."""
    data = body["data"]
    lines = [] if body["type"] == TEST else payloads.details(body)
    return Note(
        title=_line(data["summary"]),
        lines=[_line(line) for line in lines],
        url=data["url"],
        link=_("Open in console"),
        colour=event_of(body["type"]).colour,
    )


def _line(text: str) -> str:
    return " ".join(text.split()).translate(HARMLESS)


def _slack(note: Note, means: Means, at: int) -> tuple[str, dict[str, Any]]:
    """Blocks, and a text for notifications."""
    section = {"type": "section", "text": _mrkdwn(f"*{_slack_text(note.title)}*")}
    more = [{"type": "section", "text": _mrkdwn(_slack_text(note.text))}] if note.lines else []
    button = {"type": "button", "text": {"type": "plain_text", "text": note.link}, "url": note.url}
    blocks = [section, *more, {"type": "actions", "elements": [button]}]
    return means.url, {"text": _slack_text(note.title), "blocks": blocks}


def _mrkdwn(text: str) -> dict[str, Any]:
    """Slack's markup; `verbatim` makes no links of addresses and channels that people typed."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _feishu(note: Note, means: Means, at: int) -> tuple[str, dict[str, Any]]:
    """A card; signed by a key that is time and secret, over nothing."""
    elements: list[dict[str, Any]] = []
    if note.lines:
        elements.append({"tag": "div", "text": {"tag": "plain_text", "content": note.text}})
    button = {"tag": "button", "text": {"tag": "plain_text", "content": note.link}, "url": note.url, "type": "default"}
    elements.append({"tag": "action", "actions": [button]})
    header = {"title": {"tag": "plain_text", "content": note.title}, "template": COLOURS.get(note.colour, "grey")}
    content: dict[str, Any] = {"msg_type": "interactive", "card": {"header": header, "elements": elements}}
    if means.secrets:
        sign = base64.b64encode(hmac.digest(f"{at}\n{means.secrets[0]}".encode(), b"", "sha256")).decode()
        content = {"timestamp": str(at), "sign": sign, **content}
    return means.url, content


def _dingtalk(note: Note, means: Means, at: int) -> tuple[str, dict[str, Any]]:
    """Markdown; time and signature are in the address."""
    text = "\n\n".join([f"#### {note.title}", *(f"> {line}" for line in note.text.splitlines()), _link(note)])
    content = {"msgtype": "markdown", "markdown": {"title": note.title, "text": text}}
    if not means.secrets:
        return means.url, content
    stamp, secret = str(at * 1000), means.secrets[0]
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    parts = urlsplit(means.url)
    signed = f"timestamp={stamp}&sign={quote(base64.b64encode(digest), safe='')}"
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, signed])))), content


def _wecom(note: Note, means: Means, at: int) -> tuple[str, dict[str, Any]]:
    text = "\n".join([f"**{note.title}**", *(f"> {line}" for line in note.text.splitlines()), _link(note)])
    return means.url, {"msgtype": "markdown", "markdown": {"content": text}}


def _link(note: Note) -> str:
    return f"[{note.link}]({note.url})"


CHAT_FORMATS: dict[str, Callable[[Note, Means, int], tuple[str, dict[str, Any]]]] = {
    Format.SLACK: _slack,
    Format.FEISHU: _feishu,
    Format.DINGTALK: _dingtalk,
    Format.WECOM: _wecom,
}
# Where their answers say how it went; 0 is well.
CODES: dict[str, tuple[str, ...]] = {
    Format.FEISHU: ("code", "StatusCode"),
    Format.DINGTALK: ("errcode",),
    Format.WECOM: ("errcode",),
}

# What pages show -------------------------------------------------------------------------------------------------

SHOWN = 4000  # characters of what was asked and answered
SECRETIVE = re.compile(r"(?<![^/])(?=[^/]*[0-9])[^/]{16,}")
SIGNED_BODY = re.compile(r'"sign":"[^"]*"')


def masked(url: str, kind: str) -> str:
    """Return what pages show of an address: of a chat its host and its last characters; of others all but the query,
    and of long parts with digits, by which services know their customers, the end.
    """
    parts = urlsplit(url)
    if kind != Format.STANDARD:
        tail = (parts.query or parts.path)[-4:]
        return f"{parts.scheme}://{parts.netloc}/…{tail}"[:500]
    query = "…" if parts.query else ""
    path = SECRETIVE.sub(lambda found: f"…{found[0][-4:]}", parts.path)
    return urlunsplit(parts._replace(path=path, query=query))[:500]


def shown_request(request: Request, address: str) -> str:
    """Return a request as pages show it: its signatures can't be used, its secrets not be read."""
    lines = [f"POST {address}"]
    for name, value in request.headers.items():
        shown = " ".join(f"{each[:9]}…" for each in value.split()) if name == "webhook-signature" else value
        lines.append(f"{name}: {shown}")
    body = SIGNED_BODY.sub('"sign":"…"', request.body.decode())
    return "\n".join([*lines, "", body])[:SHOWN]


def attempt_of(request: Request, outcome: Outcome, *, address: str, at: datetime) -> dict[str, Any]:
    """Return a try as its delivery keeps it, for pages; `address` is the webhook's as it may be shown."""
    return {
        "at": at.isoformat(),
        "ok": outcome.ok,
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "reason": outcome.reason,
        "request": shown_request(request, address),
        "answer": shown_answer(outcome),
    }


def shown_answer(outcome: Outcome) -> str:
    """Return what a receiver said as pages show it; "" where it said nothing. Cookies are nobody's."""
    if outcome.answer is None:
        return ""
    kept = (f"{name}: {value}" for name, value in outcome.answer.headers if name.lower() != "set-cookie")
    body = outcome.answer.body.decode("utf-8", "replace")
    said = "\n".join([_status_line(outcome.status or 0), *(line[:300] for line in kept), "", body])[:SHOWN]
    said = said.replace("\0", "�")  # which the database can't keep
    return said.encode("utf-8", "replace").decode()  # A head may hold what is no text.


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:  # none of the registered ones
        return str(status)
