"""What was found in the files of a package."""

from typing import Any, Literal

import msgspec

from .limits import Limits

Why = Literal["syntax", "time", "size", "encoding"]


class Place(msgspec.Struct, frozen=True):
    """A line of a file; lines count from 1, 0 stands for the whole file."""

    path: str
    line: int = 0


class Use(msgspec.Struct):
    """A name that the code uses `count` times, the first of them at `places`."""

    name: str
    count: int = 0
    places: list[Place] = []


class OriginUse(msgspec.Struct):
    """Addresses of one origin: scheme, host in ASCII and lower case, and the port unless it is the scheme's own.

    `kind` is the type of server domain (D-1) of the call in which they stand, "" where that can't be told.
    """

    use: Use
    kind: str = ""


class Secret(msgspec.Struct, frozen=True):
    """A secret: which kind, its first and last characters, and where. Never the secret itself."""

    kind: str
    hint: str
    place: Place


class Suspect(msgspec.Struct, frozen=True):
    """A literal that has the shape of an AppSecret, as its SHA-256 in hex: whoever keeps hashes can tell."""

    sha256: str
    hint: str
    place: Place


class Unread(msgspec.Struct, frozen=True):
    """A file that could not be parsed, or not to its end; `by_patterns`: it was searched by regular expressions.

    "size" is also why when the parser ran out of memory or of its stack.
    """

    path: str
    why: Why
    by_patterns: bool


class Scan(msgspec.Struct):
    """All of it; each list is in the order of the files. `left_out` counts what is beyond the limits, by list."""

    apis: list[Use] = []
    computed: Use = msgspec.field(default_factory=lambda: Use("wx[…]"))
    origins: list[OriginUse] = []
    secrets: list[Secret] = []
    suspects: list[Suspect] = []
    unread: list[Unread] = []
    left_out: dict[str, int] = {}


class Occurrences(msgspec.Struct):
    """How often something is in a file, and the first lines of it."""

    count: int = 0
    lines: list[int] = []


class Finds(msgspec.Struct):
    """What is in one file. `why` says why it was not parsed; `seconds` of processor time were spent on it."""

    apis: dict[str, Occurrences] = {}
    origins: dict[tuple[str, str], Occurrences] = {}  # by origin and kind
    computed: Occurrences = msgspec.field(default_factory=Occurrences)
    why: Why | Literal[""] = ""
    left_out: int = 0
    seconds: float = 0.0

    def add(self, name: str, line: int, limits: Limits) -> None:
        """Note an API; "" for one whose name is computed."""
        _note(self, self.apis, name, line, limits)

    def add_origin(self, origin: str, kind: str, line: int, limits: Limits) -> None:
        """Note an address."""
        _note(self, self.origins, (origin, kind), line, limits)


def _note(finds: Finds, found: dict[Any, Occurrences], key: Any, line: int, limits: Limits) -> None:
    occurrences = finds.computed if key == "" else found.get(key)
    if occurrences is None:
        if len(found) == limits.names:
            finds.left_out += 1
            return
        occurrences = found[key] = Occurrences()
    occurrences.count += 1
    if len(occurrences.lines) < limits.places:
        occurrences.lines.append(line)
