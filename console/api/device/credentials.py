"""Who asks: a host application, by its id and one of its keys."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from typing import Protocol

import msgspec

from console.api.device.http import ApiError
from console.api.http import Environ, Response
from grayscale.decision import Deliverable, ProgramState
from releases.field.device import Device
from releases.field.states import GUID_PREFIXES

MOST_REMEMBERED = 4096


class Application(msgspec.Struct, frozen=True):
    """A host application: its primary key, the SHA-256 of each key that is not revoked, and the keys that sign for it.

    These are (key id, sealed private key), the newest first: sealed until the first signature needs them, and nothing
    that is printed or logged reveals them. `places` to `logs` say what it requires installation proof for (R-9).
    """

    pk: int
    keys: tuple[bytes, ...]
    signing_keys: tuple[tuple[str, str], ...] = ()
    application_id: str = ""
    proof_series: int = 1
    places: bool = False
    consents: bool = False
    reports: bool = False
    logs: bool = False


Counted = tuple[Response, Callable[[], object]]


class Source(Protocol):
    """Where the answers come from: the snapshot in memory, or the rows themselves.

    It remembers what follows from nothing but itself: by the header, who has proved to be which application; and the
    answers that are the same for every device, by (App ID, application, version, status, channel), each with what
    counts it.
    """

    @property
    def proved(self) -> dict[str, Application]: ...
    @property
    def answers(self) -> dict[tuple[str, int, str, str, str | None], Counted]: ...

    def application(self, application_id: str) -> Application | None:
        """Return the host application with this id; None for an unknown one."""

    def program(self, app_id: str) -> ProgramState | None:
        """Return the mini program with this App ID; None for an unknown one."""

    def package(self, sha256: str, *, application: int, trial_token: str | None = None) -> Deliverable | None:
        """Return the version with this package that is served to a device of the application with such a token."""

    def seen(self, app_id: str, device: Device, *, application: int) -> None:
        """Record a device that was offered a version of the mini program with this App ID."""


def authenticate(environ: Environ, source: Source) -> Application:
    """Return the application that `Authorization: Basic` names and proves; raises ApiError 401.

    Basic, because the credentials are a name and a secret and every HTTP client speaks it. The id is no
    secret; the key is compared by its hash and in constant time.
    """
    header = environ.get("HTTP_AUTHORIZATION", "")
    if (remembered := source.proved.get(header)) is not None:
        return remembered
    scheme, _, encoded = header.partition(" ")
    if scheme != "Basic" and scheme.lower() != "basic":
        raise _unauthenticated()
    try:
        name, _, key = b64decode(encoded, validate=True).partition(b":")
        application_id = name.decode("ascii")
    except ValueError:
        raise _unauthenticated() from None
    application = source.application(application_id) if application_id.isalnum() else None
    if application is not None:
        presented = sha256(key).digest()
        for known in application.keys:
            if compare_digest(known, presented):
                if len(source.proved) < MOST_REMEMBERED:  # One key can be written in several ways.
                    source.proved[header] = application
                return application
    raise _unauthenticated()


def check_guid(guid: str, platform: str) -> None:
    """Raise ApiError 422 unless it is a GUID of that platform."""
    prefix = GUID_PREFIXES[platform]
    if not guid.startswith(prefix):
        raise ApiError(422, "invalid", f"A GUID of {platform} starts with {prefix} - at `$.guid`")


def _unauthenticated() -> ApiError:
    return ApiError(
        401,
        "unauthenticated",
        "The application's id or key is missing, unknown or revoked. Send both with HTTP Basic.",
        [("WWW-Authenticate", 'Basic realm="device", charset="UTF-8"')],
    )
