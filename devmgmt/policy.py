"""What a mini program may do inside one host application, as the application's devices enforce it (D-4)."""

from __future__ import annotations

import msgspec
from django.db import connection

from console.base.hosts.states import DecisionState
from devmgmt.matching import Domain
from devmgmt.states import DomainType
from miniprograms.querysets import BOUND, ON_SHELF

# One statement, so that all of it is of the same moment: this one, as what was revoked or has expired must be gone in
# the next answer.
POLICY = f"""
    SELECT
        ARRAY(SELECT ARRAY[kind, host, port::text] FROM devmgmt_serverdomain WHERE mini_program_id = program.id),
        EXISTS (
            SELECT FROM devmgmt_domainexemption
            WHERE mini_program_id = program.id AND application_id = binding.application_id
                AND state = '{DecisionState.APPROVED}' AND (expires_at IS NULL OR expires_at > statement_timestamp())
        ),
        ARRAY(
            SELECT api.name FROM hosts_sensitiveapi AS api
            WHERE api.application_id = binding.application_id AND (
                NOT api.restricted
                OR EXISTS (
                    SELECT FROM devmgmt_apipermission AS permission
                    WHERE permission.mini_program_id = program.id AND permission.application_id = api.application_id
                        AND permission.api = api.name AND permission.state = '{DecisionState.APPROVED}'
                        AND (permission.expires_at IS NULL OR permission.expires_at > statement_timestamp())
                )
            )
        )
    FROM miniprograms_miniprogram AS program
    JOIN miniprograms_binding AS binding ON binding.mini_program_id = program.id AND {BOUND}
    WHERE program.app_id = %s AND {ON_SHELF} AND binding.application_id = %s
"""  # noqa: S608 - put together from constants


class Domains(msgspec.Struct, frozen=True, rename="camel"):
    """The addresses that the program may open (D-1), by what opens them; sorted."""

    request: list[str]
    upload_file: list[str]
    download_file: list[str]
    socket: list[str]
    business: list[str]


class Policy(msgspec.Struct, frozen=True):
    """What the program may do in the application; what is not named it may not.

    `skip_domain_verification`: the application lets it open any address (D-2). `apis`: the names of the application's
    sensitive APIs that it may call, public ones and those that it was granted (D-3), sorted.
    """

    app_id: str
    domains: Domains
    skip_domain_verification: bool
    apis: list[str]


def policy_of(app_id: str, application: int) -> Policy | None:
    """Return the policy of a program for the devices of an application (primary key), from the rows as they are now.

    None when there is no such program, it is off the shelf (L-4) or not bound to the application.
    """
    with connection.cursor() as cursor:
        cursor.execute(POLICY, [app_id, application])
        row = cursor.fetchone()
    if row is None:
        return None
    hosts, skip, apis = row
    origins: dict[str, list[str]] = {kind: [] for kind in DomainType.values}
    for kind, host, port in hosts:
        origins[kind].append(Domain(host, port and int(port)).origin(DomainType(kind)))
    domains = msgspec.convert({kind: sorted(found) for kind, found in origins.items()}, Domains)
    return Policy(app_id, domains, skip, sorted(apis))
