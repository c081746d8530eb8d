"""The connection to a mail server: Django's, with more time for the answer to a mail's text."""

from __future__ import annotations

import smtplib
from typing import Any

from django.conf import settings
from django.core.mail.backends import smtp


class _Patient(smtplib.SMTP):
    """Waits EMAIL_TEXT_TIMEOUT once a text is sent, so that the server can examine it, and EMAIL_TIMEOUT otherwise."""

    def send(self, s: Any) -> None:
        """Send a command (str) or the text of a mail (bytes); the answer has time by what it is."""
        if self.sock:
            self.sock.settimeout(settings.EMAIL_TEXT_TIMEOUT if isinstance(s, bytes) else self.timeout)
        super().send(s)


class _PatientOverTLS(_Patient, smtplib.SMTP_SSL):
    """The same, with TLS from the first byte on."""


class Backend(smtp.EmailBackend):
    """Django's."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The class of the connection."""
        return _PatientOverTLS if self.use_ssl else _Patient
