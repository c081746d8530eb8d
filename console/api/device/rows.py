"""The same questions as the snapshot's, asked of the rows at this moment.

Slow and never old: for the pages, and for requests that reach Django's own URLs instead of the dispatcher.
"""

from __future__ import annotations

from console.api.device.credentials import Application
from console.api.device.decision import Online, ProgramState, served
from console.hosts.models import HostApplication
from console.hosts.states import DecisionState
from miniprograms.models import MiniProgram


class Rows:
    """Answers by queries."""

    def application(self, application_id: str) -> Application | None:
        """Return the host application with this id."""
        application = HostApplication.objects.filter(application_id=application_id).first()
        if application is None:
            return None
        keys = application.keys.filter(revoked_at=None)
        return Application(application.pk, tuple(bytes.fromhex(key.sha256) for key in keys))

    def program(self, app_id: str) -> ProgramState | None:
        """Return the mini program with this App ID."""
        program = MiniProgram.objects.filter(app_id=app_id).first()
        return program_state(program) if program else None

    def package(self, sha256: str, *, application: int) -> Online | None:
        """Return the online version with this package that is served to the application (R-2)."""
        for program in MiniProgram.objects.filter(versions__package__sha256=sha256).distinct():
            online = served(program_state(program), application=application)
            if online and online.sha256 == sha256:
                return online
        return None


def program_state(program: MiniProgram) -> ProgramState:
    """Return what the rules need to know about a program."""
    version = program.versions.online().select_related("package").first()
    bound = frozenset(program.bindings.bound().values_list("application_id", flat=True))
    ended = program.bindings.filter(state=DecisionState.ENDED).values_list("application_id", flat=True)
    return ProgramState(
        on_shelf=program.on_shelf,
        online=Online(version.number, version.package.sha256, version.package.size, version.package.file.name)
        if version
        else None,
        bound=bound,
        ended=frozenset(ended) - bound,
    )
