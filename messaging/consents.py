"""What users agree to: the pop-up of `requestSubscribeMessage`, and their settings (M-4).

The words of refusals and their numbers are WeChat's; they are for devices, so in English.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import connection, transaction
from django.db.models import F, QuerySet

from messaging.models import Ban, Consent, ConsentCall, MainSwitch, MyTemplate
from messaging.states import MOST_ASKED, Answer
from miniprograms.actions import user_of
from miniprograms.models import Binding, ProgramUser

REFUSALS = {
    "not_tapped": "can only be invoked by user TAP gesture.",
    "request_id_used": "The request_id was used with another body.",
    "20001": "No template data return, verify the template id exist",
    "20002": "Templates type must be same",
    "20003": "Templates count out of max bounds",
    "20004": "The main switch is switched off",
    "20005": "This mini program was banned from subscribing messages",
}

# A one-time accept adds one, whatever was accepted or rejected before; a long-term one holds until it is rejected.
ANSWER = """
    INSERT INTO messaging_consent (user_id, template_id, granted, used, held, pushed, answer, answered_at)
    SELECT %(user)s, given.template, given.granted, 0, given.held, 0, given.answer, %(at)s
    FROM unnest(%(templates)s::bigint[], %(granted)s::int[], %(held)s::boolean[], %(answers)s::text[])
        AS given (template, granted, held, answer)
    ON CONFLICT (user_id, template_id) DO UPDATE SET
        granted = messaging_consent.granted + excluded.granted,
        held = excluded.held,
        answer = excluded.answer,
        answered_at = excluded.answered_at
"""


class ConsentRefused(Exception):
    """A call was refused as a whole; `code` is a key of REFUSALS."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.message = f"requestSubscribeMessage:fail {REFUSALS[code]}"
        super().__init__(self.message)


@dataclass(frozen=True)
class Asked:
    """A template in a pop-up or in the settings.

    `result` is what will be answered without asking the user: it is banned, or has the title of another one in the
    call. `consent` is what the user said before.
    """

    template: MyTemplate
    result: Answer | None
    consent: Consent | None


@dataclass(frozen=True)
class Choices:
    """What a user may choose, and whether messages of the program are wanted at all."""

    main_switch: bool
    asked: Sequence[Asked]


def binding_of(app_id: str, application: int) -> Binding | None:
    """Return the binding of a program on the shelf to the application (primary key); None: devices get a 404."""
    served = Binding.objects.served().filter(mini_program__app_id=app_id, application=application)
    return served.select_related("mini_program", "application").first()


def offer(binding: Binding, *, account: str, template_ids: Sequence[str]) -> Choices:
    """Return what to show in the pop-up for these templates. Raises ConsentRefused (20001, 20002, 20003, 20005)."""
    asked = _asked(binding, template_ids)
    user = _known(binding, account)
    consents = {consent.template_id: consent for consent in _consents(user).filter(template__in=[t for t, _ in asked])}
    rows = [Asked(template, result, consents.get(template.pk)) for template, result in asked]
    return Choices(_is_on(user), rows)


def settings_of(binding: Binding, *, account: str) -> Choices:
    """Return the templates that the user has answered, last one first, and the main switch."""
    user = _known(binding, account)
    consents = _consents(user).filter(template__deleted_at=None).select_related("template").order_by("-answered_at")
    banned = _banned(binding)
    rows = [Asked(row.template, Answer.BAN if row.template_id in banned else None, row) for row in consents]
    return Choices(_is_on(user), rows)


@transaction.atomic
def answer(
    binding: Binding,
    *,
    account: str,
    request_id: str,
    tapped: bool,
    answers: Sequence[tuple[str, Answer]],
    at: datetime,
) -> dict[str, str]:
    """Keep what the user answered in a pop-up; return template id → accept, reject, ban or filter.

    `answers` are (template id, accept or reject). The same call under its `request_id` again returns the same and
    changes nothing. Raises ConsentRefused.
    """
    if not tapped:
        raise ConsentRefused("not_tapped")
    user = user_of(binding.mini_program, application=binding.application, account=account)
    body = sha256(json.dumps(answers).encode()).hexdigest()
    if call := ConsentCall.objects.filter(user=user, request_id=request_id).first():
        return _again(call, body)
    asked = _asked(binding, [template_id for template_id, _ in answers])
    if not _is_on(user):
        raise ConsentRefused("20004")
    said = dict(reversed(answers))
    results: dict[str, str] = {template.template_id: result or said[template.template_id] for template, result in asked}
    # Who comes second waits here until the first is through.
    kept = {"body_sha256": body, "answers": results, "created_at": at}
    call, is_first = ConsentCall.objects.get_or_create(user=user, request_id=request_id, defaults=kept)
    if not is_first:
        return _again(call, body)
    _keep(user, {template: results[template.template_id] for template, result in asked if result is None}, at=at)
    return results


@transaction.atomic
def change_settings(
    binding: Binding, *, account: str, main_switch: bool | None = None, withdraw: Sequence[str] = (), at: datetime
) -> None:
    """Turn all messages of the program on or off, and take back what was accepted for these templates.

    One-time accepts that were not used are gone, a long-term one ends; of deleted templates too. Raises ConsentRefused
    (20001) for a template that the program never had.
    """
    templates = list(MyTemplate.objects.filter(mini_program=binding.mini_program, template_id__in=withdraw))
    if len(templates) < len(set(withdraw)):
        raise ConsentRefused("20001")
    user = _known(binding, account)
    if templates and user:
        rows = Consent.objects.filter(user=user, template__in=templates).order_by("template_id")  # As `_keep` does.
        locked = list(rows.select_for_update().values_list("pk", flat=True))
        Consent.objects.filter(pk__in=locked).update(
            granted=F("used"), held=False, answer=Answer.REJECT, answered_at=at
        )
    if main_switch is not None:
        user = user or user_of(binding.mini_program, application=binding.application, account=account)
        MainSwitch.objects.bulk_create(
            [MainSwitch(user=user, is_on=main_switch, changed_at=at)],
            update_conflicts=True,
            unique_fields=["user"],
            update_fields=["is_on", "changed_at"],
        )


def _asked(binding: Binding, template_ids: Sequence[str]) -> list[tuple[MyTemplate, Answer | None]]:
    """Return the templates in their order, each with its result where the user is not asked."""
    if len(template_ids) > MOST_ASKED:
        raise ConsentRefused("20003")
    found = MyTemplate.objects.live().filter(mini_program=binding.mini_program, template_id__in=template_ids)
    by_id = {template.template_id: template for template in found}
    if not template_ids or not by_id.keys() >= set(template_ids):
        raise ConsentRefused("20001")
    if len({template.kind for template in by_id.values()}) > 1:
        raise ConsentRefused("20002")
    banned = _banned(binding)
    if None in banned:
        raise ConsentRefused("20005")
    return _without_equal_titles([by_id[template_id] for template_id in dict.fromkeys(template_ids)], banned)


def _without_equal_titles(
    templates: Iterable[MyTemplate], banned: set[int | None]
) -> list[tuple[MyTemplate, Answer | None]]:
    """Of those with one title only the first is shown."""
    titles: set[str] = set()
    asked: list[tuple[MyTemplate, Answer | None]] = []
    for template in templates:
        if template.title in titles:
            asked.append((template, Answer.FILTER))
            continue
        titles.add(template.title)
        asked.append((template, Answer.BAN if template.pk in banned else None))
    return asked


def _banned(binding: Binding) -> set[int | None]:
    """Return the templates (primary keys) that the application has banned; None among them: the whole program."""
    bans = Ban.objects.in_force().filter(application=binding.application, mini_program=binding.mini_program)
    return {ban.template_id for ban in bans}


def _known(binding: Binding, account: str) -> ProgramUser | None:
    found = ProgramUser.objects.filter(mini_program=binding.mini_program, application=binding.application)
    return found.filter(account=account).first()


def _consents(user: ProgramUser | None) -> QuerySet[Consent]:
    return Consent.objects.filter(user=user) if user else Consent.objects.none()


def _is_on(user: ProgramUser | None) -> bool:
    return not MainSwitch.objects.filter(user=user, is_on=False).exists()


def _again(call: ConsentCall, body_sha256: str) -> dict[str, str]:
    """Return what was answered to the same call before."""
    if call.body_sha256 != body_sha256:
        raise ConsentRefused("request_id_used")
    answers: dict[str, str] = call.answers
    return answers


def _keep(user: ProgramUser, answers: Mapping[MyTemplate, str], *, at: datetime) -> None:
    """Write them in one statement; in the order of their keys, so that two calls of a user never wait in a circle."""
    rows = sorted(answers.items(), key=lambda row: row[0].pk)
    with connection.cursor() as cursor:
        cursor.execute(
            ANSWER,
            {
                "user": user.pk,
                "at": at,
                "templates": [template.pk for template, _ in rows],
                "granted": [int(said == Answer.ACCEPT and not template.is_long_term) for template, said in rows],
                "held": [said == Answer.ACCEPT and template.is_long_term for template, said in rows],
                "answers": [str(said) for _, said in rows],
            },
        )
