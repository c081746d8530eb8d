"""What a verb raises when it may not be done."""


class Refused(Exception):
    """A verb was refused; `message` says why in the reader's words, `field` names the input that it is about."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Overtaken(Refused):
    """Someone else was first: the row is no longer in the state that the verb starts from."""
