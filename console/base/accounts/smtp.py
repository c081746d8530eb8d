"""The connection to a mail server: Django's, with more time for the answer to a mail's text."""

from __future__ import annotations

import contextlib
import smtplib
from typing import Any

from django.conf import settings
from django.core.mail.backends import smtp

CLOSING = 421  # "service not available": the server ends the connection, whatever it was asked


class _Patient(smtplib.SMTP):
    """Waits EMAIL_TEXT_TIMEOUT once a text is sent, so that the server can examine it, and EMAIL_TIMEOUT otherwise."""

    def send(self, s: Any) -> None:
        """Send a command (str) or the text of a mail (bytes); the answer has time by what it is."""
        if self.sock:
            self.sock.settimeout(settings.EMAIL_TEXT_TIMEOUT if isinstance(s, bytes) else self.timeout)
        super().send(s)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send a text; one that the server does not want to hear leaves it ready for the next mail. Raises OSError."""
        try:
            return super().data(msg)
        except smtplib.SMTPDataError as error:
            if error.smtp_code != CLOSING:
                with contextlib.suppress(OSError):
                    self.rset()  # smtplib resets after all other refusals itself.
            raise


class _PatientOverTLS(_Patient, smtplib.SMTP_SSL):
    """The same, with TLS from the first byte on."""


class Backend(smtp.EmailBackend):
    """Django's, over such connections."""

    @property
    def address(self) -> str:
        """Return host and port, which is the usual one unless EMAIL_URL names another."""
        return f"{self.host}:{self.port or self.connection_class.default_port}"

    @property
    def signs_in(self) -> bool:
        """Whether it does, as Django decides."""
        return bool(self.username and self.password)

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The class of the connection."""
        return _PatientOverTLS if self.use_ssl else _Patient


def reason_of(error: Exception) -> str:
    """Return what the server said, or what happened."""
    answers = [(error.smtp_code, error.smtp_error)] if isinstance(error, smtplib.SMTPResponseException) else []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = list(error.recipients.values())
    said = [f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}" for code, text in answers]
    return ("; ".join(said) or str(error) or type(error).__name__).replace("\0", "")
