"""`manage.py up`: the whole console in one terminal, with nothing installed beside Python."""

import argparse
import contextlib
import os
import secrets
import sys
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, transaction
from django.urls import reverse

from console import roles
from console.base.core import assets
from console.local import addresses, lock, mailbox, supervisor, welcome
from console.local.demo.seeding import Seeder
from console.local.process import LocalServiceError, Service
from console.local.progress import Line
from messaging.models import Gateway

ADMIN = "admin@example.com"


class Command(BaseCommand):
    """Services → migrations → first data → web, worker and beat, until Ctrl-C."""

    help = "Run the console: PostgreSQL and Valkey unless their URLs are set, web, worker and scheduler."
    requires_system_checks = ()
    first: welcome.FirstStart | None = None

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
        os.environ[roles.INSTANCE] = secrets.token_hex(8)
        try:
            supervisor.make_folders()
            with lock.only_copy(addresses.local_dir(), address):
                supervisor.check_port(host, port)
                self.build_assets()
                self.run(host, port, address, demo=demo)
        except (LocalServiceError, assets.BuildError) as error:
            raise CommandError(str(error)) from None

    def run(self, host: str, port: int, address: str, *, demo: bool) -> None:
        """Start everything in order; whatever happens, stop what was started.

        The web process starts before the first data, which takes longer than its start: nobody waits for it then.
        """
        engines: list[Service] = []
        applications: list[Service] = []
        try:
            with supervisor.stop_on_signals():
                with self.line("Preparing the database"):
                    engines += supervisor.engines()
                    supervisor.start_engines(engines)
                    call_command("migrate", interactive=False, verbosity=0)
                web, *others = supervisor.applications(host, port)
                applications.append(web)
                web.start()
                self.first = self.first_data(demo=demo)
                if (demo_port := self.gateway_port()) is not None:
                    others.append(supervisor.gateway(demo_port))
                self.forget_connections()
                applications += others
                for service in others:
                    service.start()

                def ready() -> bool:
                    if answering := supervisor.answers(web, host, port):
                        self.greet(address)
                    return answering

                supervisor.watch([*engines, *applications], self.say, ready=ready)
        except supervisor.Stop:
            self.say("\nStopping …")
        finally:
            supervisor.stop(applications, engines)
        again = "make run" if port == 8000 else f"PORT={port} make run"
        self.say("\n".join(welcome.stopped(self.first, again=again)))

    def build_assets(self) -> None:
        """Build what browsers load where it is not current; without Node, an older build does."""
        if assets.are_current():
            return
        try:
            assets.build()
        except assets.NoNodeError:
            if not assets.BUILT.is_dir():
                raise
            self.say("The files for browsers are older than their sources. To build them: make assets")

    def line(self, title: str) -> Line:
        """Return a line for what takes a while."""
        return Line(title, sys.stdout)

    def greet(self, address: str) -> None:
        """Say where the console is and how to sign in, once it answers."""
        page = f"{urljoin(address, reverse('mailbox'))}?key={mailbox.key()}" if settings.MAILBOX else ""
        lines = welcome.ready(address, self.first, mailbox=page)
        self.say("\n" + "\n".join(f"  {line}".rstrip() for line in lines) + "\n")

    def forget_connections(self) -> None:
        """Close what only the start needed."""
        for connection in connections.all():
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # only PostgreSQL's has a pool

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

    def first_data(self, *, demo: bool) -> welcome.FirstStart | None:
        """Make the first operator and the demo data in an empty database; return what to tell about it.

        Both or nothing: a first start that is interrupted here begins anew the next time.
        """
        users: Any = get_user_model().objects
        if users.exists():
            return None
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            users.create_superuser(email=ADMIN, password=password, name="Administrator")
            if not demo:
                return welcome.FirstStart(ADMIN, password)
            with self.line("Making demo data") as line:
                seeder = Seeder(progress=lambda part: line.update(f"{part:.0%}"))
                seeder.seed()
        return welcome.FirstStart(ADMIN, password, seeder.password)

    def say(self, text: str) -> None:
        """Tell the person at the terminal, at once even through a pipe."""
        with contextlib.suppress(OSError):  # The terminal may be gone; that must not keep us from stopping.
            self.stdout.write(text)
            self.stdout.flush()
