"""People at the pages: they upload, submit, approve, publish, roll back and save domains, each change with a mark."""

from __future__ import annotations

import io
import json
import random
import re
import threading
import zipfile
from typing import Any
from urllib.parse import urlencode

import psycopg

from tests.chaos.installation import Installation
from tests.chaos.ledger import BUSY, DONE, REFUSED, UNKNOWN, UNSENT, Change, Ledger, Lost, Reply, ask

CSRF_TOKEN = "x" * 32  # sent as cookie and in the form
BOUNDARY = "----chaos"
PAUSE_SECONDS = 0.2
NOT_CONFIRMED = "can’t confirm that this was saved"  # what a page says when the connection was lost
MOST_DOMAIN_CHANGES = 45  # of a program in a month; the console allows 50
STANDING = """
    SELECT id, format('%%s.%%s.%%s', major, minor, patch), state, major FROM releases_version
    WHERE mini_program_id = %s ORDER BY major DESC, minor DESC, patch DESC
"""
WAITING = """
    SELECT d.id FROM releases_reviewdecision AS d JOIN releases_audit AS a ON a.id = d.audit_id
    WHERE a.mini_program_id = %s AND a.state = 'in_audit' AND d.state = 'waiting'
"""
TARGETS = """
    SELECT id FROM releases_version WHERE mini_program_id = %s AND state = 'retired' AND rolled_back_at IS NULL
    ORDER BY major DESC LIMIT 1
"""


class Person:
    """Somebody who signs in once and keeps the session."""

    def __init__(self, one: Installation, email: str, password: str) -> None:
        self.port, self.email, self.password = one.web, email, password
        self.session = ""

    def sign_in(self) -> None:
        """Sign in; raises Lost, and RuntimeError when it is refused."""
        reply = self.post("/account/sign-in/", {"login": self.email, "password": self.password})
        found = re.search(r"sessionid=(\w+)", "; ".join(reply.headers.get_all("Set-Cookie", [])))
        if found is None:
            raise RuntimeError(f"{self.email} could not sign in: {reply.status} {reply.headers.get('Location', '')}")
        self.session = found[1]

    def get(self, path: str, *, timeout: float = 10.0) -> Reply:
        """Read a page; raises Lost."""
        return ask(self.port, "GET", path, timeout=timeout, Cookie=self._cookies())

    def post(self, path: str, fields: dict[str, str], file: bytes | None = None) -> Reply:
        """Send a form; raises Lost."""
        fields = {"csrfmiddlewaretoken": CSRF_TOKEN, **fields}
        if file is None:
            body, kind = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        else:
            body, kind = _multipart(fields, file), f"multipart/form-data; boundary={BOUNDARY}"
        headers = {"Content_Type": kind, "Cookie": self._cookies()}
        return ask(self.port, "POST", path, body, timeout=25, **headers)

    def _cookies(self) -> str:
        return f"csrftoken={CSRF_TOKEN}" + (f"; sessionid={self.session}" if self.session else "")


def _multipart(fields: dict[str, str], file: bytes) -> bytes:
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="package.zip"\r\n'
    return f"{head}Content-Type: application/zip\r\n\r\n".encode() + file + f"\r\n--{BOUNDARY}--\r\n".encode()


def package(mark: str) -> bytes:
    """A small package that no other has the bytes of."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.json", json.dumps({"pages": ["pages/index/index"]}))
        archive.writestr("app.js", f"App({{ mark: '{mark}' }})\n")
        archive.writestr("pages/index/index.js", "Page({})\n")
        archive.writestr("pages/index/index.wxml", "<view>Hello</view>\n")
    return out.getvalue()


class Team:
    """The people of one program, who make one move after the other, as far as its rows allow."""

    def __init__(self, one: Installation, ledger: Ledger, facts: dict[str, Any], seed: int) -> None:
        self.one, self.ledger, self.facts = one, ledger, facts
        self.developer = Person(one, facts["developer"], facts["password"])
        self.reviewer = Person(one, facts["reviewer"], facts["password"])
        self.dice = random.Random(seed)
        self.path = f"/miniprograms/{facts['app_id']}"
        self.domain_changes = 0
        self.wish = ""  # what a fault wants to meet: "upload"

    def work(self, stop: threading.Event) -> None:
        """Move until `stop`."""
        while not stop.wait(PAUSE_SECONDS):
            try:
                if not (self.developer.session and self.reviewer.session):
                    self.developer.sign_in()
                    self.reviewer.sign_in()
                self.move()
            except (Lost, psycopg.Error):
                stop.wait(0.5)

    def move(self) -> None:
        """Make the move that is next."""
        versions = self.one.rows(STANDING, self.facts["id"])
        states = {state: (pk, number) for pk, number, state, _major in reversed(versions)}
        online = next((major for _pk, _number, state, major in versions if state == "online"), 0)
        newest = versions[0]
        if self.wish == "upload":
            self.upload(newest[3] + 1)
        elif self.domain_changes < MOST_DOMAIN_CHANGES and self.dice.random() < 0.1:
            self.save_domains()
        elif "in_audit" in states:
            for (decision,) in self.one.rows(WAITING, self.facts["id"]):
                self.decide(decision)
        elif newest[2] == "approved" and newest[3] > online:
            self.publish(newest[1])
        elif newest[2] == "development" and newest[3] > online:
            self.submit(*newest[:2])
        elif self.dice.random() < 0.3 and (targets := self.one.rows(TARGETS, self.facts["id"])):
            self.roll_back(targets[0][0])
        else:
            self.upload(newest[3] + 1)

    def upload(self, number: int) -> None:
        """Upload the next version; its notes are the mark."""
        mark = self.ledger.mark("upload")
        fields = {"number": f"{number}.0.0", "notes": mark}
        self.change("upload", mark, self.developer, f"{self.path}/versions/new/", fields, package(mark))

    def submit(self, pk: int, number: str) -> None:
        """Submit; a version can be submitted once."""
        self.change("submit", str(pk), self.developer, f"{self.path}/versions/{number}/submit/", {})

    def decide(self, decision: int) -> None:
        """Approve as the reviewer."""
        mark = self.ledger.mark("approve")
        fields = {"decision": "approve", "note": mark}
        self.change("approve", mark, self.reviewer, f"/reviews/audits/{decision}/", fields)

    def publish(self, number: str) -> None:
        """Publish."""
        mark = self.ledger.mark("publish")
        self.change("publish", mark, self.developer, f"{self.path}/versions/{number}/publish/", {"note": mark})

    def roll_back(self, target: int) -> None:
        """Roll back."""
        mark = self.ledger.mark("roll-back")
        fields = {"version": str(target), "note": mark}
        self.change("roll_back", mark, self.developer, f"{self.path}/versions/roll-back/", fields)

    def save_domains(self) -> None:
        """Save the domains: one host, whose name is the mark."""
        path = f"{self.path}/development/domains/edit/"
        seen = re.search(rb'name="seen" value="([^"]*)"', self.developer.get(path).body)
        if seen is None:
            return
        self.domain_changes += 1
        mark = self.ledger.mark("host")
        fields = {"seen": seen[1].decode(), "request": f"{mark}.example.com"}
        self.change("domains", mark, self.developer, path, fields)

    def change(
        self, kind: str, mark: str, by: Person, path: str, fields: dict[str, str], file: bytes | None = None
    ) -> None:
        """Send a change once and note how it was answered."""
        try:
            reply = by.post(path, fields, file)
            status, outcome = reply.status, outcome_of(reply)
            if outcome == REFUSED and status == 302:
                by.session = ""
        except Lost as lost:
            status, outcome = 0, UNKNOWN if lost.sent else UNSENT
        self.ledger.count(kind, status)
        self.ledger.changes.append(Change(kind, mark, outcome, status))


def outcome_of(reply: Reply) -> str:
    """What an answer promises: only "try again" and a reason say that nothing was done, an error says nothing."""
    if reply.status == 302:
        return REFUSED if "/account/" in reply.headers.get("Location", "") else DONE
    if reply.status == 503:
        return UNKNOWN if NOT_CONFIRMED in reply.body.decode(errors="replace") else BUSY
    return REFUSED if reply.status in (403, 404, 422) else UNKNOWN
