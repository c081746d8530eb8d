"""What a review report holds (V-9): plain structures that are kept as JSON and that pages read.

A report keeps facts, never sentences: each reader sees it in their language. What `releases.scan` finds is kept as it
is.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from releases.scan import Open, Secret, Unread, Use

Grant = Literal["public", "granted", "restricted"]

_GIVEN_BY_BUTTONS = re.compile(r"\Awx\.(?=get|choose)")


def listed_as(name: str) -> str:
    """Return the other name by which an application may list an API that the code uses.

    A button that gives data is found as `wx.getPhoneNumber`; an application may list it as `button.getPhoneNumber`.
    """
    return _GIVEN_BY_BUTTONS.sub("button.", name)


class ApiUse(msgspec.Struct, frozen=True):
    """An API that the code uses; `standing` in each of the report's applications that lists it, by Application ID."""

    use: Use
    standing: dict[str, Grant]


class DomainUse(msgspec.Struct, frozen=True):
    """An origin in the code, such as https://api.example.com:8443; `kind` by the call that it is in, "" unknown.

    `configured` names the types of server domains (D-1) that have it. `is_called`: it is asked for something, or the
    report was written before that was known; others only occur.
    """

    use: Use
    kind: str
    configured: list[str]
    is_called: bool = True


class DataUse(msgspec.Struct, frozen=True):
    """A type of personal data (`miniprograms.privacy.states.DataType`) and the APIs that give it."""

    data_type: str
    apis: list[str]
    declared: bool


class FileSize(msgspec.Struct, frozen=True):
    """A file and its size in bytes."""

    path: str
    size: int


class Content(msgspec.Struct, frozen=True):
    """All of a report. Sizes in bytes; `exempt`, by Application ID, are those whose devices skip domain verification.

    `base` is the number of the version that was online ("" for none), to which the differences are counted.
    `agreement` is the number of the online privacy agreement, 0 for none; `drafted` are the types of data that the
    draft names while nothing is declared. `applications`, by Application ID, are those whose lists and grants were
    compared: bound or asked for a binding; None in reports of earlier releases. `others` are the APIs that none lists.

    `open` is what could not be followed, `frameworks` are those that the program is built with; of `script_size` bytes
    of scripts `followed_size` were read by their syntax. Reports of earlier releases have none of these, but
    `computed`: where the code calls APIs by names that only it knows.

    `left_out` counts what was found beyond what a report lists, by the name of the list.
    """

    size: int
    unpacked_size: int
    file_count: int
    largest: list[FileSize]
    subpackages: list[FileSize]
    base: str
    added: int
    removed: int
    changed: int
    growth: int
    pages: list[str]
    new_pages: list[str]
    gone_pages: list[str]
    apis: list[ApiUse]
    domains: list[DomainUse]
    exempt: list[str]
    data: list[DataUse]
    declared_unused: list[str]
    agreement: int
    secrets: list[Secret]
    unread: list[Unread]
    seconds: float
    drafted: list[str] = []
    computed: Use | None = None
    left_out: dict[str, int] = {}
    others: list[Use] = []
    open: list[Open] = []
    frameworks: list[str] = []
    script_size: int = 0
    followed_size: int = 0
    applications: list[str] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of the code was read and followed, so that what was not found is not there."""
        return not (self.open or self.unread or self.computed)

    def calls(self, api: str) -> bool | None:
        """Whether the code calls what an application lists under this name; None where that is not known."""
        uses = [*(one.use for one in self.apis), *self.others]
        if any(api in (use.name, listed_as(use.name)) for use in uses):
            return True
        is_listed = self.left_out.keys().isdisjoint(("apis", "names", "others"))
        return False if self.is_whole and is_listed else None
