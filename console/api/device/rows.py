"""The same questions as the snapshot's, asked of the rows at this moment.

Slow and never old: for the pages, and for requests that reach Django's own URLs instead of the dispatcher.
"""

from __future__ import annotations

import time
from typing import Any

from console.api.device.credentials import Application, Counted
from console.base.hosts.models import PROOF_USES, HostApplication
from grayscale.decision import Deliverable, ProgramState, served
from grayscale.program_state import program_state, program_states
from miniprograms.models import MiniProgram
from releases.field import seen
from releases.field.device import Device, seen_device
from releases.models import Version


class Rows:
    """Answers by queries; one for each request, so it remembers nothing for long."""

    def __init__(self) -> None:
        self.proved: dict[str, Application] = {}
        self.answers: dict[tuple[str, int, str, str, str | None], Counted] = {}

    def application(self, application_id: str) -> Application | None:
        application = HostApplication.objects.filter(application_id=application_id).first()
        if application is None:
            return None
        keys = application.keys.filter(revoked_at=None)
        signing_keys = application.signing_keys.active().values_list("key_id", "sealed")
        return Application(
            application.pk,
            tuple(bytes.fromhex(key.sha256) for key in keys),
            tuple(signing_keys),
            application.application_id,
            application.proof_series,
            *(getattr(application, f"{use}_proved_since") is not None for use in PROOF_USES),
        )

    def program(self, app_id: str) -> ProgramState | None:
        program = MiniProgram.objects.filter(app_id=app_id).first()
        return program_state(program) if program else None

    def package(self, sha256: str, *, application: int, trial_token: str | None = None) -> Deliverable | None:
        """Return the version with this package that is served to such a device now (R-2)."""
        versions = Version.objects.filter(package__sha256=sha256)
        programs = MiniProgram.objects.on_shelf().filter(pk__in=versions.values("mini_program"))
        asking: dict[str, Any] = {"application": application, "at": time.time(), "trial_token": trial_token}
        states = program_states(programs).values()
        offered = (one for state in states for one in served(state, **asking))
        return next((one for one in offered if one.sha256 == sha256), None)

    def seen(self, app_id: str, device: Device, *, application: int) -> None:
        """Write the device immediately."""
        seen.write([seen_device(app_id, device, application=application)])
