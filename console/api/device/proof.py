"""Who is asked for installation proof, and what bounds those who show none (R-9)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from ipaddress import ip_address

from django.conf import settings

from console.api.device.credentials import Application
from console.api.device.http import ApiError
from console.api.device.rate import Limiter
from console.api.http import Environ
from console.base.core.proxies import client_address
from console.base.hosts import proofs
from grayscale.claims import DatabaseClaims
from grayscale.decision import Candidate, TaskRule
from releases.field.device import Device

HEADER = "HTTP_INSTALLATION_PROOF"

calls = Limiter(settings.UNPROVEN_RATE_LIMIT)
places_of_address = Limiter(settings.UNPROVEN_PLACES_PER_ADDRESS)
places_of_application = Limiter(settings.UNPROVEN_PLACES_PER_APPLICATION)


def is_proved(environ: Environ, application: Application, *, guid: str | None, account: str | None) -> bool:
    """Return whether the request carries a proof of this GUID and account (None: not asked for).

    Raises ApiError 403 for a proof that is not good, also where none is needed: its app has to get another one.
    """
    token = environ.get(HEADER)
    if not token:
        return False
    try:
        proved_guid, proved_account = proofs.read(
            token, application.application_id, application.proof_series, at=time.time()
        )
    except proofs.Expired:
        raise ApiError(
            403, "proof_expired", "The installation proof has expired. Get a new one from your server."
        ) from None
    except proofs.Forged:
        raise ApiError(
            403,
            "proof_invalid",
            "The installation proof is not valid for this application. Get a new one from your server.",
        ) from None
    if (guid is not None and proved_guid != guid) or (account is not None and proved_account != account):
        raise ApiError(403, "proof_invalid", "The installation proof was issued for another GUID or account.")
    return True


def admit(
    environ: Environ,
    application: Application,
    kind: str,
    *,
    required: bool,
    guid: str | None = None,
    account: str | None = None,
) -> None:
    """Let in who has a proof, or needs none and doesn't come from where too many come from; `kind` is counted apart.

    Raises ApiError 403 and 429.
    """
    if is_proved(environ, application, guid=guid, account=account):
        return
    if required:
        raise ApiError(403, "proof_required", "This application requires an installation proof.")
    calls.hit(application.pk, kind, address_of(environ))


def address_of(environ: Environ) -> str:
    """Return whom an address stands for: of IPv6 the network of 64 bits, which one connection has for itself."""
    address = client_address(environ) or ""
    if ":" not in address:
        return address
    return str(int(ip_address(address)) >> 64)


class Unproved:
    """Gives devices without proof the places that they have, and new ones within limits.

    Where proof is required they get no new ones, and keep only those that this application gave: another one of the
    task may ask for none. A place that another process gave counts once more when its device comes here: whether it is
    new is unknown here.
    """

    __slots__ = ("application", "claims", "environ")

    def __init__(self, claims: DatabaseClaims, environ: Environ, application: Application) -> None:
        self.claims = claims
        self.environ = environ
        self.application = application

    def take(self, candidates: Sequence[Candidate], device: Device, *, application: int) -> TaskRule | None:
        """Return the first task in which the GUID has a place, or now got one; raises ClaimsUnavailable."""
        if self.application.places:
            return self.claims.keep(candidates, device.guid, application=application)
        first = candidates[0].task
        may_claim = any(one.may_claim for one in candidates)
        if not may_claim or self.claims.remembers(first, device.guid):
            return self.claims.take(candidates, device, application=application)
        address = (first.id, address_of(self.environ))
        if places_of_address.is_over(*address) or places_of_application.is_over(application):
            return self._known(candidates, device, application)
        taken = self.claims.take(candidates, device, application=application)
        if taken is not None:
            places_of_address.count(*address)
            places_of_application.count(application)
        return taken

    def _known(self, candidates: Sequence[Candidate], device: Device, application: int) -> TaskRule | None:
        """Return the first task in which the GUID has a place already."""
        candidates = [Candidate(one.task, False, one.runs) for one in candidates]
        return self.claims.take(candidates, device, application=application)
