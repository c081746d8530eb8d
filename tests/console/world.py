"""A small world with one of everything, owned by one team: what the walker fills URL arguments with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from console.api.hooks.models import Delivery
from console.api.hooks.urls import PAGES
from console.api.manage.actions import create_own, create_robot
from console.api.manage.logins import begin
from console.api.manage.models import Token
from console.api.manage.states import ROLE_OF_SCOPE, Scope
from console.base.accounts.actions import invite
from console.base.accounts.actions.safety import add_by_operator
from console.base.accounts.models import Team, User
from console.base.hosts.actions.inviting import invite_reviewer
from console.base.hosts.models import ApplicationMember, DefaultApi, HostApplication
from devmgmt.actions import save_query
from miniprograms.models import IdeDownload, MiniProgram
from releases.models import Audit
from tests import factories

BINDING_PAGES = ("", "_report", "_report_again", "_files", "_file", "_package")
REVIEWS = (
    *("get_review", "approve_review", "reject_review"),
    *("get_review_report", "request_review_report", "get_review_package", "get_review_changes"),
)  # operations of the API
TEAM_ROLES = ("admin", "license_holder", "developer", "viewer")


@dataclass
class World:
    """`people` by role, `arguments` by the name that URLs use; `per_route` where one name means different things,
    `own` what only the person with the role may see.
    """

    people: dict[str, User] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    per_route: dict[str, dict[str, Any]] = field(default_factory=dict)
    own: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def fill(self, route: str, names: list[str], role: str = "admin") -> dict[str, Any]:
        """Return the arguments of a route."""
        special = {**self.own[role], **self.per_route.get(route, {})}
        return {name: special[name] if name in special else self.arguments[name] for name in names}


def make_world(label: str) -> World:
    """Make a team with every role and one of everything that a URL can name; all labels start with `label`."""
    world = World()
    team = factories.make_team(f"{label} team")
    application = factories.make_application(team, f"{label} application")
    world.people = {role: factories.make_member(team, role) for role in TEAM_ROLES}
    world.people |= {role: factories.make_reviewer(application, role) for role in ("app_admin", "reviewer")}
    program = factories.make_program(team, f"{label} program", created_by=world.people["license_holder"])
    _bind(world, program, application)
    factories.make_online(program, "0.1.0")
    program.refresh_from_db()
    task = factories.make_task(factories.make_approved(program, "0.2.0"), state="pending", name=f"{label} task")
    audit = factories.make_audit(program)
    _invite(world, label, team, application)
    _report(world, label, program, audit)
    _allow(world, label, program, application)
    _message(world, label, program, application)
    _hook(world, label, team, application)
    _own(world, label, program)
    world.arguments |= {
        "team_id": team.pk,
        "app_id": program.app_id,
        "number": audit.version.number,
        "audit_number": audit.number,
        "application_id": application.application_id,
        "key_id": application.keys.get().pk,
        "signing_key_id": application.signing_keys.get().pk,
        "task_id": task.pk,
        "list_id": factories.make_object_list(program).pk,
        "ban_id": factories.make_ban(application, program).pk,
        "place": factories.make_place(program),
    }
    world.secrets = [program.app_id, program.name, application.application_id, team.name, audit.number, task.name]
    return world


def _bind(world: World, program: MiniProgram, application: HostApplication) -> None:
    """Make what is bound, what was asked for, and what waits for the application's decision."""
    bound = factories.make_binding(program, application)
    asked = factories.make_binding(program, factories.make_application(program.team), state="waiting")
    other = factories.make_program(program.team)
    factories.make_binding(other)
    factories.make_online(other)
    in_inbox = factories.make_binding(other, application, state="waiting")
    world.arguments["binding_id"] = bound.pk
    world.per_route["miniprograms:withdraw_binding"] = {"binding_id": asked.pk}
    code = {"decision_id": in_inbox.pk, "number": "1.0.0"}
    world.per_route |= {f"reviews:binding{page}": code for page in BINDING_PAGES}


def _invite(world: World, label: str, team: Team, application: HostApplication) -> None:
    """Invite to the team and to review, propose as operators do, also to a team without an administrator."""
    people = world.people
    operator = factories.make_user(f"{label} operator", is_staff=True)
    proposed = {"email": f"{label}-proposed@example.com", "role": "viewer", "by": operator}
    unled = factories.make_team(f"{label} unled team")
    first = add_by_operator(unled, email=f"{label}-first@example.com", role="admin", by=operator)
    reviewer = f"{label}-reviewer@example.com"
    world.arguments |= {
        "user_id": people["viewer"].pk,
        "member_id": team.memberships.get(user=people["developer"]).pk,
        "invitation_id": invite(team, email=f"{label}@example.com", role="viewer", by=people["admin"]).pk,
        "invited_id": invite_reviewer(application, email=reviewer, by=people["app_admin"]).pk,
        "proposal_id": add_by_operator(team, **proposed).pk,
        "person_id": ApplicationMember.objects.get(application=application, user=people["reviewer"]).pk,
    }
    of_unled = {"team_id": unled.pk, "invitation_id": first.pk}
    world.per_route |= {f"platform:{verb}_invitation": of_unled for verb in ("resend", "revoke")}
    world.per_route["accounts:selected_members"] = {"act": "remove"}


def _report(world: World, label: str, program: MiniProgram, audit: Audit) -> None:
    """Make the audit's report with two secrets, one of which is settled, an agreement, a draft and a trial."""
    finding, settled = (sha256(f"{label} {which}".encode()).hexdigest() for which in ("finding", "settled"))
    secrets = [
        {"kind": label, "hint": label, "place": {"path": "app.js"}, "sha256": each} for each in (finding, settled)
    ]
    factories.make_report(audit.version, audit, secrets=secrets)
    factories.make_settled(program, settled, reason=f"{label} reason")
    agreement = factories.make_agreement(program, text_en=f"# {label}\n\n[{label}](javascript:alert(1))")
    factories.make_privacy_draft(program, contact_other=f"{label} contact")
    factories.make_trial(audit.version, query=f"label={label}")
    decision = audit.decisions.get()
    world.arguments |= {"finding": finding, "agreement_number": agreement.number, "decision_id": decision.pk}
    world.per_route |= {
        "releases:reopen_finding": {"finding": settled},
        "api:reopen_finding": {"finding": settled},
        **{f"api:{name}": {"review_id": f"audit-{decision.pk}"} for name in REVIEWS},
    }


def _allow(world: World, label: str, program: MiniProgram, application: HostApplication) -> None:
    """Make an API, an exemption, and a permission with another one of the same submission."""
    exemption = factories.make_exemption(program, application)
    permission = factories.make_permission(program, application, factories.make_api(application).name)
    factories.make_permission(program, application, "wx.chooseAddress", state="waiting", submission=permission)
    world.arguments |= {
        "api_id": factories.make_api(application, "wx.chooseAddress", title=f"{label} title").pk,
        "exemption_id": exemption.pk,
        "permission_id": permission.pk,
    }
    world.per_route |= {
        "hosts:selected_apis": {"act": "restrict"},
        "reviews:exemption": {"decision_id": exemption.pk},
        "reviews:permission": {"decision_id": permission.pk},
    }


def _message(world: World, label: str, program: MiniProgram, application: HostApplication) -> None:
    """Make a template, a message that failed, and what operators keep, which belongs to no team."""
    template = factories.make_template(program)
    consent = factories.make_consent(factories.make_program_user(program, application), template)
    message = factories.make_message(consent, state="failed", reason=f"{label} reason")
    download = {"url": "https://ide.example.com/", "released_on": "2026-11-01"}
    world.arguments |= {
        "template_number": template.public_template.number,
        "template_id": template.template_id,
        "message_id": message.pk,
        "category_id": program.category_id,
        "download_id": IdeDownload.objects.get_or_create(version="3.8.1", platform="linux", defaults=download)[0].pk,
        "default_id": DefaultApi.objects.get_or_create(name="wx.openDoor", defaults={"title": label})[0].pk,
        "public_id": template.public_template.pk,
        "act": "delete",
    }
    world.per_route["messaging:selected_messages"] = {"act": "replay"}


def _hook(world: World, label: str, team: Team, application: HostApplication) -> None:
    """Make webhooks of both, each with something that did not reach it."""
    world.arguments |= _names_of(_delivery(label, team))
    of_application = _names_of(_delivery(label, application))
    world.per_route |= {f"hosts:webhook_{page}": of_application for page in PAGES}


def _own(world: World, label: str, program: MiniProgram) -> None:
    """Make a robot, a device that wants to sign in, and what each person keeps alone."""
    login = begin(client="mpc", machine=label, scopes=["read"], address="192.0.2.7")
    world.arguments |= {
        "user_code": login.row.user_code,
        "token_id": make_robot(program, f"{label} robot").pk,
    }
    for role, user in world.people.items():
        world.own[role] = {
            "query_id": save_query(program, name=f"{label} query", query="level=warn", by=user).pk,
            "own_token_id": make_own_token(user, f"{label} token").pk,
        }


def make_robot(program: MiniProgram, name: str) -> Token:
    """Make a robot of the program's team that may do all that robots may."""
    scopes = [scope.value for scope in ROLE_OF_SCOPE if scope is not Scope.UPLOAD_KEYS]  # for one program alone
    values = {"scopes": scopes, "addresses": [], "expires_at": None, "by": program.created_by}
    return create_robot(program.team, name=name, program=None, **values).row


def make_own_token(user: User, name: str) -> Token:
    """Make a token of the person's own that reads."""
    return create_own(user, name=name, scopes=["read"], addresses=[], expires_at=None).row


def _delivery(label: str, owner: Team | HostApplication) -> Delivery:
    """Make a webhook of the owner, and something that did not reach it."""
    hook = factories.make_webhook(owner, f"https://ops.example.com/{quote(label)}").row
    attempt = {"at": "2026-11-24T09:36:00+00:00", "ok": False, "seconds": 1.0, "reason": label, "request": label}
    sent = {"payload": json.dumps({label: label}), "attempts": [attempt | {"answer": label}], "state": "failed"}
    return factories.make_delivery(hook, **sent, reason=label[:200])


def _names_of(delivery: Delivery) -> dict[str, int]:
    return {"webhook_id": delivery.webhook_id, "delivery_id": delivery.pk}
