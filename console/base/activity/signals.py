"""What the activity log tells upper apps, in the transaction of the change."""

from django.dispatch import Signal

emitted = Signal()  # event, entry
