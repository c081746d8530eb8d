"""What was found in the files of a package."""

from typing import Literal, get_args

import msgspec

from .limits import Limits

Why = Literal["syntax", "time", "size", "encoding"]
# How a use is known: it is written out; its name or address is put together of what is in the package; the call goes
# through a wrapper that was followed; it is only named, by patterns or of an object that could not be followed; it is
# the framework's own, as in every program that is built with it.
How = Literal["written", "built", "wrapper", "named", "framework"]
HOWS: tuple[How, ...] = get_args(How)
# What could not be followed: the API object handed to unknown code, a name or an address known at run time only, code
# that is made then; or texts that are put together, where there are too many to look for secrets in all of them.
Reason = Literal["handed", "name", "address", "code", "texts"]


class Place(msgspec.Struct, frozen=True):
    """A line of a file; lines count from 1, 0 stands for the whole file."""

    path: str
    line: int = 0


class Use(msgspec.Struct):
    """A name that the code uses `count` times, the first of them at `places`.

    `how` is the surest way in which one of them is known, `through` the wrappers that others go through.
    """

    name: str
    count: int = 0
    places: list[Place] = []
    how: How = "written"
    through: list[str] = []


class OriginUse(msgspec.Struct):
    """Addresses of one origin: scheme, host in ASCII and lower case, and the port unless it is the scheme's own.

    `kind` is the type of server domain (D-1) of the call in which they stand, "" if unknown. `is_called`:
    they are asked for something; others only occur, as links to documents do.
    """

    use: Use
    kind: str = ""
    is_called: bool = False


class Secret(msgspec.Struct, frozen=True):
    """A secret: which kind, its first and last characters, and where. Never the secret itself.

    `sha256`, in hex, is of its text; in a report it is keyed, and "" in those of earlier releases.
    """

    kind: str
    hint: str
    place: Place
    sha256: str = ""


class Suspect(msgspec.Struct, frozen=True):
    """A literal that has the shape of an AppSecret, as its SHA-256 in hex: it can be compared with stored hashes."""

    sha256: str
    hint: str
    place: Place


class Open(msgspec.Struct, frozen=True):
    """A place where the scan could not follow; `detail` is what is known of an address: 'https://' + … + '/v2'.

    `framework` is the name of the one whose runtime is in the file, "" for none.
    """

    path: str
    line: int
    reason: Reason
    detail: str = ""
    framework: str = ""


class Unread(msgspec.Struct, frozen=True):
    """A file that could not be parsed, or not to its end; `by_patterns`: it was searched by regular expressions.

    "size" is also why when the parser ran out of memory or of its stack.
    """

    path: str
    why: Why
    by_patterns: bool


class Scan(msgspec.Struct):
    """All of it; each list is in the order of the files. `left_out` counts what is beyond the limits, by list.

    `open` and `unread` are what the scan can't know: where both are empty, all code was read and followed.
    `script_size` is the size of all scripts in bytes, `followed_size` of those that were read by their syntax.
    """

    apis: list[Use] = []
    origins: list[OriginUse] = []
    open: list[Open] = []
    frameworks: list[str] = []
    script_size: int = 0
    followed_size: int = 0
    secrets: list[Secret] = []
    suspects: list[Suspect] = []
    unread: list[Unread] = []
    left_out: dict[str, int] = {}


class Called(msgspec.Struct, frozen=True):
    """An API that is called at a place; `through` is the wrapper, or the framework, where `how` is one."""

    name: str
    path: str
    line: int
    how: How = "written"
    through: str = ""


class Address(msgspec.Struct, frozen=True):
    """An address at a place, by its origin."""

    origin: str
    path: str
    line: int
    kind: str = ""
    how: How = "written"
    is_called: bool = False


class Followed(msgspec.Struct):
    """What comes of following the API object through scripts; `is_whole`: there was time enough for all of it.

    `secrets` and `suspects` are those in texts that are put together, or named only where they are used.
    """

    apis: list[Called] = []
    addresses: list[Address] = []
    open: list[Open] = []
    secrets: list[Secret] = []
    suspects: list[Suspect] = []
    is_whole: bool = True
    left_out: int = 0


class Bound(msgspec.Struct, frozen=True):
    """A place in a template where the page's data choose an API or an address: `{{name}}`, or `{{object.name}}`.

    `kind` is the type of server domain that an address needs, "" for none.
    """

    line: int
    reason: Reason
    name: str
    kind: str = ""


class Finds(msgspec.Struct):
    """What is in one file, lines for places. `why` says why it was not parsed; `seconds` of processor time were spent.

    Of a script that was, `root` is its small tree, to be followed with the others; the rest was found by patterns.
    """

    apis: list[tuple[str, int]] = []
    addresses: list[tuple[str, str, int, bool]] = []  # origin, kind, line, is_called
    open: list[tuple[int, Reason]] = []
    why: Why | Literal[""] = ""
    left_out: int = 0
    seconds: float = 0.0
    root: bytes = b""
    framework: str = ""
    bound: list[Bound] = []

    def add(self, name: str, line: int, limits: Limits) -> None:
        """Note an API; "" for one whose name is computed."""
        if len(self.apis) + len(self.open) >= limits.candidates:
            self.left_out += 1
        elif name:
            self.apis.append((name, line))
        else:
            self.open.append((line, "name"))

    def add_origin(self, origin: str, kind: str, line: int, limits: Limits, *, is_called: bool = False) -> None:
        """Note an address."""
        if len(self.addresses) >= limits.candidates:
            self.left_out += 1
        else:
            self.addresses.append((origin, kind, line, is_called))
