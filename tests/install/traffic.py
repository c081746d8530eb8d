"""Devices and people who go on while an installation is upgraded; each answer is kept on record."""

from __future__ import annotations

import base64
import http.client
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.install.visiting import Answer, Door, Person, send_json

PAUSE_SECONDS = 0.1
GUIDS = 300
PROFILE, SIGN_IN = "/teams/profile/", "/account/sign-in/"
JOIN_SECONDS = 120.0


class Traffic:
    """What happened so far. `failed` has every request without its good answer."""

    def __init__(self, door: Door, made: dict[str, Any]) -> None:
        self.door, self.made = door, made
        self.counts: Counter[str] = Counter()
        self.failed: list[str] = []
        self.asked: Counter[str] = Counter()  # how often people had to sign in once more
        self.stop = threading.Event()
        application = next(each for each in made["applications"] if each["name"] == "Harbour Super App")
        credentials = f"{application['application_id']}:{application['key']}"
        self.authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        served = [each for each in made["mini_programs"] if self._is_served(each, application["name"])]
        rolling = [each for each in served if any(task["state"] == "delivering" for task in each["grayscale_tasks"])]
        self.program = (rolling or served)[0]

    @staticmethod
    def _is_served(program: dict[str, Any], application: str) -> bool:
        """Whether devices of the application get it."""
        bound = {binding["application"] for binding in program["bindings"] if binding["state"] == "approved"}
        return bool(program["online"]) and program["shelf"] == "on" and application in bound

    def check(self) -> None:
        """A device after the other asks for updates, some of them for a place in a grayscale task."""
        number = 0
        while not self.stop.wait(PAUSE_SECONDS):
            number += 1
            device = {"platform": "android", "os_version": "14", "app_version": "8.0.50", "network": "wifi"}
            guid = f"0302{number % GUIDS:028}"  # Who invents GUIDs without end is slowed down.
            content = {"app_id": self.program["app_id"], "guid": guid, **device}
            self._device("update checks", "/runtime/v1/update", content)

    def report(self) -> None:
        """Devices say what they have installed."""
        while not self.stop.wait(PAUSE_SECONDS):
            content = {"app_id": self.program["app_id"], "guid": f"0302{7:028}", "version": self.program["online"]}
            self._device("reports", "/runtime/v1/reports", {**content, "result": "installed"})

    def _device(self, kind: str, path: str, content: dict[str, Any]) -> None:
        try:
            answer = send_json(self.door, path, content, self.authorization)
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{kind}: {error!r}")
            return
        self.counts[kind] += 1
        if answer.status not in (200, 202, 204):
            self.failed.append(f"{kind}: {answer.status} {answer.text[:200]}")

    def edit(self, email: str) -> None:
        """A person saves their profile again and again, and looks whether it was saved."""
        person = Person(self.door)
        number = 0
        try:
            self._sign_in(person, email)
            while not self.stop.wait(PAUSE_SECONDS):
                number += 1
                self._save(person, email, f"{email.partition('@')[0]} {number}")
        except (AssertionError, OSError, http.client.HTTPException) as error:
            self.failed.append(f"{email}: {error!r}"[:500])

    def _save(self, person: Person, email: str, name: str) -> None:
        """Save this name. Who is asked to sign in does, and saves again: nothing else may come in between."""
        for _turn in range(3):
            page = person.get(PROFILE)
            answer = person.post(PROFILE, page, name=name, language="en", time_zone="") if page.status == 200 else page
            if not self._wants_sign_in(answer):
                break
            self.asked[email] += 1
            self._sign_in(person, email)
        assert answer.status == 302, (answer.status, answer.text[:300])
        shown = person.get(answer.place)
        if self._wants_sign_in(shown):  # The release changed just after it was saved.
            self.asked[email] += 1
            self._sign_in(person, email)
            shown = person.get(PROFILE)
        shown = person.follow(shown)
        self.counts["forms"] += 1
        assert shown.status == 200 and name in shown.text, (shown.status, f"{name} was not saved")

    def _sign_in(self, person: Person, email: str) -> None:
        """Sign in; once more where the form was of a release that has other cookies."""
        answer = person.sign_in(email, self.made["password"])
        if answer.status == 403:
            answer = person.sign_in(email, self.made["password"])
        assert answer.status == 200, (answer.status, answer.text[:300])

    @staticmethod
    def _wants_sign_in(answer: Answer) -> bool:
        """Whether the session is none any more: it leads to the sign-in, or says that the form has expired."""
        return answer.place == SIGN_IN or answer.status == 403


@contextmanager
def traffic(door: Door, made: dict[str, Any]) -> Iterator[Traffic]:
    """Keep devices and people going while the block lasts."""
    here = Traffic(door, made)
    work: list[Callable[[], None]] = [here.check, here.check, here.report]
    work += [lambda email=email: here.edit(email) for email in ("mira@example.com", "tomas@example.com")]  # type: ignore[misc]
    threads = [threading.Thread(target=each, daemon=True) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield here
    finally:
        here.stop.set()
        for thread in threads:
            thread.join(JOIN_SECONDS)
