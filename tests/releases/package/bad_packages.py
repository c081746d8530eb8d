"""Every kind of bad package that we know, each with the code that has to be among its errors (rules V-2 to
V-5).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .bad_content import CONTENT
from .bad_framing import FRAMING
from .bad_manifests import MANIFESTS
from .bad_names import NAMES

Build = Callable[[], bytes]


@dataclass(frozen=True)
class BadPackage:
    """A kind of bad package: a slug, the finding code it has to be refused with, and its bytes."""

    name: str
    code: str
    build: Build

    @property
    def data(self) -> bytes:
        return self.build()


def bad_packages() -> Iterator[BadPackage]:
    """All of them, in a fixed order; the bytes are made when asked for."""
    for name, (code, build) in {**FRAMING, **CONTENT, **NAMES, **MANIFESTS}.items():
        yield BadPackage(name, code, build)
