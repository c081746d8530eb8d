"""What this app announces, inside the transaction of the change."""

from django.dispatch import Signal

# audit: a version was submitted
version_submitted = Signal()

# release: a version came online by a publish or a roll back
version_released = Signal()
