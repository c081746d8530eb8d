"""The demo, and after it each main verb once more, by the code of the previous release.

Run by that code (previous.py), never imported: it is written for that release's functions, and stays as it is until
another release becomes the previous one. The last line that it prints is what came of it, as JSON.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

# ruff: noqa: E402 - Django must be ready before its models are imported.
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook

from console.accounts import actions as accounts
from console.accounts.models import Team, User
from console.celery import SWEEPS, app
from console.hosts.models import HostApplication
from console.hosts.states import Overlap
from console.local.demo.icons import draw_icon
from console.local.demo.packages import pack, package_files
from console.reviews.models import Report
from console.wsgi import application as wsgi
from devmgmt import actions as development
from devmgmt.keys import actions as keys
from devmgmt.matching import Domain, fingerprint
from grayscale import actions as grayscale
from messaging.actions.templates import add_template
from messaging.models import PublicTemplate
from miniprograms import actions as programs
from miniprograms.models import Category
from miniprograms.privacy import actions as privacy
from releases import actions as releases
from releases.actions.trial import set_trial
from releases.models import Version
from releases.offline import actions as offline

NAME, TEAM, HARBOUR = "Night Ferry", "Harbour Mobility", "Harbour Super App"
PAGE = "pages/index/index"
GUID = f"0302{7:028}"
SECONDS = 20  # until a process answers what another one has committed


class Story:
    """Who acts, on what."""

    def __init__(self, made: dict[str, Any]) -> None:
        self.made = made
        self.team = Team.objects.get(name=TEAM)
        self.application = HostApplication.objects.get(name=HARBOUR)
        self.holder, self.developer, self.reviewer, self.admin = (
            User.objects.get(email=f"{name}@example.com") for name in ("tomas", "ada", "jun", "mira")
        )

    def sign_in(self) -> None:
        """By the page, and look around."""
        client = Client()
        given = {"login": self.admin.email, "password": self.made["password"]}
        assert client.post(reverse("account_login"), given).status_code == 302
        for name in ("home", "miniprograms:list", "reviews:list", "accounts:list"):
            assert client.get(reverse(name)).status_code == 200, name

    def create_and_bind(self) -> None:
        """A mini program that an application serves."""
        self.program = programs.create(
            team=self.team,
            by=self.holder,
            name=NAME,
            icon=draw_icon("ferry", "#14a0b0", "#0d7480"),
            category=Category.objects.get(name="Transport"),
            introduction="Ferries at night.",
            description="",
        )
        binding = programs.request_binding(
            self.program, application=self.application, reason="For our passengers", by=self.holder
        )
        programs.decide_binding(binding, approve=True, by=self.reviewer)

    def approved(self, number: str) -> Version:
        """Upload, submit, let the reviewer approve."""
        version = releases.upload(
            self.program,
            file=pack(package_files(NAME, ["index"], number, rows=20)),
            number=tuple(map(int, number.split("."))),
            notes=f"What is new in {number}",
            by=self.developer,
        )
        audit = releases.submit(version, by=self.developer)
        for decision in audit.decisions.select_related("application", "audit__version__mini_program"):
            releases.decide(decision, approve=True, by=self.reviewer)
        version.refresh_from_db()
        return version

    def release(self) -> None:
        """Publish one version, try the next in grayscale, publish it, and roll back."""
        first, second = self.approved("1.0.0"), self.approved("1.1.0")
        releases.publish(first, by=self.holder)
        now = timezone.now()
        settings = grayscale.TaskSettings(
            version=second,
            name="Night ferries, first users",
            starts_at=now,
            ends_at=now + timedelta(days=2),
            user_limit=10,
            applications=[(self.application, "", "")],
            platforms=[("android", "", "")],
            networks=[],
            object_lists=[],
        )
        task = grayscale.create(self.program, by=self.holder, settings=settings)
        task = grayscale.suspend(task, by=self.holder, reason="Looks wrong")
        task = grayscale.resume(task, by=self.holder)
        self.asked_until("update", version="1.1.0")
        grayscale.end(task, by=self.holder, reason="Seen enough")
        releases.publish(second, by=self.holder)
        releases.roll_back(first, by=self.holder, note="Lists were empty")

    def develop(self) -> None:
        """Domains; what the application grants and rejects; the trial version."""
        there = development.domains_of(self.program)
        lists = {kind: {Domain(row.host, row.port) for row in rows} for kind, rows in there.items()}
        lists["request"].add(Domain("api.nightferry.example", 443))
        development.change_domains(self.program, lists=lists, seen=fingerprint(there), by=self.developer)
        asked = {"application": self.application, "reason": "Ferries nearby", "by": self.holder}
        exemption = development.apply_for_exemption(self.program, **asked)
        development.decide(exemption, approve=True, by=self.reviewer)
        apis = ["wx.getLocation", "wx.chooseAddress"]
        for permission in development.apply_for_permissions(self.program, apis=apis, **asked):
            granted = permission.api == apis[0]
            development.decide(permission, approve=granted, by=self.reviewer, note="" if granted else "What for?")
        version = self.program.versions.numbered("1.1.0").get()
        self.trial = set_trial(self.program, version=version, page=PAGE, query="from=test", by=self.developer)

    def agree(self) -> None:
        """The privacy agreement; the offline package."""
        stated = {"data": [["location", "to show ferries"]], "contact_email": "privacy@nightferry.example"}
        stated |= {"retention": "30 days", "effective_on": timezone.localdate()}
        draft = privacy.save_draft(self.program, by=self.holder, revision=0, **stated)
        privacy.publish(self.program, by=self.holder, revision=draft.revision, asks_again=True)
        _version, file = offline.download(self.program, application=self.application, by=self.developer)
        file.close()

    def invite(self) -> None:
        """A new person, who accepts by the link's page and sees the team."""
        invitation = accounts.invite(self.team, email="nia@example.com", role="developer", by=self.admin)
        client = Client()
        given = {"name": "Nia Park", "password": "plenty of sea air"}
        answer = client.post(reverse("accounts:accept", args=[invitation.token]), given)
        assert (answer.status_code, client.get(answer.url).status_code) == (302, 200)

    def keep_secrets(self) -> None:
        """The AppSecret, made and reset; a message template."""
        made = keys.generate(self.program, by=self.admin)
        made = keys.reset(self.program, seen=made.row.pk, overlap=Overlap.NONE, reason="Seen in a log", by=self.admin)
        self.secret = made.secret
        public = PublicTemplate.objects.get(number=1022)
        self.template = add_template(
            self.program, public_template=public, numbers=(1, 2, 3), note="Ten minutes before", by=self.developer
        )

    def be_a_device(self) -> None:
        """Ask, report, log and consent, in front of Django."""
        device = {"app_id": self.program.app_id, "guid": GUID}
        self.asked_until("update", version="1.0.0")
        self.asked_until("update", version="1.1.0", trial_token=self.trial.token)
        self.ask("POST", "/runtime/v1/reports", {**device, "version": "1.0.0", "result": "installed"})
        now = time.time_ns() // 1_000_000
        line = {"time": now, "level": "error", "text": "no ferry"}
        versions = {"os_version": "14", "client_version": "8.1.0", "library_version": "3.5.1", "version": "1.0.0"}
        entry = {"time": now, "page": PAGE, "lines": [line]}
        batch = {**device, **versions, "platform": "android", "entries": [entry]}
        assert self.ask("POST", "/runtime/v1/logs", batch)["accepted"] == 1
        for name in ("policy", "privacy"):
            assert self.ask("GET", f"/runtime/v1/{name}?app_id={self.program.app_id}")
        answers = [{"template_id": self.template.template_id, "answer": "accept"}]
        said = {"app_id": self.program.app_id, "account": "u-1", "request_id": "r1", "tapped": True, "answers": answers}
        told = self.ask("POST", "/runtime/v1/consents", said)
        assert told == {"results": {self.template.template_id: "accept"}}

    def be_a_server(self) -> None:
        """Sign the user in by a code of the application's server, and send a message."""
        about = {"application_id": self.application.application_id, "app_id": self.program.app_id, "account": "u-1"}
        code = self.ask("POST", "/runtime/v1/login-codes", about, signed=True)["code"]
        proof = {"appid": self.program.app_id, "secret": self.secret}
        query = urlencode({"grant_type": "client_credential", **proof})
        token = self.ask("GET", f"/cgi-bin/token?{query}")["access_token"]
        query = urlencode({"grant_type": "authorization_code", "js_code": code, **proof})
        openid = self.ask("GET", f"/sns/jscode2session?{query}")["openid"]
        data = {keyword["key"]: {"value": keyword["example"]} for keyword in self.template.keywords}
        message = {"touser": openid, "template_id": self.template.template_id, "page": PAGE, "data": data}
        sent = self.ask("POST", f"/cgi-bin/message/subscribe/send?access_token={token}", message)
        assert sent["errcode"] == 0, sent

    def work(self) -> None:
        """What beat sends, and what the server's message woke; of the many reports, those on our own versions."""
        Report.objects.exclude(version__mini_program=self.program).delete()
        app.loader.import_default_modules()
        for name in (*SWEEPS, "messaging.deliver"):
            app.tasks[name].apply(throw=True)

    def asked_until(self, status: str, *, version: str, **members: str) -> None:
        """Ask for an update until the answer is this one: what was committed reaches devices within a second."""
        asked = {"app_id": self.program.app_id, "guid": GUID, "platform": "android", "os_version": "14"}
        asked |= {"app_version": "8.1.0", "network": "wifi", **members}
        deadline, told = time.monotonic() + SECONDS, None
        while told != (status, version):
            assert time.monotonic() < deadline, told
            answer = self.ask("POST", "/runtime/v1/update", asked)
            told = answer["status"], answer["version"]

    def ask(self, method: str, path: str, body: Any = None, *, signed: bool = False) -> Any:
        """Return the answer of the WSGI application, to the host application or to its server."""
        content = json.dumps(body).encode() if body is not None else b""
        [own] = [one for one in self.made["applications"] if one["name"] == HARBOUR]
        request = RequestFactory().generic(method, path, content, "application/json")
        if signed:
            now = timezone.now()
            signature = Webhook(own["server_secret"]).sign("req-1", now, content.decode())
            headers = {"ID": "req-1", "TIMESTAMP": str(int(now.timestamp())), "SIGNATURE": signature}
            request.environ |= {f"HTTP_WEBHOOK_{name}": value for name, value in headers.items()}
        elif path.startswith("/runtime/"):
            request.environ["HTTP_AUTHORIZATION"] = basic(f"{own['application_id']}:{own['key']}")
        sent: list[Any] = []
        answer = b"".join(wsgi(request.environ, lambda *start: sent.extend(start)))
        assert sent[0].startswith("2"), (method, path, sent[0], answer)
        return json.loads(answer) if answer else None


def basic(credentials: str) -> str:
    """HTTP Basic."""
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


def main() -> None:
    """Tell it all."""
    out = StringIO()
    call_command("demo", "--json", stdout=out)
    story = Story(json.loads(out.getvalue()))
    chapters: list[Callable[[], None]] = [story.sign_in, story.create_and_bind, story.release, story.develop]
    chapters += [story.agree, story.invite, story.keep_secrets, story.be_a_device, story.be_a_server, story.work]
    for chapter in chapters:
        chapter()
    print(json.dumps({"program": story.program.app_id, "chapters": [chapter.__name__ for chapter in chapters]}))


main()
