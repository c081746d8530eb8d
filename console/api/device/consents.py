"""`GET` and `POST /runtime/v1/consents`, `POST /runtime/v1/consent-settings` (R-4, M-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from django.db import Error
from django.utils import timezone

from console.api.device import rate
from console.api.device.credentials import Application, Source, authenticate
from console.api.device.http import ApiError, not_found, read_json, read_query, unavailable
from console.api.device.proof import admit
from console.api.device.schema import (
    ConsentAnswers,
    ConsentChoices,
    ConsentKeyword,
    ConsentQuestion,
    ConsentResults,
    ConsentSettings,
    ConsentTemplate,
)
from console.api.http import Environ, Response, json_response
from console.base.core import busy
from messaging import consents
from messaging.consents import Asked, Choices, ConsentRefused
from messaging.states import Answer
from miniprograms.models import Binding

STATUSES = {"not_tapped": 403, "20004": 403, "20005": 403, "request_id_used": 409}  # else 422

_answers = msgspec.json.Decoder(ConsentAnswers)
_settings = msgspec.json.Decoder(ConsentSettings)


def answer(environ: Environ, source: Callable[[], Source]) -> Response:
    """Say what to show in the pop-up (GET), or keep what the user answered in it (POST).

    Raises ApiError (401, 400, 403, 404, 409, 411, 413, 415, 422, 429, 503).
    """
    application = authenticate(environ, source())
    if environ["REQUEST_METHOD"] == "POST":
        answers = read_json(environ, _answers)
        _admit(environ, application, answers.account)
        return _keep(answers, application.pk)
    asked = read_query(environ, ConsentQuestion)
    _admit(environ, application, asked.account)
    response = _show(asked, application.pk)
    if environ["REQUEST_METHOD"] == "HEAD":
        response.body = b""
    return response


def settings(environ: Environ, source: Callable[[], Source]) -> Response:
    """Change what the user wants of a program and answer with how it is then; raises ApiError as `answer`."""
    application = authenticate(environ, source())
    asked = read_json(environ, _settings)
    _admit(environ, application, asked.account)
    with _refusing():
        binding = _binding(asked.app_id, application.pk)
        consents.change_settings(
            binding,
            account=asked.account,
            main_switch=asked.main_switch,
            withdraw=asked.withdraw,
            at=timezone.now(),
        )
        return json_response(_choices(consents.settings_of(binding, account=asked.account)))


def _admit(environ: Environ, application: Application, account: str) -> None:
    """Raise ApiError 429, and 403 unless the account is proved where the application requires that (R-9)."""
    rate.limiter.hit(application.pk, account)
    admit(environ, application, "consents", required=application.consents, account=account)


def _show(asked: ConsentQuestion, application: int) -> Response:
    with _refusing():
        binding = _binding(asked.app_id, application)
        if asked.template_ids is None:
            return json_response(_choices(consents.settings_of(binding, account=asked.account)))
        offer = consents.offer(binding, account=asked.account, template_ids=asked.template_ids.split(","))
        return json_response(_choices(offer))


def _keep(asked: ConsentAnswers, application: int) -> Response:
    with _refusing():
        results = consents.answer(
            _binding(asked.app_id, application),
            account=asked.account,
            request_id=asked.request_id,
            tapped=asked.tapped,
            answers=[(one.template_id, Answer(one.answer)) for one in asked.answers],
            at=timezone.now(),
        )
        return json_response(ConsentResults(results))  # type: ignore[arg-type]


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except ConsentRefused as error:
        raise ApiError(STATUSES.get(error.code, 422), error.code, error.message) from None
    except Error as error:
        busy.note(error, "consents can't be read or written")
        raise unavailable() from None


def _binding(app_id: str, application: int) -> Binding:
    binding = consents.binding_of(app_id, application)
    if binding is None:
        raise not_found()
    return binding


def _choices(choices: Choices) -> ConsentChoices:
    return ConsentChoices(choices.main_switch, [_template(asked) for asked in choices.asked])


def _template(asked: Asked) -> ConsentTemplate:
    template, consent = asked.template, asked.consent
    names = ConsentKeyword.__struct_fields__
    return ConsentTemplate(
        template_id=template.template_id,
        title=template.title,
        title_zh=template.title_zh,
        type=template.kind,  # type: ignore[arg-type]
        content=[ConsentKeyword(**{name: keyword[name] for name in names}) for keyword in template.keywords],
        result=asked.result and asked.result.value,  # type: ignore[arg-type]
        answer=consent.answer if consent else None,  # type: ignore[arg-type]
        remaining=consent.remaining if consent else 0,
        held=consent is not None and consent.held,
    )
