"""The rows that the load works on; `python -m tests.chaos.seeding GATEWAY` makes them and prints what clients know."""

from __future__ import annotations

import json
import sys
from typing import Any

TEAMS = 2  # programs that people change, each with people of its own
USERS = 12  # of each application, who agree to messages
LIMITS = (40, 100_000)  # users of the grayscale tasks: one that is full soon, one that never is


def seed(gateway: str) -> dict[str, Any]:
    """Make all; `gateway` is the address of the stub that plays the applications' servers."""
    from tests import factories

    good, slow = factories.make_application(name="Good"), factories.make_application(name="Slow")
    secrets = [factories.make_server_secret(application) for application in (good, slow)]
    factories.make_gateway(good, f"{gateway}/good")
    factories.make_gateway(slow, f"{gateway}/slow?seconds=0.3")
    return {
        "authorization": _authorization(good),
        "slow_authorization": _authorization(slow),
        "secrets": secrets,
        "slow": slow.pk,
        "teams": [_team(good) for _ in range(TEAMS)],
        "steady": _steady(good, slow),
        "tasks": [_task(good, limit) for limit in LIMITS],
    }


def _authorization(application: Any) -> str:
    from tests.console.api.device.asking import authorization

    return authorization(application)


def _team(application: Any) -> dict[str, Any]:
    """A program that goes on and on: who develops it and who reviews it."""
    from tests import factories

    program = factories.make_program()
    factories.make_binding(program, application)
    factories.make_online(program)
    reviewer = factories.make_reviewer(application)
    people = {"developer": program.created_by.email, "reviewer": reviewer.email, "password": factories.PASSWORD}
    return {"id": program.pk, "app_id": program.app_id, **people}


def _steady(good: Any, slow: Any) -> dict[str, Any]:
    """A program that nobody changes: devices ask for it, log, and agree to messages that its server sends."""
    from tests import factories

    program = factories.make_program()
    factories.make_binding(program, good)
    factories.make_binding(program, slow)
    version = factories.make_online(program)
    template = factories.make_template(program)
    users = {
        name: [factories.make_program_user(program, application, f"{name}-{n}").openid for n in range(USERS)]
        for name, application in (("good", good), ("slow", slow))
    }
    return {
        "id": program.pk,
        "app_id": program.app_id,
        "version": version.number,
        "secret": factories.make_secret(program),
        "template_id": template.template_id,
        "users": users,
    }


def _task(application: Any, limit: int) -> dict[str, Any]:
    """A program with a grayscale task that delivers to everybody, as far as the limit goes."""
    from tests import factories

    program = factories.make_program()
    factories.make_binding(program, application)
    factories.make_online(program)
    program.refresh_from_db()
    task = factories.make_task(factories.make_approved(program, "1.1.0"), user_limit=limit)
    return {"id": task.pk, "program": program.pk, "app_id": program.app_id, "limit": limit}


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(seed(sys.argv[1])))
