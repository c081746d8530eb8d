"""Connections that the status page doesn't ask: the broker, the mail server; and whether sealed data opens."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Iterator

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import timezone

from console.api.hooks.models import Webhook, WebhookSecret
from console.base.accounts import codes
from console.base.accounts.models import OutgoingMail
from console.base.accounts.smtp import Backend, reason_of
from console.base.core.sealing import opens
from console.base.hosts.models import ServerSecret, SigningKey
from console.celery import app
from console.local.addresses import is_loopback
from console.platform import probes
from console.platform.doctor.findings import Finding, error, ok, unknown, warning
from console.platform.doctor.system import LEAST_REDIS

BROKER_SECONDS = 3
URL_MEND = "Set EMAIL_URL=smtp+tls://USER:PASSWORD@HOST:587."


def broker() -> Iterator[Finding]:
    """Connect as workers do; and the version of Valkey or Redis."""
    try:
        with app.connection_for_write(connect_timeout=BROKER_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
        yield ok("The broker takes connections.")
    except Exception as problem:  # Kombu raises its own and the client's.
        yield error(f"The broker doesn't answer: {problem}", "Start it, or correct CELERY_BROKER_URL (REDIS_URL).")
    if probes.valkey() != probes.OK:
        return  # System says it.
    with probes.valkey_client() as client:
        version = str(client.info("server")["redis_version"])
    if tuple(map(int, version.split(".")[:2])) < LEAST_REDIS:
        least = ".".join(map(str, LEAST_REDIS))
        yield warning(f"Redis is version {version}.", f"Upgrade it to Valkey, or to Redis {least} or newer.")


def mail(send_to: str = "") -> Iterator[Finding]:
    """Connect, STARTTLS, sign in; nothing is sent unless `send_to` is an address."""
    if settings.MAILBOX:
        yield ok("E-mails are kept in the mailbox of this machine.")
        return
    backend = get_connection()
    if not isinstance(backend, Backend):
        kind = unknown if settings.DEBUG else error
        yield kind("E-mails are not sent: EMAIL_URL names no mail server.", URL_MEND)
        return
    where = backend.address
    try:
        backend.open()
        yield ok(f"The mail server {where} lets the console in{_how(backend)}.")
        if send_to:
            text = "This is the test e-mail of `manage.py doctor`."
            EmailMessage("Mini Program Console: test", text, to=[send_to], connection=backend).send()
            yield ok(f"A test e-mail was accepted for {send_to}. Check that it arrives.")
    except (smtplib.SMTPException, OSError, ValueError) as problem:  # ValueError: no name of a host, or no address.
        yield error(f"The mail server {where} refuses: {reason_of(problem)}", "Correct EMAIL_URL.")
    finally:
        backend.close()
    if backend.username and not backend.password:
        yield warning("EMAIL_URL has a user and no password, so the console doesn't sign in.", URL_MEND)
    if not (backend.use_tls or backend.use_ssl or is_loopback(str(backend.host))):
        yield warning(f"E-mails go to {where} unencrypted.", "Set EMAIL_URL=smtp+tls://… (STARTTLS) or smtp+ssl://…")
    if "@localhost" in settings.DEFAULT_FROM_EMAIL:
        mend = "Set DEFAULT_FROM_EMAIL to an address that your mail server may send from."
        yield warning(f"E-mails come from {settings.DEFAULT_FROM_EMAIL}.", mend)


def _how(backend: Backend) -> str:
    tls = ", with STARTTLS" if backend.use_tls else ", with TLS" if backend.use_ssl else ""
    return f"{tls}, signed in" if backend.signs_in else tls


def sealed_data() -> Iterator[Finding]:
    """Whether SECRET_KEY and its fallbacks open what is in use. Raises DatabaseError."""
    now, webhooks = timezone.now(), Webhook.objects.on()
    secrets = WebhookSecret.objects.usable(at=now).filter(webhook__in=webhooks)
    factors = Authenticator.objects.values_list("data__secret", "data__seed")
    sealed_factors = (text for row in factors for text in row if text and codes.is_sealed(text))
    kinds: dict[str, Iterable[str]] = {
        "signing keys": SigningKey.objects.active().values_list("sealed", flat=True),
        "server secrets": ServerSecret.objects.usable(at=now).values_list("sealed", flat=True),
        "addresses of webhooks": webhooks.values_list("sealed_url", flat=True),
        "secrets of webhooks": secrets.values_list("sealed", flat=True),
        "waiting e-mails": OutgoingMail.objects.unsent(at=now).values_list("sealed", flat=True),
        "second factors": map(codes.sealed_in, sealed_factors),
    }
    for kind, rows in kinds.items():
        sealed = list(rows)
        closed = sum(not opens(text) for text in sealed)
        if closed:
            mend = "Add the former SECRET_KEY to SECRET_KEY_FALLBACKS."
            yield error(f"{closed} of {len(sealed)} {kind} can't be opened with SECRET_KEY.", mend)
        elif sealed:
            yield ok(f"SECRET_KEY opens all {len(sealed)} {kind}.")
