"""What the demo made: every account, key and object id, as plain values for JSON."""

from __future__ import annotations

from typing import Any

from console.base.accounts.models import Team
from console.base.hosts.models import HostApplication
from console.local.demo.seed_data import APPLICATIONS, PEOPLE, TEAMS
from console.local.demo.seeding import Seeder
from devmgmt.models import ProgramGrant
from miniprograms.models import MiniProgram


def outcome(seeder: Seeder) -> dict[str, Any]:
    """Return all that was made."""
    return {
        "password": seeder.password,
        "accounts": [
            {
                "id": seeder.people[email].pk,
                "email": email,
                "name": name,
                "password": seeder.password,
                "teams": {team: members[email] for team, members in TEAMS.items() if email in members},
                "applications": _roles_of(email),
            }
            for email, name in PEOPLE.items()
        ],
        "robots": [
            {"id": made.row.pk, "name": name, "team": str(made.row.team), "token": made.secret}
            for name, made in seeder.automation.made.items()
        ],
        "teams": [_team(team) for team in seeder.teams.values()],
        "applications": [
            {**_application(application), "server_secret": seeder.messages.secrets[name]}
            for name, application in seeder.applications.items()
        ],
        "mini_programs": [
            {
                **_program(program),
                **_development(program),
                "log_entries": seeder.log_entries.get(name, 0),
                "app_secret": seeder.messages.secrets.get(name),
                "templates": _templates(program),
            }
            for name, program in seeder.programs.items()
        ],
    }


def _team(team: Team) -> dict[str, Any]:
    return {
        "id": team.pk,
        "name": team.name,
        "members": [
            {"id": member.pk, "email": member.user.email, "role": member.role}
            for member in team.memberships.people().select_related("user").order_by("pk")
        ],
    }


def _application(application: HostApplication) -> dict[str, Any]:
    application.refresh_from_db()
    key = application.keys.get()
    return {
        "application_id": application.application_id,
        "name": application.name,
        "team": application.team.name,
        "key": key.key,
        "keys": [{"id": key.pk, "key": key.key}],
        "proofs_required": [use for use, required in application.proofs_required.items() if required],
        "people": [
            {"id": person.pk, "email": person.user.email, "role": person.role}
            for person in application.people.select_related("user").order_by("pk")
        ],
        "apis": [{"id": api.pk, "name": api.name, "restricted": api.restricted} for api in application.apis.all()],
    }


def _roles_of(email: str) -> dict[str, str]:
    roles = {}
    for name, about in APPLICATIONS.items():
        if email == about["admin"]:
            roles[name] = "app_admin"
        elif email in about["reviewers"]:
            roles[name] = "reviewer"
    return roles


def _program(program: MiniProgram) -> dict[str, Any]:
    program.refresh_from_db()
    return {
        "app_id": program.app_id,
        "name": program.name,
        "team": program.team.name,
        "team_id": program.team_id,
        "shelf": program.shelf,
        "online": program.online_number,
        "versions": [
            {"id": version.pk, "number": version.number, "state": version.state, "sha256": version.package.sha256}
            for version in program.versions.select_related("package")
        ],
        "bindings": [
            {"id": binding.pk, "application": binding.application.name, "state": binding.state}
            for binding in program.bindings.select_related("application")
        ],
        "grayscale_tasks": [
            {"id": task.pk, "name": task.name, "version": task.version.number, "state": task.state}
            for task in program.grayscale_tasks.select_related("version")
        ],
        "audits": [
            {
                "number": audit.number,
                "version": audit.version.number,
                "state": audit.state,
                "decisions": [
                    {"id": decision.pk, "application": decision.application.name, "state": decision.state}
                    for decision in audit.decisions.all()
                ],
            }
            for audit in program.audits.select_related("version").prefetch_related("decisions__application")
        ],
    }


def _development(program: MiniProgram) -> dict[str, Any]:
    permissions = program.apipermissions.select_related("application")
    return {
        "server_domains": [
            {"id": domain.pk, "kind": domain.kind, "origin": domain.origin} for domain in program.server_domains.all()
        ],
        "exemptions": [_grant(exemption) for exemption in program.domainexemptions.select_related("application")],
        "interface_permissions": [{**_grant(permission), "api": permission.api} for permission in permissions],
    }


def _templates(program: MiniProgram) -> list[dict[str, Any]]:
    return [
        {
            "template_id": template.template_id,
            "title": template.title,
            "type": template.kind,
            "keys": [keyword["key"] for keyword in template.keywords],
            "messages": template.messages.count(),
        }
        for template in program.templates.all()
    ]


def _grant(grant: ProgramGrant) -> dict[str, Any]:
    return {"id": grant.pk, "application": grant.application.name, "state": grant.state}
