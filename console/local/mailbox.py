"""The mails of `make run`: kept as files instead of sent, each told of in one line of the terminal.

Only where `settings.MAILBOX` names their folder: with DEBUG on and without EMAIL_URL, so on this machine only. A mail
may carry a link by which its reader signs in, so other people of this machine must not read it: the pages want a key
that the terminal shows.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage as Parsed
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)
KEPT = 200
NAME = re.compile(r"\d{19}-[0-9a-f]{8}")
LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class Mail:
    """A kept mail: its id, when it was sent, to whom, and its text; the first link in that is what it is about."""

    mail_id: str
    sent_at: datetime
    to: str
    subject: str
    text: str

    @property
    def link(self) -> str:
        """The first address in the text, "" without one."""
        found = LINK.search(self.text)
        return found[0] if found else ""


class Backend(BaseEmailBackend):
    """Keeps mails in the folder, readable by its owner only, and forgets the oldest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = _folder()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep each, and say so in a line; raises ValueError for an address that no message can carry."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            mail_id = f"{time.time_ns():019}-{secrets.token_hex(4)}"
            fresh = self.folder / f"{mail_id}.new"
            fresh.write_bytes(message.message().as_bytes())
            fresh.rename(fresh.with_suffix(".eml"))
            if kept := mail(mail_id):
                logger.info("%s", f'Mail to {kept.to}: "{kept.subject}" {kept.link}'.rstrip())
        for old in _files()[KEPT:]:
            old.unlink(missing_ok=True)
        return len(email_messages)


def key() -> str:
    """Return what opens the pages, made when it is first asked for; it stays, so that bookmarks and cookies do."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file, fresh = folder / "key", folder / f"key-{secrets.token_hex(4)}.new"
    with contextlib.suppress(FileNotFoundError):
        if kept := file.read_text():
            return kept
        file.unlink()  # What a full disk left.
    fresh.write_text(secrets.token_urlsafe(12))
    with contextlib.suppress(FileExistsError):  # Another process was first.
        os.link(fresh, file)
    fresh.unlink()
    return file.read_text()


def opens(given: str) -> bool:
    """Tell whether this is the key; nothing never is."""
    return bool(given) and secrets.compare_digest(given.encode(), key().encode())


def mails() -> list[Mail]:
    """Return what is kept, newest first."""
    return [found for file in _files() if (found := mail(file.stem))]


def mail(mail_id: str) -> Mail | None:
    """Return one mail; None where there is none of that id (any more)."""
    if not NAME.fullmatch(mail_id):
        return None
    try:
        message = BytesParser(policy=policy.default).parsebytes((_folder() / f"{mail_id}.eml").read_bytes())
    except FileNotFoundError:
        return None
    sent_at = datetime.fromtimestamp(int(mail_id.partition("-")[0]) / 1e9, UTC)
    return Mail(mail_id, sent_at, str(message["To"]), " ".join(str(message["Subject"]).split()), _text(message))


def _text(message: Parsed) -> str:
    """Return the text; of a mail that has HTML only, its source: the console itself sends none."""
    body = message.get_body(("plain", "html"))
    return body.get_content().replace("\r\n", "\n") if body is not None else ""


def _files() -> list[Path]:
    return sorted(_folder().glob("*.eml"), reverse=True)


def _folder() -> Path:
    if settings.MAILBOX is None:
        raise ImproperlyConfigured("MAILBOX names no folder: mails are sent.")
    return settings.MAILBOX
