"""Access tokens: given for an AppSecret, checked at each call (K-3)."""

from __future__ import annotations

from typing import NamedTuple

from devmgmt.keys.states import TokenKind
from miniprograms.models import MiniProgram


class Caller(NamedTuple):
    """From where a server calls, and which interface (`/cgi-bin/token`)."""

    address: str
    path: str


class Issued(NamedTuple):
    """A token, and for how many seconds it is good."""

    token: str
    seconds: int


def authenticate(app_id: str, secret: str, *, caller: Caller) -> MiniProgram:
    """Return the program whose AppSecret this is, and note the use; raises ServerRefused (40013, 40125, 40243)."""
    raise NotImplementedError


def issue(app_id: str, secret: str, *, kind: TokenKind, caller: Caller, force: bool = False) -> Issued:
    """Give an access token for the AppSecret; raises ServerRefused (as authenticate, 45009)."""
    raise NotImplementedError


def program_of(token: str) -> MiniProgram:
    """Return the program that a token is of; raises ServerRefused (40001, 40014, 40243, 42001)."""
    raise NotImplementedError
