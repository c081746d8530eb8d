"""All checks, side by side, each with a limit of time; what fails unexpectedly is a finding, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import psycopg
from django.db import DatabaseError, ProgrammingError, connection, connections

from console.platform.asking import ask_all
from console.platform.doctor import configuration, edge, storage, system
from console.platform.doctor import connections as outside
from console.platform.doctor.findings import Finding, Level, error, unknown

LIMIT_SECONDS = 40.0  # for all of them together: mail servers and proxies have limits of their own
CONNECT_SECONDS = 3
ROLES = ("web", "runtime", "worker")
Ask = Callable[[], Iterator[Finding]]


class Check(NamedTuple):
    """What is asked, under which heading, on machines with which role."""

    name: str
    title: str
    ask: Ask
    roles: tuple[str, ...] = ROLES
    needs_database: bool = False


class Result(NamedTuple):
    """What a check found."""

    check: Check
    findings: list[Finding]


def checks(*, role: str = "", send_mail: str = "") -> list[Check]:
    """Return those for a machine of this role; "" for all. With an address, mail is among them."""
    found = [
        Check("deployment", "Configuration", configuration.deployment),
        Check("addresses", "Configuration", configuration.addresses, ("web", "runtime")),
        Check("names", "Configuration", configuration.names),
        Check("static", "Configuration", configuration.static_files, ("web",)),
        Check("system", "Services and processes", system.everything, needs_database=True),
        Check("broker", "Services and processes", outside.broker),
        Check("sealed", "Services and processes", outside.sealed_data, needs_database=True),
        Check("storage", "Storage", storage.shared, ("web", "worker")),
        Check("downloads", "Storage", storage.downloads, ("runtime",)),
        Check("folders", "Storage", storage.own),
        Check("mail", "Mail", partial(outside.mail, send_mail), ("worker",)),
        Check("certificate", "Proxy", edge.certificate, ("web", "runtime")),
        Check("proxy", "Proxy", edge.proxy, ("web", "runtime")),
    ]
    return [check for check in found if not role or role in check.roles or (send_mail and check.name == "mail")]


def examine(chosen: list[Check]) -> list[Result]:
    """Run the checks; takes LIMIT_SECONDS at most."""
    answers = ask_all({check.name: partial(_run, check) for check in chosen}, LIMIT_SECONDS)
    return [Result(check, _findings(check, answers[check.name])) for check in chosen]


def _run(check: Check) -> list[Finding]:
    try:
        if check.needs_database:  # The pool would wait for a restart of the server, and not say why.
            parameters: dict[str, Any] = {**connection.get_connection_params(), "connect_timeout": CONNECT_SECONDS}
            psycopg.connect(**parameters).close()
        return list(check.ask())
    finally:
        connections.close_all()  # of this thread


def _findings(check: Check, answer: list[Finding] | BaseException) -> list[Finding]:
    if isinstance(answer, list):
        return answer
    label = f"{check.title} ({check.name})"
    if isinstance(answer, ProgrammingError):
        return [unknown(f"{label}: migrations are pending.", "manage.py migrate")]
    if isinstance(answer, (DatabaseError, psycopg.Error)):
        if check.name == "system":
            said = str(answer).strip().splitlines()[0]
            return [error(f"PostgreSQL doesn't answer: {said}", "Start it, or correct DATABASE_URL.")]
        return [unknown(f"{label}: PostgreSQL doesn't answer.")]
    if isinstance(answer, TimeoutError):
        return [unknown(f"{label}: no answer within {LIMIT_SECONDS:g} s.")]
    return [error(f"{label} failed: {type(answer).__name__}: {answer}", "Report it: this is a fault of doctor.")]


def worst(results: list[Result]) -> dict[Level, int]:
    """Return how many findings there are of each level."""
    found = [finding.level for result in results for finding in result.findings]
    return {level: found.count(level) for level in Level}
