"""Devices and the servers of mini programs: they repeat only what may be repeated."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

from tests.chaos.installation import Installation
from tests.chaos.ledger import DONE, UNKNOWN, Ledger, Lost, Reply, ask

UPDATE, REPORTS, LOGS, CONSENTS = (f"/runtime/v1/{name}" for name in ("update", "reports", "logs", "consents"))
SEND, TOKEN = "/cgi-bin/message/subscribe/send", "/cgi-bin/stable_token"
EXPIRED = (40001, 40014, 42001)
PAUSE_SECONDS = 0.15
ASK_AGAIN = 0.3  # how often a device that has a place asks once more


def update_of(app_id: str, guid: str) -> dict[str, Any]:
    """The body of an update check."""
    device = {"platform": "android", "os_version": "14", "app_version": "8.0.50", "network": "wifi"}
    return {"app_id": app_id, "guid": guid, **device}


class Clients:
    """All of them, as host application `good` unless said otherwise."""

    def __init__(self, one: Installation, ledger: Ledger, facts: dict[str, Any], seed: int) -> None:
        self.one, self.ledger, self.facts = one, ledger, facts
        self.steady = facts["steady"]
        self.dice = random.Random(seed)
        self.token = ""
        self.accepted: list[tuple[str, float]] = []  # message ids, and when their server was answered
        self.stop = threading.Event()

    def post(self, path: str, content: Any, *, timeout: float = 5.0, **headers: str) -> Reply:
        """Send JSON; raises Lost."""
        given = {"Authorization": self.facts["authorization"], "Content_Type": "application/json", **headers}
        return ask(self.one.runtime, "POST", path, json.dumps(content).encode(), timeout=timeout, **given)

    def insist(self, client: str, path: str, content: Any, *, good: Any, **headers: str) -> Reply | None:
        """Repeat a request until it has a good answer; None when the load ends before."""
        while not self.stop.is_set():
            try:
                reply = self.post(path, content, **headers)
                self.ledger.count(client, reply.status)
                if good(reply):
                    return reply
            except Lost:
                self.ledger.count(client, 0)
            self.stop.wait(0.3)
        return None

    def claim(self) -> None:
        """New devices ask for what is in grayscale, and sometimes those that have it ask again."""
        guids, number = {task["id"]: list[str]() for task in self.facts["tasks"]}, 0
        while not self.stop.wait(PAUSE_SECONDS):
            task = self.facts["tasks"][number % len(self.facts["tasks"])]
            known, number = guids[task["id"]], number + 1
            guid = self.dice.choice(known) if known and self.dice.random() < ASK_AGAIN else f"0302{number:028}"
            content = update_of(task["app_id"], guid)
            reply = self.insist("claim", UPDATE, content, good=lambda reply: reply.status == 200)
            if reply is None:
                return
            if reply.json["channel"] == "grayscale":
                known.append(guid)
                self.ledger.placed.setdefault(task["id"], set()).add(guid)
            elif guid in self.ledger.placed.get(task["id"], ()):
                self.ledger.relapsed.add(guid)

    def log(self) -> None:
        """Send log entries; one that was not acknowledged is sent once, so that the rows show its fate."""
        while not self.stop.wait(PAUSE_SECONDS):
            mark, now = self.ledger.mark("log"), time.time_ns() // 1_000_000
            line = {"time": now, "level": "info", "text": mark}
            entry = {"time": now, "page": "pages/index/index", "filter_msg": mark, "lines": [line]}
            origin = {"platform": "android", "os_version": "14", "client_version": "8.0.50", "library_version": "3.5.1"}
            content = {"app_id": self.steady["app_id"], "guid": f"0302{1:028}", "version": "1.0.0", **origin}
            try:
                status = self.post(LOGS, {**content, "entries": [entry]}).status
            except Lost:
                status = 0
            self.ledger.count("log", status)
            self.ledger.logs[mark] = DONE if status == 200 else UNKNOWN

    def report(self) -> None:
        """Report installations."""
        number = 0
        while not self.stop.wait(4 * PAUSE_SECONDS):
            number += 1
            device = {"app_id": self.steady["app_id"], "guid": f"0302{number % 50:028}"}
            content = {**device, "version": self.steady["version"], "result": "installed"}
            self.insist("report", REPORTS, content, good=lambda reply: reply.status == 204)

    def subscribe_and_send(self, kind: str) -> None:
        """A user agrees, once for each message; then the program's server sends it, with a key, until it is taken."""
        key = "authorization" if kind == "good" else "slow_authorization"
        while not self.stop.wait(PAUSE_SECONDS if kind == "good" else 4 * PAUSE_SECONDS):
            number = self.dice.randrange(len(self.steady["users"][kind]))
            if not self._agree(f"{kind}-{number}", self.facts[key]):
                return
            if not self._send(self.steady["users"][kind][number]):
                return

    def _agree(self, account: str, authorization: str) -> bool:
        request_id = self.ledger.mark("consent")
        self.ledger.consents[request_id] = UNKNOWN
        answer = {"template_id": self.steady["template_id"], "answer": "accept"}
        content = {"app_id": self.steady["app_id"], "account": account, "request_id": request_id, "tapped": True}
        good = lambda reply: reply.status == 200  # noqa: E731
        content["answers"] = [answer]
        if self.insist("consent", CONSENTS, content, good=good, Authorization=authorization) is None:
            return False
        self.ledger.consents[request_id] = DONE
        return True

    def _send(self, openid: str) -> bool:
        key = self.ledger.mark("message")
        self.ledger.messages[key] = (UNKNOWN, 0)
        data = {"thing1": {"value": key}, "time2": {"value": "2026-11-27 14:30"}}
        content = {"touser": openid, "template_id": self.steady["template_id"], "data": data}
        while not self.stop.is_set():
            if not self.token and not self._ask_for_token():
                return False
            path = f"{SEND}?access_token={self.token}"
            good = lambda reply: reply.json.get("errcode") in (0, *EXPIRED, 43101)  # noqa: E731
            reply = self.insist("send", path, content, good=good, Idempotency_Key=key)
            if reply is None:
                return False
            if reply.json["errcode"] == 0:
                self.ledger.messages[key] = (DONE, reply.json["msgid"])
                self.accepted.append((f"msg_{reply.json['msgid']}", time.monotonic()))
                return True
            if reply.json["errcode"] == 43101:
                self.ledger.messages[key] = ("no consent", 0)
                return True
            self.token = ""
        return False

    def _ask_for_token(self) -> bool:
        content = {"grant_type": "client_credential", "appid": self.steady["app_id"], "secret": self.steady["secret"]}
        reply = self.insist("token", TOKEN, content, good=lambda reply: "access_token" in reply.json)
        if reply is None:
            return False
        self.token = reply.json["access_token"]
        return True
