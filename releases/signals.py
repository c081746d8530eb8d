"""What this app announces, inside the transaction of the change."""

from django.dispatch import Signal

# release: a version came online by a publish or a roll back
version_released = Signal()
# version: somebody is about to publish it; a receiver returns what speaks against that, as sentences
publish_considered = Signal()
# version: somebody is about to publish it or to roll back to it; a receiver returns what gives devices a higher version
# all the same, as releases.field.spread.HigherTask
release_considered = Signal()
# version, online (or None): somebody asks what devices report of its errors; a receiver returns releases.field.errors'
# Evidence, or None where it knows nothing. Outside of any transaction: logs may be read, within their time limit
errors_asked = Signal()
