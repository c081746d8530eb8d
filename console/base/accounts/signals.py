"""What this app announces."""

from django.dispatch import Signal

# Sent inside the transaction that removes a member: team, user, by, at.
member_removed = Signal()
# Sent inside the transaction in which an invited person joins: invitation, user, at.
invitation_accepted = Signal()
# Sent inside the transaction in which a person says that a sign-in was not theirs, or an operator deactivates the
# account: user, by.
account_secured = Signal()
# Sent inside the transaction of a sign-in by an identity provider, after the teams: user, grants, by, at.
groups_read = Signal()
