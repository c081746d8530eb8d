"""Putting together what was found in the files of a package: one entry for each name, in the order of the files."""

from __future__ import annotations

from collections.abc import Sized
from typing import TypeVar

import msgspec

from .facts import (
    HOWS,
    Address,
    Called,
    Finds,
    Followed,
    How,
    Open,
    OriginUse,
    Place,
    Scan,
    Secret,
    Suspect,
    Unread,
    Use,
)
from .limits import Limits

Listed = TypeVar("Listed", Called, Address)

_TEMPLATES = frozenset(["base.wxml"])  # of these makers
_MAKERS = frozenset(["Taro", "Remax"])


class Gathered:
    """What was found so far. Each list has at most as many entries as `limits` say; those beyond are counted."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._scan = Scan()
        self._places: dict[str, int] = {}  # of the files, by path
        self._calls: list[Called] = []
        self._addresses: list[Address] = []
        self._apis: dict[str, Use] = {}
        self._origins: dict[tuple[str, str], OriginUse] = {}
        self._secrets: set[str] = set()  # their hashes
        self._suspects: set[str] = set()
        self._known: set[Open | str] = set()  # what is open, and the files that could not be read

    def begin(self, path: str) -> None:
        """Note that a file comes next."""
        self._places.setdefault(path, len(self._places))

    def result(self) -> Scan:
        """Return all of it."""
        found = self._scan
        makers = [name for name in found.frameworks if name in _MAKERS]
        if makers:  # Of what these templates choose by data the framework's own runtime is the only source.
            found.open = [
                msgspec.structs.replace(one, framework=makers[0]) if one.path in _TEMPLATES else one
                for one in found.open
            ]
        for call in sorted(self._calls, key=lambda call: (self._places[call.path], call.line)):
            self._add_api(self._listed(call))
        for address in sorted(self._addresses, key=lambda one: (self._places[one.path], one.line)):
            self._add_origin(self._listed(address))
        # What is known to be called, and for what, is listed as that alone.
        called = {origin.use.name for origin in found.origins if origin.is_called}
        known = {origin.use.name for origin in found.origins if origin.is_called and origin.kind}
        found.origins = [
            one for one in found.origins if one.kind or one.use.name not in (known if one.is_called else called)
        ]
        found.open.sort(key=lambda one: (bool(one.framework), self._places[one.path], one.line))
        found.secrets.sort(key=lambda one: (self._places[one.place.path], one.place.line))
        found.unread.sort(key=lambda one: self._places[one.path])
        return found

    def add(self, path: str, finds: Finds) -> None:
        """Add what is in one file; of a script that could not be read, what its text looks like."""
        if finds.why:
            self.add_unread(Unread(path, finds.why, by_patterns=True))
        how: How = "named" if finds.why else "written"
        self._calls += [Called(name, path, line, how) for name, line in finds.apis]
        for origin, kind, line, is_called in finds.addresses:
            self._addresses.append(Address(origin, path, line, kind, how, is_called))
        for line, reason in finds.open:
            self._add_open(Open(path, line, reason))
        if finds.left_out:
            self._leave_out("names", finds.left_out)

    def add_followed(self, followed: Followed) -> None:
        """Add what following the API object through all scripts has found."""
        self._calls += followed.apis
        self._addresses += followed.addresses
        for one in followed.open:
            self._add_open(one)
        for secret in followed.secrets:
            if secret.sha256 not in self._secrets:
                self.add_secret(secret)
        for suspect in followed.suspects:
            self.add_suspect(suspect)
        if followed.left_out:
            self._leave_out("names", followed.left_out)

    def add_script(self, size: int, *, is_read: bool) -> None:
        """Note how much of the code was read by its syntax."""
        self._scan.script_size += size
        self._scan.followed_size += size if is_read else 0

    def add_framework(self, name: str) -> None:
        """Note that a framework's runtime is in the package."""
        if name not in self._scan.frameworks:
            self._scan.frameworks.append(name)

    def add_unread(self, unread: Unread) -> None:
        """Add a file that could not be read; once."""
        if unread.path not in self._known and not self._is_full("unread", self._scan.unread):
            self._known.add(unread.path)
            self._scan.unread.append(unread)

    def add_secret(self, secret: Secret) -> None:
        """Add a secret."""
        self._secrets.add(secret.sha256)
        if not self._is_full("secrets", self._scan.secrets, self._limits.secrets):
            self._scan.secrets.append(secret)

    def add_suspect(self, suspect: Suspect) -> None:
        """Add what has the shape of an AppSecret; once."""
        if suspect.sha256 not in self._suspects and len(self._suspects) < self._limits.names:
            self._suspects.add(suspect.sha256)
            self._scan.suspects.append(suspect)

    def _listed(self, one: Listed) -> Listed:
        """Return what is found, as the framework's own where it stands in Remax' list of all components that there are.

        Only after the last file it is known whether the package has Remax.
        """
        is_own = one.path in _TEMPLATES and "Remax" in self._scan.frameworks
        return msgspec.structs.replace(one, how="framework") if is_own else one

    def _add_open(self, one: Open) -> None:
        if one not in self._known and not self._is_full("open", self._scan.open):
            self._known.add(one)
            self._scan.open.append(one)

    def _add_api(self, call: Called) -> None:
        use = self._apis.get(call.name)
        if use is None:
            if self._is_full("apis", self._scan.apis):
                return
            use = self._apis[call.name] = Use(call.name, how=call.how)
            self._scan.apis.append(use)
        self._count(use, call.path, call.line, call.how)
        if call.through and call.through not in use.through:
            use.through.append(call.through)

    def _add_origin(self, address: Address) -> None:
        origin = self._origins.get((address.origin, address.kind))
        if origin is None:
            if self._is_full("origins", self._scan.origins):
                return
            origin = self._origins[address.origin, address.kind] = OriginUse(
                Use(address.origin, how=address.how), address.kind
            )
            self._scan.origins.append(origin)
        origin.is_called = origin.is_called or address.is_called
        self._count(origin.use, address.path, address.line, address.how)

    def _count(self, use: Use, path: str, line: int, how: How) -> None:
        use.count += 1
        use.how = min(use.how, how, key=HOWS.index)
        place = Place(path, line)
        if len(use.places) < self._limits.places and place not in use.places:
            use.places.append(place)

    def _is_full(self, name: str, found: Sized, most: int = 0) -> bool:
        """Whether no more of it is kept; what is left out is counted."""
        if len(found) < (most or self._limits.names):
            return False
        self._leave_out(name, 1)
        return True

    def _leave_out(self, name: str, count: int) -> None:
        self._scan.left_out[name] = self._scan.left_out.get(name, 0) + count
