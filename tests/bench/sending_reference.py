"""One Celery task for each message, as one would write it; and the messages, for `python -m tests.bench.sending`.

The worker runs both: this module's task and those of the console.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import django
import requests
from django.utils import timezone
from standardwebhooks import Webhook

from console.celery import app

# Else Celery closes the whole pool after each task, and a new connection costs several times what the task does.
app.conf.update(CELERY_DB_REUSE_MAX=1_000_000)

USERS = """
INSERT INTO miniprograms_programuser (mini_program_id, application_id, account, openid, unionid)
SELECT %(program)s, %(application)s, 'account-' || n, 'o' || lpad(n::text, 27, '0'), 'u' || lpad(n::text, 27, '0')
FROM generate_series(1, %(users)s) AS n
"""
CONSENTS = """
INSERT INTO messaging_consent (user_id, template_id, granted, used, held, pushed, answer, answered_at)
SELECT id, %(template)s, 1000, 0, false, 0, 'accept', now() FROM miniprograms_programuser ORDER BY id
"""
MESSAGES = """
INSERT INTO messaging_message (mini_program_id, application_id, template_id, consent_id, ordinal, values, page,
    program_state, lang, idempotency_key, body_sha256, accepted_at, state, tries, next_try_at, give_up_at, reason)
SELECT u.mini_program_id, u.application_id, c.template_id, c.id, %(ordinal)s,
    '{"thing1": "Harbour Clinic", "time2": "2026-11-27 14:30", "name3": "陈小明"}', 'pages/visit/index',
    'formal', 'zh_CN', '', '', now(), 'waiting', 0, now(), now() + interval '1 day', ''
FROM messaging_consent AS c JOIN miniprograms_programuser AS u ON u.id = c.user_id ORDER BY c.id LIMIT %(count)s
"""


@cache
def _session() -> requests.Session:
    """Keep connections alive, one session a process."""
    return requests.Session()


@cache
def _webhook(application: int) -> Webhook:
    """Read the secret once a process."""
    from console.base.hosts.models import ServerSecret

    return Webhook(ServerSecret.objects.get(application=application).read())


@app.task(name="bench.send_one")
def send_one(message_id: int) -> None:
    """Load, sign, send, mark."""
    from messaging.models import Message

    rows = Message.objects.select_related("template", "mini_program", "application__gateway", "consent__user")
    message = rows.get(pk=message_id)
    template, user, now = message.template, message.consent.user, datetime.now(UTC)
    keywords = template.keywords
    data = {
        "message_id": message.message_id,
        "app_id": message.mini_program.app_id,
        "program": message.mini_program.name,
        "application_id": message.application.application_id,
        "account": user.account,
        "openid": user.openid,
        "template_id": template.template_id,
        "title": template.title_zh,
        "type": template.kind,
        "page": message.page,
        "miniprogram_state": message.program_state,
        "lang": message.lang,
        "keywords": [
            {"key": one["key"], "name": one["name_zh"], "value": message.values[one["key"]]} for one in keywords
        ],
    }
    body = json.dumps(
        {"type": "subscription_message", "timestamp": message.accepted_at.isoformat(), "data": data},
        ensure_ascii=False,
    )
    headers = {
        "webhook-id": message.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": _webhook(message.application_id).sign(message.message_id, now, body),
        "content-type": "application/json",
    }
    url = message.application.gateway.url
    response = _session().post(url, data=body.encode(), headers=headers, timeout=10, allow_redirects=False)
    response.raise_for_status()
    Message.objects.filter(pk=message_id).update(
        state="delivered", tries=1, finished_at=timezone.now(), status=response.status_code
    )


def fill(users: int) -> dict[str, Any]:
    """Make an application with a gateway, a program with a template, and users that agreed to it."""
    from django.db import connection

    from console.base.accounts.models import Team, User
    from console.base.core.sealing import seal
    from console.base.hosts.models import HostApplication, ServerSecret
    from messaging.models import Gateway, MyTemplate, PublicTemplate
    from miniprograms.models import Category, MiniProgram

    by = User.objects.create_user(email="bench@example.com", password=None, name="Bench")
    team = Team.objects.create(name="Bench")
    application = HostApplication.objects.create(team=team, name="Bench")
    ServerSecret.objects.create(
        application=application, sealed=seal(SECRET), hint=SECRET[-4:], created_at=timezone.now(), created_by=by
    )
    Gateway.objects.create(application=application, url="https://gateway.example.com/")
    program = MiniProgram.objects.create(
        team=team, name="Bench", category=Category.objects.first(), introduction="For measuring.", created_by=by
    )
    public = PublicTemplate.objects.create(
        number=999_999, title="Visit booked", title_zh="预约成功", kind="one_time", category="health"
    )
    names = (("thing1", "Clinic", "诊所"), ("time2", "Date", "日期"), ("name3", "Patient", "患者"))
    template = MyTemplate.objects.create(
        mini_program=program,
        public_template=public,
        title=public.title,
        title_zh=public.title_zh,
        kind=public.kind,
        keywords=[{"key": key, "name": name, "name_zh": name_zh} for key, name, name_zh in names],
        keyword_set="1,2,3",
        created_by=by,
    )
    facts = {"program": program.pk, "application": application.pk, "template": template.pk, "users": users}
    with connection.cursor() as cursor:
        cursor.execute(USERS, facts)
        cursor.execute(CONSENTS, facts)
        cursor.execute("VACUUM ANALYZE")
    return facts


SECRET = "whsec_bWVzc2FnZXMgb2YgdGhlIGJlbmNobWFyaywgMzIgYi4="

if __name__ == "__main__":
    import sys

    django.setup()
    json.dump(fill(int(sys.argv[1])), sys.stdout)
