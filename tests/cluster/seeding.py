"""The rows that several machines work on; `python -m tests.cluster.seeding` makes them and prints what clients know."""

from __future__ import annotations

import json
from typing import Any

PLACES = 37  # of the task that devices ask for on all machines: no multiple of anything
ROOM = 100_000  # places of a task that is never full


def seed() -> dict[str, Any]:
    """Make all."""
    from console.base.accounts.permissions import TeamRole
    from tests import factories
    from tests.console.api.device.asking import authorization

    application = factories.make_application()
    team = factories.make_team()
    admin = factories.make_member(team, TeamRole.ADMIN)

    def program(candidate: bool) -> Any:
        made = factories.make_program(team)
        factories.make_binding(made, application)
        factories.make_online(made)
        made.refresh_from_db()
        return made, factories.make_approved(made, "1.1.0") if candidate else None

    listed, listed_version = program(True)
    published, _version = program(True)
    claimed, claimed_version = program(True)
    steady, _nothing = program(False)
    roomy, roomy_version = program(True)
    task = factories.make_task(claimed_version, user_limit=PLACES)
    other = factories.make_task(roomy_version, user_limit=ROOM)
    return {
        "authorization": authorization(application),
        "application": application.pk,
        "admin": {"email": admin.email, "password": factories.PASSWORD},
        "listed": {"app_id": listed.app_id, "version": listed_version.pk},
        "published": {"app_id": published.app_id},
        "claimed": {"app_id": claimed.app_id, "task": task.pk},
        "roomy": {"app_id": roomy.app_id, "task": other.pk},
        "steady": {"app_id": steady.app_id, "secret": factories.make_secret(steady)},
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(seed()))
