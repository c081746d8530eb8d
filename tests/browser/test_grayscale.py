"""Grayscale release, whole, in a real browser: ten devices, three places, and everybody at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from console.api.device.client import Client
from console.base.hosts.models import HostApplication
from grayscale.models import GrayscaleTask
from miniprograms.models import MiniProgram
from tests import factories
from tests.browser.test_journey import Person

pytestmark = pytest.mark.django_db(transaction=True)
ONLINE, CANDIDATE = "1.0.0", "1.1.0"
MATCHING = [f"0303{n:028d}" for n in range(5)]
OTHERS = {  # each fails by one thing alone
    "android": {"guid": f"0302{7:028d}", "platform": "android"},
    "too old": {"guid": MATCHING[0][:-1] + "9", "os_version": "16.7.2"},
    "mobile": {"guid": MATCHING[0][:-2] + "19", "network": "5g"},
    "not listed": {"guid": f"0303{42:028d}"},
    "unknown network": {"guid": MATCHING[0][:-2] + "29", "network": "unknown"},
}
LISTED = [*MATCHING, *(other["guid"] for name, other in OTHERS.items() if name != "not listed")]


class Devices:
    """The ten devices of one host application, and what each runs."""

    def __init__(self, url: str, application: HostApplication, program: MiniProgram) -> None:
        self.client = Client(url, application.application_id, application.keys.get().key)
        self.program = program
        self.local: dict[str, str] = {}

    def ask(self, guid: str, **facts: str) -> str:
        """Ask for an update and return the version that the device runs then."""
        question = {
            "app_id": self.program.app_id,
            "guid": guid,
            "platform": "ios",
            "os_version": "17.0",
            "app_version": "8.2.0",
            "network": "wifi",
            **facts,
        }
        if guid in self.local:
            question["local_version"] = self.local[guid]
        answer = self.client.update(question)
        assert answer["status"] == ("current" if self.local.get(guid) == answer["version"] else "update")
        self.local[guid] = answer["version"]
        return str(answer["version"])

    def matching(self) -> list[str]:
        """Let the five that fit ask, one after the other."""
        return [self.ask(guid) for guid in MATCHING]

    def others(self) -> set[str]:
        """Let the five that do not fit ask."""
        return {self.ask(**facts) for facts in OTHERS.values()}


def fill_in(holder: Person, program: MiniProgram, folder: Path) -> None:
    """Make the task by its form: iOS from 17 on, on Wi-Fi, with a txt of GUIDs and a limit of three."""
    txt = folder / "pilot.txt"
    txt.write_text("\n".join([*LISTED, "", LISTED[0]]), encoding="utf-8")
    page = holder.page
    page.goto(reverse("grayscale:tasks", args=[program.app_id]))
    holder.click("New grayscale task")
    page.get_by_label("Task name").fill("Pilot group")
    page.get_by_label("Number of users").fill("3")
    page.get_by_role("checkbox", name="Metro Wallet").check()
    page.get_by_role("checkbox", name="Android").uncheck()
    page.get_by_label("iOS, lowest version").fill("17")
    page.locator("label").filter(has_text="GUID").first.click()
    page.get_by_text("Upload txt").first.click()
    page.locator("input[type=file]").first.set_input_files(txt)
    expect(page.locator("[data-objects-report]")).to_contain_text("pilot.txt")
    expect(page.locator("[data-objects-report]")).to_contain_text("2 duplicate or blank skipped")
    page.get_by_role("checkbox", name="Wi-Fi").check()
    expect(page.get_by_role("complementary", name="Audience")).to_contain_text("iOS 17 or higher")
    holder.click("Create task")
    holder.sees("Pilot group")


def explained(holder: Person, program: MiniProgram, guid: str) -> None:
    """Ask why a device that fits has no place."""
    holder.page.goto(reverse("grayscale:explain", args=[program.app_id]))
    holder.page.get_by_label("GUID, account or device ID").fill(guid)
    holder.page.keyboard.press("Enter")
    holder.sees(f"This device runs {ONLINE}, the online version.")
    holder.sees("3 of 3")


def progress(holder: Person, task: GrayscaleTask, words: str) -> None:
    """See what the progress page says of the places."""
    holder.page.goto(task.get_absolute_url())
    expect(holder.page.locator("#main")).to_contain_text(words)


def move(holder: Person, task: GrayscaleTask, label: str, button: str, words: str) -> None:
    """Press a button of the progress page and confirm it."""
    holder.page.goto(task.get_absolute_url())
    holder.click(label)
    holder.confirm(button)
    holder.sees(words)


def raise_limit(holder: Person, task: GrayscaleTask, limit: int) -> None:
    """Raise the limit by the form."""
    holder.page.goto(reverse("grayscale:edit", args=[task.mini_program.app_id, task.pk]))
    holder.page.get_by_label("Number of users").fill(str(limit))
    holder.click("Save")
    holder.page.wait_for_url(f"**{task.get_absolute_url()}")


def test_three_of_ten_and_everybody_at_the_end(live_server, browser: Browser, tmp_path, settings):
    settings.BASE_URL = live_server.url
    program = factories.make_program(name="Ferry Times")
    application = factories.make_application(name="Metro Wallet")
    factories.make_binding(program, application)
    factories.make_online(program, ONLINE)
    factories.make_approved(program, CANDIDATE)
    holder = Person(browser, live_server.url, program.created_by)
    devices = Devices(live_server.url, application, program)
    assert devices.others() == {ONLINE}

    fill_in(holder, program, tmp_path)
    task = GrayscaleTask.objects.select_related("mini_program").get()
    assert devices.matching() == [CANDIDATE] * 3 + [ONLINE] * 2
    assert devices.others() == {ONLINE}
    progress(holder, task, "3 / 3")
    explained(holder, program, MATCHING[3])

    raise_limit(holder, task, 4)
    assert devices.matching() == [CANDIDATE] * 4 + [ONLINE]
    move(holder, task, "Suspend…", "Suspend", "suspended")
    raise_limit(holder, task, 5)
    assert devices.matching() == [CANDIDATE] * 4 + [ONLINE]
    move(holder, task, "Resume…", "Resume", "again")
    assert devices.matching() == [CANDIDATE] * 5
    assert devices.others() == {ONLINE}
    progress(holder, task, "5 / 5")

    holder.page.goto(reverse("releases:versions", args=[program.app_id]))
    holder.click(f"Publish {CANDIDATE}…")
    holder.confirm(f"Publish {CANDIDATE}")
    holder.sees(f"{CANDIDATE} is online.")
    progress(holder, task, "Ended")
    assert devices.others() == {CANDIDATE}
    assert devices.matching() == [CANDIDATE] * 5
