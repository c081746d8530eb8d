"""From a URL to a template, a message or a ban."""

from __future__ import annotations

from console.base.accounts.access import operator, row_or_404
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
    return program, row_or_404(PublicTemplate.objects.listed(), number=template_number)


def template_for(user: User, permission: Permission, app_id: str, template_id: str) -> MyTemplate:
    """Return a template of one of the user's programs that is not deleted."""
    program = mini_program_for(user, permission, app_id)
    return row_or_404(MyTemplate.objects.live(), mini_program=program, template_id=template_id)


def message_for(user: User, permission: Permission, app_id: str, message_id: int) -> Message:
    """Return a message of one of the user's programs, with its template, application and recipient."""
    program = mini_program_for(user, permission, app_id)
    messages = Message.objects.select_related("template", "application", "consent__user")
    return row_or_404(messages, mini_program=program, pk=message_id)


def ban_for(user: User, permission: Permission, application_id: str, ban_id: int) -> Ban:
    """Return a ban of one of the user's applications, also a lifted one; 404 and 403 as `application_for` has them."""
    application = application_for(user, permission, application_id)
    return row_or_404(Ban.objects.select_related("mini_program", "template"), application=application, pk=ban_id)


def kept_template_for(user: User, permission: Permission, public_id: int) -> PublicTemplate:
    """Return the template of the library, offered or not; 403 for who is no operator, 404 when there is none."""
    operator(user, permission)
    return row_or_404(PublicTemplate.objects.all(), pk=public_id)
