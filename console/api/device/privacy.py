"""`GET /runtime/v1/privacy?app_id=…&accepted=…` (R-6, S-4)."""

from __future__ import annotations

from collections.abc import Callable

from django.db import Error

from console.api.device import rate
from console.api.device.credentials import Source, authenticate
from console.api.device.http import ApiError, kept_by_devices, not_found, read_query, unavailable
from console.api.device.schema import Contact, DeclaredData, PrivacyAnswer, PrivacyQuestion, PrivacyText, ThirdParty
from console.api.http import Environ, Response
from console.base.core import busy
from console.base.core.proxies import client_address
from miniprograms.models import Binding
from miniprograms.privacy.models import PrivacyAgreement


def answer(environ: Environ, source: Callable[[], Source]) -> Response:
    """Say what the online agreement says at this very moment, and whether the user has to agree to it.

    Raises ApiError (401, 404, 422, 429, 503).
    """
    rows = source()
    application = authenticate(environ, rows)
    asked = read_query(environ, PrivacyQuestion)
    # Counted as policies are: an SDK asks at each start of a program.
    counted = asked.app_id if rows.program(asked.app_id) else ""
    rate.limiter.hit(application.pk, client_address(environ), counted)
    try:
        found = _answer(asked, application.pk)
    except Error as error:
        busy.note(error, "a privacy agreement can't be read")
        raise unavailable() from None
    return kept_by_devices(environ, found)


def _answer(asked: PrivacyQuestion, application: int) -> PrivacyAnswer:
    served = Binding.objects.served().filter(application=application, mini_program__app_id=asked.app_id)
    binding = served.select_related("mini_program").first()
    if binding is None:
        raise not_found()
    program = binding.mini_program
    agreements = PrivacyAgreement.objects.all()
    agreement = agreements.online_of(program)
    if agreement is None:
        raise ApiError(404, "no_agreement", "The program has no privacy agreement.")
    return PrivacyAnswer(
        version=agreement.number,
        effective_on=agreement.effective_on,
        published_at=agreement.published_at,
        needs_new_consent=agreements.needs_new_consent(program, int(asked.accepted or 0)),
        data=[DeclaredData(kind, purpose) for kind, purpose in agreement.data],
        third_parties=[ThirdParty(*third_party) for third_party in agreement.third_parties],
        contact=Contact(agreement.contact_email, agreement.contact_phone, agreement.contact_other),
        retention=agreement.retention,
        text=PrivacyText(agreement.text_en, agreement.text_zh),
    )
