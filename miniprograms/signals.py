"""What this app announces, inside the transaction of the change."""

from django.dispatch import Signal

# mini_program, by
shelf_changed = Signal()
# binding: a host application approved it
binding_started = Signal()
# binding, by: an approved binding was taken back by either side
binding_ended = Signal()
