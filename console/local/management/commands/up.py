"""`manage.py up`: the whole console in one terminal, with nothing installed beside Python."""

import argparse
import contextlib
import os
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, transaction

from console.base.core import assets
from console.local import addresses, lock, supervisor
from console.local.process import LocalServiceError, Service
from messaging.models import Gateway

ADMIN = "admin@example.com"


class Command(BaseCommand):
    """Services → migrations → first data → web, worker and beat, until Ctrl-C."""

    help = "Run the console: PostgreSQL and Valkey unless their URLs are set, web, worker and scheduler."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000", help="default: PORT or 8000")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
        parser.add_argument("--demo", action=argparse.BooleanOptionalAction, default=True, help="first demo data")

    def handle(self, *, port: int, host: str, demo: bool, **options: Any) -> None:
        """Run until somebody asks us to stop."""
        if settings.DEBUG and not addresses.is_loopback(host):
            raise CommandError(f"The console can't listen on {host}. {addresses.ONLY_HERE}")
        address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}/"  # noqa: S104
        os.environ["PORT"] = str(port)
        try:
            if not assets.are_current():
                assets.build()
            supervisor.make_folders()
            with lock.only_copy(addresses.local_dir(), address):
                supervisor.check_port(host, port)
                self.run(host, port, address, demo=demo)
        except (LocalServiceError, assets.BuildError) as error:
            raise CommandError(str(error)) from None

    def run(self, host: str, port: int, address: str, *, demo: bool) -> None:
        """Start everything in order; whatever happens, stop what was started."""
        engines: list[Service] = []
        applications: list[Service] = []
        try:
            with supervisor.stop_on_signals():
                engines += supervisor.engines()
                if engines:
                    self.say(f"Starting {' and '.join(server.name for server in engines)} ...")
                    supervisor.start_engines(engines)
                call_command("migrate", interactive=False, verbosity=0)
                welcome = [
                    f"The console is ready: {address}",
                    *self.first_data(demo=demo),
                    "Ctrl-C stops it.",
                ]
                for connection in connections.all():
                    connection.close()
                    connection.close_pool()  # type: ignore[attr-defined]  # only PostgreSQL's has a pool
                applications += supervisor.applications(host, port)
                if (demo_port := self.gateway_port()) is not None:
                    applications.append(supervisor.gateway(demo_port))
                for service in applications:
                    service.start()

                def ready() -> bool:
                    if answering := supervisor.answers(host, port):
                        self.say("\n" + "\n".join(f"  {line}" for line in welcome) + "\n")
                    return answering

                supervisor.watch([*engines, *applications], self.say, ready=ready)
        except supervisor.Stop:
            self.say("\nStopping ...")
        finally:
            supervisor.stop(applications, engines)
        self.say("Stopped.")

    def gateway_port(self) -> int | None:
        """Return where the demo's gateways listen; None without them, and when another program has taken it."""
        local = Gateway.objects.filter(url__regex=r"^http://127\.0\.0\.1:[0-9]+/").values_list("url", flat=True).first()
        if local is None:
            return None
        port = int(local.split(":")[2].partition("/")[0])
        try:
            supervisor.check_port("127.0.0.1", port)
        except LocalServiceError:
            self.say(f"Port {port} is taken, so the demo's host applications receive no messages.")
            return None
        return port

    def first_data(self, *, demo: bool) -> list[str]:
        """Make the first operator and the demo data in an empty database; return what to tell about it.

        Both or nothing: a first start that is interrupted here begins anew the next time.
        """
        users: Any = get_user_model().objects
        if users.exists():
            return []
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            users.create_superuser(email=ADMIN, password=password, name="Administrator")
            if demo and "demo" in get_commands():
                self.say("Making demo data ...")
                call_command("demo", verbosity=0)
        return [
            f"Sign in as {ADMIN} with the password {password}",
            f"It is shown only now; another one: manage.py changepassword {ADMIN}",
        ]

    def say(self, text: str) -> None:
        """Tell the person at the terminal, at once even through a pipe."""
        with contextlib.suppress(OSError):  # The terminal may be gone; that must not keep us from stopping.
            self.stdout.write(text)
            self.stdout.flush()
