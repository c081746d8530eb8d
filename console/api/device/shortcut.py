"""Reads update checks: most of them differ in little but the GUID.

A pattern costs msgspec a call of Python's `re`, and a request has six of them: twice of all else that reading takes. So
values that were checked before are only looked up. Whatever is new, or looks odd, is read again with all checks, so
both ways accept and refuse the same.
"""

from __future__ import annotations

from typing import Any, get_type_hints

import msgspec

from console.api.device.schema import UpdateRequest

MOST_SEEN = 1 << 14  # values that a process remembers, before it begins anew

_fields = tuple(
    (name, hint) if default is msgspec.NODEFAULT else (name, hint, default)
    for (name, hint), default in zip(
        get_type_hints(UpdateRequest).items(),
        (field.default for field in msgspec.structs.fields(UpdateRequest)),
        strict=True,
    )
)
# It has none of the methods, which would be called for each request.
_Unchecked: Any = msgspec.defstruct("_Unchecked", _fields)


class ShortcutDecoder:
    """Decodes as `msgspec.json.Decoder(UpdateRequest)` does, and raises what that raises. Any thread may use it."""

    def __init__(self) -> None:
        self._full = msgspec.json.Decoder(UpdateRequest)
        self._quick = msgspec.json.Decoder(_Unchecked)
        self._versions: set[str] = set()  # of systems and host applications
        self._numbers: set[str | None] = {None}  # of mini programs

    def decode(self, body: bytes) -> UpdateRequest:
        """Return the request; raises DecodeError, ValidationError and whatever else the full decoder does."""
        try:
            asked: UpdateRequest = self._quick.decode(body)
        except msgspec.ValidationError:  # Its words are of the other type.
            return self._full.decode(body)
        app_id, guid = asked.app_id, asked.guid
        if (
            asked.os_version in self._versions
            and asked.app_version in self._versions
            and asked.local_version in self._numbers
            and len(guid) == 32
            and guid.startswith(("0302", "0303"))
            and guid.isdigit()
            and guid.isascii()
            and len(app_id) == 16
            and app_id.startswith("mp")
            and app_id.isalnum()
            and app_id.islower()
            and app_id.isascii()
            and (asked.account is None or _is_text(asked.account))
            and (asked.device_id is None or _is_text(asked.device_id))
            and asked.trial_token is None
        ):
            return asked
        asked = self._full.decode(body)
        if len(self._versions) > MOST_SEEN or len(self._numbers) > MOST_SEEN:
            self._versions, self._numbers = set(), {None}
        self._versions |= {asked.os_version, asked.app_version}
        self._numbers.add(asked.local_version)
        return asked


def _is_text(text: str) -> bool:
    return 0 < len(text) <= 128 and text.isprintable()
