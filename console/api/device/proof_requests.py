"""`POST /runtime/v1/proofs` (R-9, R-13): asked by the application's own server, which knows its installations."""

from __future__ import annotations

import time

import msgspec
from django.db import Error

from console.api.device import signed_by_server
from console.api.device.credentials import check_guid
from console.api.device.http import ApiError, unavailable
from console.api.device.schema import IssuedProof, ProofRequest
from console.api.http import Environ, Response, json_response
from console.base.core import busy
from console.base.hosts import proofs
from console.base.hosts.models import HostApplication
from releases.field.states import GUID_PREFIXES

_decoder = msgspec.json.Decoder(ProofRequest)


def answer(environ: Environ) -> Response:
    """Give a proof for an installation, and a GUID to one that has none.

    Raises ApiError (400, 401, 408, 411, 413, 415, 422, 429, 503).
    """
    try:
        asked, application, request_id = signed_by_server.read(environ, _decoder)
    except Error as error:
        busy.note(error, "an installation proof can't be issued")
        raise unavailable() from None
    guid = _guid(asked, application, request_id)
    of_application = (application.application_id, application.proof_series)
    proof, seconds = proofs.issue(*of_application, guid=guid, account=asked.account, at=time.time())
    return json_response(IssuedProof(guid, proof, seconds))


def _guid(asked: ProofRequest, application: HostApplication, request_id: str) -> str:
    """Return the GUID that was sent, or a new one for the platform; raises ApiError 422."""
    if asked.guid is not None:
        if asked.platform is not None:
            check_guid(asked.guid, asked.platform)
        return asked.guid
    if asked.platform is None:
        raise ApiError(422, "invalid", "Send a guid, or the platform to get one issued - at `$.platform`")
    prefix = GUID_PREFIXES[asked.platform]
    return proofs.new_guid(application.application_id, application.proof_series, prefix=prefix, request_id=request_id)
