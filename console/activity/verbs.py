"""The words of the activity log: one entry for each state change that the console knows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Verb(models.TextChoices):
    """What was done; the label follows the person's name and is followed by the target's."""

    USER_CREATED = "user.created", _("created the account of")
    USER_EDITED = "user.edited", _("edited the account of")

    PASSWORD_CHANGED = "user.password_changed", _("changed the password of")
    PASSWORD_RESET = "user.password_reset", _("reset the password of")
    FACTOR_ADDED = "user.factor_added", _("added a sign-in factor to")
    FACTOR_RENEWED = "user.factor_renewed", _("renewed a sign-in factor of")
    FACTOR_REMOVED = "user.factor_removed", _("removed a sign-in factor of")

    TEAM_CREATED = "team.created", _("created the team")
    TEAM_EDITED = "team.edited", _("edited the team")
    MEMBER_INVITED = "member.invited", _("invited")
    INVITATION_RESENT = "invitation.resent", _("sent the invitation again to")
    INVITATION_REVOKED = "invitation.revoked", _("took back the invitation of")
    MEMBER_JOINED = "member.joined", _("joined as")
    MEMBER_ADDED = "member.added", _("added the member")
    MEMBER_ROLE_CHANGED = "member.role_changed", _("changed the role of")
    MEMBER_REMOVED = "member.removed", _("removed the member")
    MEMBER_LEFT = "member.left", _("left the team")

    APPLICATION_CREATED = "application.created", _("created the application")
    APPLICATION_EDITED = "application.edited", _("edited the application")
    REVIEWER_ADDED = "reviewer.added", _("gave host side access to")
    REVIEWER_ROLE_CHANGED = "reviewer.role_changed", _("changed the host side role of")
    REVIEWER_REMOVED = "reviewer.removed", _("took host side access from")
    APPLICATION_KEY_ADDED = "application_key.added", _("added a device key to")
    APPLICATION_KEY_REVOKED = "application_key.revoked", _("revoked a device key of")
    CONFIGURATION_DOWNLOADED = "application.configuration_downloaded", _("downloaded the configuration of")

    CATEGORY_CREATED = "category.created", _("created the category")
    CATEGORY_EDITED = "category.edited", _("edited the category")
    CATEGORY_DELETED = "category.deleted", _("deleted the category")
    IDE_DOWNLOAD_CREATED = "ide_download.created", _("created the IDE download")
    IDE_DOWNLOAD_EDITED = "ide_download.edited", _("edited the IDE download")
    IDE_DOWNLOAD_DELETED = "ide_download.deleted", _("deleted the IDE download")
    MINI_PROGRAM_CREATED = "mini_program.created", _("created the mini program")
    MINI_PROGRAM_EDITED = "mini_program.edited", _("edited the mini program")
    MINI_PROGRAM_TAKEN_OFF_SHELF = "mini_program.taken_off_shelf", _("took off the shelf")
    MINI_PROGRAM_PUT_ON_SHELF = "mini_program.put_on_shelf", _("put on the shelf")
    BINDING_REQUESTED = "binding.requested", _("asked for a binding of")
    BINDING_WITHDRAWN = "binding.withdrawn", _("withdrew the binding request of")
    BINDING_APPROVED = "binding.approved", _("approved the binding of")
    BINDING_REJECTED = "binding.rejected", _("rejected the binding of")
    BINDING_ENDED = "binding.ended", _("unbound")
    BINDING_REMOVED = "binding.removed", _("removed from the application")

    VERSION_UPLOADED = "version.uploaded", _("uploaded")
    VERSION_SUBMITTED = "version.submitted", _("submitted for audit")
    VERSION_WITHDRAWN = "version.withdrawn", _("withdrew from audit")
    VERSION_APPROVED = "version.approved", _("approved")
    VERSION_REJECTED = "version.rejected", _("rejected")
    PACKAGE_DOWNLOADED = "package.downloaded", _("downloaded the package of")
    VERSION_PUBLISHED = "version.published", _("published")
    VERSION_ROLLED_BACK = "version.rolled_back", _("rolled back to")

    GRAYSCALE_CREATED = "grayscale.created", _("created the grayscale task")
    GRAYSCALE_EDITED = "grayscale.edited", _("edited the grayscale task")
    GRAYSCALE_STARTED = "grayscale.started", _("started the grayscale task")
    GRAYSCALE_SUSPENDED = "grayscale.suspended", _("suspended the grayscale task")
    GRAYSCALE_RESUMED = "grayscale.resumed", _("resumed the grayscale task")
    GRAYSCALE_ENDED = "grayscale.ended", _("ended the grayscale task")
    GRAYSCALE_PULLED_BACK = "grayscale.pulled_back", _("ended and pulled back the grayscale task")
