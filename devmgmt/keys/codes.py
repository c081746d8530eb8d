"""Login codes: asked for by a host application's server, exchanged once by a mini program's server (K-4)."""

from __future__ import annotations

from typing import NamedTuple

from console.hosts.models import HostApplication
from miniprograms.models import MiniProgram


class Session(NamedTuple):
    """Who the user of a code is."""

    openid: str
    unionid: str
    session_key: str


def make(program: MiniProgram, *, application: HostApplication, account: str, request_id: str) -> str:
    """Return a code for the account, good for CODE_LIFETIME; raises Refused for a `request_id` that was used."""
    raise NotImplementedError


def exchange(program: MiniProgram, code: str) -> Session:
    """Use a code up; raises ServerRefused (40029 unknown, of another program or too old, 40163 used)."""
    raise NotImplementedError
