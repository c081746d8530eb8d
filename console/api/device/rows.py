"""The same questions as the snapshot's, asked of the rows at this moment.

Slow and never old: for the pages, and for requests that reach Django's own URLs instead of the dispatcher.
"""

from __future__ import annotations

from console.api.device.credentials import Application
from console.api.device.decision import Online, ProgramState
from console.hosts.models import HostApplication
from console.hosts.states import DecisionState
from miniprograms.models import Binding, MiniProgram
from releases.models import Version


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
        bound = Binding.objects.bound().filter(application_id=application)
        programs = MiniProgram.objects.on_shelf().filter(bindings__in=bound)
        version = Version.objects.online().filter(package__sha256=sha256, mini_program__in=programs)
        return online(version.select_related("package").first())


def program_state(program: MiniProgram) -> ProgramState:
    """Return what the rules need to know about a program."""
    bound = frozenset(program.bindings.bound().values_list("application_id", flat=True))
    ended = program.bindings.filter(state=DecisionState.ENDED).values_list("application_id", flat=True)
    return ProgramState(
        on_shelf=program.on_shelf,
        online=online(program.versions.online().select_related("package").first()),
        bound=bound,
        ended=frozenset(ended) - bound,
    )


def online(version: Version | None) -> Online | None:
    """Return what the rules need to know about an online version."""
    if version is None:
        return None
    package = version.package
    return Online(version.number, package.sha256, package.size, str(package.file))
