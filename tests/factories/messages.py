"""Templates, consents and subscription messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.utils import timezone

from console.base.hosts.models import HostApplication
from messaging.models import Ban, Consent, Gateway, Message, MyTemplate, PublicKeyword, PublicTemplate
from miniprograms.models import MiniProgram, ProgramUser
from tests.factories.people import make_user, serial


def make_gateway(application: HostApplication, url: str = "https://gateway.example.com/messages") -> Gateway:
    """Where the application takes messages; `make_server_secret` beside it."""
    return Gateway.objects.create(application=application, url=url)


KEYWORDS = (
    ("Clinic", "诊所", "thing"),
    ("Date", "日期", "time"),
    ("Patient", "患者", "name"),
    ("Fee", "费用", "amount"),
)

EXAMPLES = {"thing": "Harbour Clinic", "time": "2026-11-27 14:30", "name": "陈小明", "amount": "￥45.00"}


def make_public_template(title: str = "", kind: str = "one_time", **fields: Any) -> PublicTemplate:
    """A template of the library with the keywords thing1, time2, name3, amount4."""
    number = 900_000 + next(serial)
    fields = {"category": "health", "title_zh": f"模板{number}", **fields}
    template = PublicTemplate.objects.create(number=number, title=title or f"Template {number}", kind=kind, **fields)
    for position, (name, name_zh, of_type) in enumerate(KEYWORDS, start=1):
        example = EXAMPLES[of_type]
        PublicKeyword.objects.create(
            template=template,
            number=position,
            name=name,
            name_zh=name_zh,
            kind=of_type,
            example=example,
            example_zh=example,
        )
    return template


def make_template(
    program: MiniProgram, public_template: PublicTemplate | None = None, numbers: Sequence[int] = (1, 2), **fields: Any
) -> MyTemplate:
    """A template of the program with these keywords in this order: thing1 and time2; `kind="long_term"`."""
    public_template = public_template or make_public_template(kind=fields.pop("kind", "one_time"))
    by_number = {keyword.number: keyword for keyword in public_template.keywords.all()}
    names = ("key", "name", "name_zh", "kind", "example", "example_zh", "options")
    chosen = [{name: getattr(by_number[number], name) for name in names} for number in numbers]
    return MyTemplate.objects.create(
        mini_program=program,
        public_template=public_template,
        title=public_template.title,
        title_zh=public_template.title_zh,
        kind=public_template.kind,
        keywords=chosen,
        keyword_set=",".join(map(str, sorted(numbers))),
        created_by=program.created_by,
        **fields,
    )


def make_consent(user: ProgramUser, template: MyTemplate, *, granted: int = 1, **fields: Any) -> Consent:
    """One-time: `granted` accepts; long-term: held."""
    long_term = {"granted": 0, "held": True} if template.is_long_term else {"granted": granted}
    fields = {"answer": "accept", "answered_at": timezone.now(), **long_term, **fields}
    return Consent.objects.create(user=user, template=template, **fields)


def make_message(consent: Consent, **fields: Any) -> Message:
    """An accepted message that waits, and has used the consent: a push of today where that is a long-term one.

    `state="failed"` for a dead letter.
    """
    now, template = timezone.now(), consent.template
    if template.is_long_term:
        consent.day, consent.pushed = timezone.localdate(), consent.pushed + 1
    else:
        consent.used += 1
        consent.granted = max(consent.granted, consent.used)
    consent.save(update_fields=["used", "granted", "day", "pushed"])
    if fields.get("state", "waiting") != "waiting":
        fields.setdefault("finished_at", now)
    values = {keyword["key"]: keyword["example"] for keyword in template.keywords}
    common = {"mini_program": template.mini_program, "application": consent.user.application, "template": template}
    times = {"accepted_at": now, "next_try_at": now, "give_up_at": now + timedelta(days=1)}
    use = {"consent": consent, "day": consent.day, "ordinal": consent.pushed or consent.used}
    rest = {"values": values, "program_state": "formal", "lang": "en_US"}
    return Message.objects.create(**{**common, **use, **times, **rest, **fields})


def make_ban(application: HostApplication, program: MiniProgram, **fields: Any) -> Ban:
    """The application takes no messages of the program; `template=` for one of its templates only."""
    fields = {"reason": "Too many messages.", "created_by": make_user(), **fields}
    return Ban.objects.create(application=application, mini_program=program, **fields)


def make_public_templates() -> None:
    """What a migration made, and a test that empties all tables has taken away."""
    import_module("messaging.migrations.0002_public_templates").fill(PublicTemplate, PublicKeyword)
