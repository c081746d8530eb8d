"""What the SDK sends, in its own names: `mnp_version_id` is `MNPVersionId` (A-5)."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec

from console.api.tcsas.errors import INVALID, MISSING, Refused, invalid

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # not where the backslash itself is escaped


def _named(name: str) -> str:
    return "".join("MNP" if part == "mnp" else part.capitalize() for part in name.split("_"))


class Asked(msgspec.Struct, rename=_named):
    """The parameters of an action; what the console has no use for is not looked at, `PlatformId` among it."""


class OfProgram(Asked):
    """About a mini program."""

    mnp_id: str


Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class OfVersion(Asked):
    """About a version, by its id."""

    mnp_version_id: Id


class Part(Asked):
    """Which part of a list."""

    offset: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20

    @property
    def rows(self) -> slice:
        """As Python counts."""
        return slice(self.offset, self.offset + self.limit)


def decode(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Return the parameters; raises Refused, which names the one that is missing or wrong."""
    try:
        if b"\\u0000" in body and _NUL.search(body):
            raise Refused(INVALID, "A text can't contain the character U+0000.")
        return decoder.decode(body or b"{}")
    except msgspec.ValidationError as error:
        words = str(error)
        if words.startswith("Object missing required field `"):
            raise Refused(MISSING, words) from None
        name = words.rpartition("`$.")[2].partition("`")[0] if "`$." in words else ""
        name = name.replace("[...]", "").rpartition(".")[2]
        raise (invalid(name, words) if name else Refused(INVALID, words)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(INVALID, "The body is no JSON.") from None
