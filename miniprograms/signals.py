"""What this app announces, inside the transaction of the change."""

from django.dispatch import Signal

# mini_program, by
shelf_changed = Signal()
# binding: a host application was asked for it
binding_requested = Signal()
# binding: a host application approved it
binding_started = Signal()
# binding, by, removed: an approved binding was taken back, by the application when it `removed` the program
binding_ended = Signal()
