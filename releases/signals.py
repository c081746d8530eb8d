"""What this app announces, inside the transaction of the change."""

from django.dispatch import Signal

# release: a version came online by a publish or a roll back
version_released = Signal()
# version: somebody is about to publish it; a receiver returns what speaks against that, as sentences
publish_considered = Signal()
