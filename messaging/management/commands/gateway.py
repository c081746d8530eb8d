"""`manage.py gateway`: a server of a host application to try sending with, without writing one."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from console.base.hosts.models import ServerSecret
from messaging.stub import Stub


def of_console() -> list[str]:
    """Return every server secret that is in use: a gateway for the demo, whose applications are all here."""
    try:
        return [secret.read() for secret in ServerSecret.objects.usable(at=timezone.now())]
    finally:
        connection.close()


class Command(BaseCommand):
    """Listens until Ctrl-C and prints a line for each message."""

    help = "Receive messages as a host app's server does: /good, /slow, /failing, /limiting, /gone, /lying/…"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
        parser.add_argument("--port", type=int, default=0, help="default: a free one, which is printed")
        parser.add_argument("--secret", action="append", default=[], help="the application's server secret, whsec_…")
        parser.add_argument(
            "--secret-file", type=Path, help="a file with the secret; default: the variable GATEWAY_SECRET"
        )
        parser.add_argument(
            "--console", action="store_true", help="use the secrets of all applications in this console"
        )
        parser.add_argument("--quiet", action="store_true", help="don't print a line for each message")

    def handle(self, *, host: str, port: int, quiet: bool, console: bool, **options: Any) -> None:
        say = None if quiet else self.say
        stub = Stub([], say, ask=of_console) if console else Stub(self.secrets(**options), say)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(self.serve(stub, host, port))

    def secrets(self, *, secret: list[str], secret_file: Path | None, **options: Any) -> list[str]:
        """Return the secrets that the options name; raises CommandError."""
        found = list(secret)
        try:
            found += [secret_file.read_text().strip()] if secret_file else []
            found = found or [os.environ["GATEWAY_SECRET"]]
            for one in found:
                Webhook(one)
        except OSError as error:
            raise CommandError(f"{secret_file} can't be read: {error.strerror}") from None
        except KeyError:
            raise CommandError("No secret given. Use --secret, --secret-file or GATEWAY_SECRET.") from None
        except (ValueError, EmptyWebhookSecretError):
            raise CommandError("This is not a server secret: whsec_ followed by Base64.") from None
        return found

    async def serve(self, stub: Stub, host: str, port: int) -> None:
        """Listen until we are interrupted."""
        try:
            runner = await stub.start(host, port)
        except OSError as error:
            raise CommandError(f"Can't listen on {host} port {port}: {error.strerror}") from None
        if stub.say or not stub.ask:
            self.say(f"Listening. The gateway's address is {stub.url}/good; received messages are shown at {stub.url}/")
        try:
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    def say(self, text: str) -> None:
        """Print a line immediately, even into a pipe."""
        self.stdout.write(text)
        self.stdout.flush()
