"""Users, teams, memberships, invitations, notifications, mails, and what keeps accounts safe."""

from console.base.accounts.models.mail import MailServer, Notification, NotificationChoice, OutgoingMail
from console.base.accounts.models.people import Invitation, Membership, Team, User, UserManager
from console.base.accounts.models.safety import AddressChange, MembershipProposal, SecurityEntry, UserSession

__all__ = [
    "AddressChange",
    "Invitation",
    "MailServer",
    "Membership",
    "MembershipProposal",
    "Notification",
    "NotificationChoice",
    "OutgoingMail",
    "SecurityEntry",
    "Team",
    "User",
    "UserManager",
    "UserSession",
]
