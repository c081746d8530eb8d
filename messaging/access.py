"""From a URL to a template, a message or a ban."""

from __future__ import annotations

from django.http import Http404

from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.hosts.access import application_for
from messaging.models import Ban, Message, MyTemplate, PublicTemplate
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


def public_template_for(
    user: User, permission: Permission, app_id: str, template_number: int
) -> tuple[MiniProgram, PublicTemplate]:
    """Return one of the user's programs and a template that the library offers."""
    program = mini_program_for(user, permission, app_id)
    found = PublicTemplate.objects.listed().filter(number=template_number).first()
    if found is None:
        raise Http404
    return program, found


def template_for(user: User, permission: Permission, app_id: str, template_id: str) -> MyTemplate:
    """Return a template of one of the user's programs that is not deleted."""
    program = mini_program_for(user, permission, app_id)
    found = MyTemplate.objects.live().filter(template_id=template_id, mini_program=program).first()
    if found is None:
        raise Http404
    found.mini_program = program
    return found


def message_for(user: User, permission: Permission, app_id: str, message_id: int) -> Message:
    """Return a message of one of the user's programs, with its template, application and recipient."""
    program = mini_program_for(user, permission, app_id)
    rows = Message.objects.filter(pk=message_id, mini_program=program)
    found = rows.select_related("template", "application", "consent__user").first()
    if found is None:
        raise Http404
    found.mini_program = program
    return found


def ban_for(user: User, permission: Permission, application_id: str, ban_id: int) -> Ban:
    """Return a ban of one of the user's applications."""
    application = application_for(user, permission, application_id)
    found = Ban.objects.filter(pk=ban_id, application=application).select_related("mini_program", "template").first()
    if found is None:
        raise Http404
    found.application = application
    return found
