"""The statements of `messaging.sending`: what speaks against a message, and taking it (M-5 to M-7).

Put together from constants. The same is asked and done in one statement, and in two for who has looked at the answer
of the first.
"""

from __future__ import annotations

from typing import NamedTuple

from devmgmt.keys.tokens import USABLE
from messaging.states import TemplateKind
from miniprograms.querysets import BOUND, ON_SHELF
from releases.querysets import ONLINE

# `page` is null when none is asked for; {program} is whose message it is.
_ASK = f"""
    SELECT
        program.id AS program,
        {ON_SHELF} AS on_shelf,
        member.id AS "user", member.application_id AS application,
        template.id AS template, template.kind, template.keywords,
        EXISTS (
            SELECT FROM miniprograms_binding AS binding
            JOIN messaging_gateway AS gateway ON gateway.application_id = binding.application_id
            WHERE binding.mini_program_id = program.id AND binding.application_id = member.application_id
                AND {BOUND}
        ) AS reachable,
        ARRAY(
            SELECT ban.template_id IS NOT NULL FROM messaging_ban AS ban
            WHERE ban.mini_program_id = program.id AND ban.application_id = member.application_id
                AND ban.lifted_at IS NULL AND (ban.template_id IS NULL OR ban.template_id = template.id)
        ) AS bans,
        EXISTS (SELECT FROM messaging_mainswitch WHERE user_id = member.id AND NOT is_on) AS is_off,
        %(page)s::text IS NULL OR (
            SELECT package.pages ? %(page)s
            FROM releases_version AS version JOIN releases_package AS package ON package.id = version.package_id
            WHERE version.mini_program_id = program.id AND ({ONLINE} OR NOT %(formal)s)
            ORDER BY version.uploaded_at DESC, version.id DESC LIMIT 1
        ) AS has_page,
        first.id AS message, first.body_sha256
    FROM miniprograms_miniprogram AS program
    LEFT JOIN miniprograms_programuser AS member
        ON member.openid = %(touser)s AND member.mini_program_id = program.id
    LEFT JOIN messaging_mytemplate AS template
        ON template.template_id = %(template_id)s AND template.mini_program_id = program.id
        AND template.deleted_at IS NULL
    LEFT JOIN messaging_message AS first
        ON first.mini_program_id = program.id AND first.idempotency_key = %(key)s AND first.idempotency_key <> ''
    WHERE program.id = ({{program}})
"""  # noqa: S608 - put together from constants
ASK, ASK_BY_TOKEN = _ASK.format(program="%(program)s"), _ASK.format(program=USABLE)
# {by} is whose consent it is, and the rows where that is said.
USE_ONE_TIME = """
    UPDATE messaging_consent AS consent SET used = used + 1 {by} AND used < granted
    RETURNING consent.id, NULL::date AS day, used AS ordinal
"""
# The day of a consent never goes back: a clock that does gives no second five pushes.
USE_LONG_TERM = """
    UPDATE messaging_consent AS consent SET
        day = GREATEST(day, %(today)s), pushed = CASE WHEN day >= %(today)s THEN pushed + 1 ELSE 1 END
    {by} AND held AND (day IS NULL OR day < %(today)s OR pushed < %(most)s)
    RETURNING consent.id, day, pushed AS ordinal
"""
# A message without a time of its own is accepted now by the clock of the database, as workers read it.
_ACCEPTED = "coalesce(%(at)s::timestamptz, statement_timestamp())"
_ACCEPT = """
    consent AS ({use}), accepted AS (
        INSERT INTO messaging_message (
            mini_program_id, application_id, template_id, consent_id, day, ordinal, "values", page, program_state, lang,
            idempotency_key, body_sha256, accepted_at, state, tries, next_try_at, give_up_at, reason
        )
        SELECT
            {program}, {application}, {template}, consent.id, consent.day, consent.ordinal, %(values)s, %(asked_page)s,
            %(program_state)s, %(lang)s, %(key)s, %(body_sha256)s, {accepted}, 'waiting', 0, {accepted},
            {accepted} + %(lasts)s, ''
        FROM {rows}
        RETURNING id
    )
"""
# With the facts of before.
_LATER = {
    "by": "WHERE consent.user_id = %(user)s AND consent.template_id = %(template)s",
    "program": "%(program)s",
    "application": "%(application)s",
    "template": "%(template)s",
    "rows": "consent",
}
# With the facts of the same statement, where none of them is a reason to refuse.
_AT_ONCE = {
    "by": """
        FROM asked WHERE asked.on_shelf AND asked.reachable AND asked.bans = '{}' AND NOT asked.is_off
            AND asked.has_page AND asked.message IS NULL
            AND consent.user_id = asked."user" AND consent.template_id = asked.template""",
    "program": "asked.program",
    "application": "asked.application",
    "template": "asked.template",
    "rows": "consent, asked",
}


def _accepting(use: str, words: dict[str, str]) -> str:
    return _ACCEPT.format(use=use.format(by=words["by"]), accepted=_ACCEPTED, **words)


_USES = {TemplateKind.ONE_TIME: USE_ONE_TIME, TemplateKind.LONG_TERM: USE_LONG_TERM}
ACCEPT = {kind: f"WITH {_accepting(use, _LATER)} SELECT id FROM accepted" for kind, use in _USES.items()}  # noqa: S608
ACCEPT_AT_ONCE = {
    (kind, is_by_token): f"""
    WITH asked AS MATERIALIZED ({ASK_BY_TOKEN if is_by_token else ASK}), {_accepting(use, _AT_ONCE)}
    SELECT asked.*, (SELECT id FROM accepted) FROM asked
"""  # noqa: S608
    for kind, use in _USES.items()
    for is_by_token in (False, True)
}


class Facts(NamedTuple):
    """A row of ASK. `bans`: true for one of the template, false for one of the program."""

    program: int
    on_shelf: bool
    user: int | None
    application: int | None
    template: int | None
    kind: TemplateKind
    keywords: str
    reachable: bool
    bans: list[bool]
    is_off: bool
    has_page: bool | None
    message: int | None
    body_sha256: str | None
