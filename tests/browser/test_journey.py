"""The main job, whole, in a real browser: a package goes from upload, through audit, to a device."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from miniprograms.models import MiniProgram
from releases.models import Package
from tests import factories
from tests.browser import reference
from tests.browser.person import Person

pytestmark = pytest.mark.django_db(transaction=True)


class Device:
    """The reference client, and what it has."""

    def __init__(self, folder: Path, configuration: Path, app_id: str) -> None:
        self.folder, self.configuration, self.app_id = folder, configuration, app_id
        self.local_version = ""

    def asks(self, *, apart: bool = False) -> dict[str, object]:
        """Ask for an update, download what is offered, and return the answer."""
        options = ["--json", "--configuration", str(self.configuration), "--app-id", self.app_id]
        options += ["--download", str(self.folder)]
        options += ["--local-version", self.local_version] if self.local_version else []
        answer: dict[str, object] = json.loads(reference.run("update", *options, apart=apart).output)
        if answer["status"] == "update":
            self.local_version = str(answer["version"])
        return answer

    def gets(self, status: str, version: str | None, *, apart: bool = False) -> dict[str, object]:
        """Ask, and insist on the answer."""
        answer = self.asks(apart=apart)
        assert (answer["status"], answer["version"]) == (status, version)
        return answer


def upload(person: Person, app_id: str, number: str, folder: Path) -> None:
    """Upload a package whose content names its number."""
    file = folder / f"{number}.zip"
    file.write_bytes(factories.make_zip({"version.js": f"module.exports = '{number}'"}).read())
    person.page.goto(reverse("releases:upload", args=[app_id]))
    person.page.locator("input[type=file]").set_input_files(file)
    person.page.get_by_label("Version number").fill(number)
    person.page.get_by_label("Change notes").fill(f"What is new in {number}")
    person.click("Upload")
    person.sees(f"{number} uploaded and checked.")


def audit_and_publish(holder: Person, reviewer: Person, app_id: str, number: str) -> None:
    """Submit, let the second person approve, publish."""
    holder.page.goto(reverse("releases:versions", args=[app_id]))
    holder.click("Submit for audit…")
    holder.confirm(f"Submit {number}")
    holder.sees(f"{number} is in audit.")
    reviewer.page.goto(reverse("reviews:list"))
    reviewer.page.locator("#main").get_by_role("link", name=f"Ferry Times {number}").first.click()
    reviewer.page.get_by_role("button", name="Approve").click()
    reviewer.sees("approved")
    holder.page.goto(reverse("releases:versions", args=[app_id]))
    holder.click(f"Publish {number}…")
    holder.confirm(f"Publish {number}")
    holder.sees(f"{number} is online.")


def shelve(person: Person, program: MiniProgram, label: str, button: str) -> None:
    """Take off or put on the shelf."""
    person.page.goto(program.get_absolute_url())
    person.click(label)
    reason = person.page.locator("#dialog textarea")
    expect(person.page.locator("#dialog")).to_be_visible()
    if reason.count():
        reason.first.fill("The timetable is being checked")
    person.confirm(button)
    expect(person.page.locator("#dialog")).to_be_hidden()


def test_from_upload_to_the_device_and_back(live_server, browser, tmp_path, settings):
    settings.BASE_URL = live_server.url
    team = factories.make_team("Harbour Mobility")
    application = factories.make_application(factories.make_team("Metro"), "Metro Wallet")
    factories.make_category("Transport")
    holder = Person(browser, live_server.url, factories.make_member(team, "license_holder"))
    reviewer = Person(browser, live_server.url, factories.make_reviewer(application))

    # create
    holder.page.goto(reverse("miniprograms:list"))
    holder.click("Create mini program")
    icon = tmp_path / "icon.png"
    icon.write_bytes(factories.make_icon().read())
    form = holder.page.locator("#main form")
    form.get_by_label("Team").select_option(label="Harbour Mobility")
    form.get_by_label("Name").fill("Ferry Times")
    form.locator("input[type=file]").set_input_files(icon)
    form.get_by_label("Category").select_option(label="Transport")
    form.get_by_label("Introduction").fill("When the next ferry leaves.")
    form.get_by_role("button", name="Create").click()
    holder.sees("Ferry Times")
    program = MiniProgram.objects.get()

    # bind, since only bound applications audit and serve
    holder.page.goto(program.get_absolute_url())
    holder.click("Request binding")
    form = holder.page.locator("#dialog form, #main form").first
    form.get_by_label("Host app").select_option(label="Metro Wallet")
    form.get_by_label("Reason").fill("Our passengers pay with it")
    form.get_by_role("button", name="Request binding").click()
    holder.sees("Metro Wallet")
    reviewer.page.goto(reverse("reviews:list"))
    reviewer.page.locator("#main").get_by_role("link", name="Ferry Times").first.click()
    reviewer.page.get_by_role("button", name="Approve").click()
    reviewer.sees("approved")

    # upload, audit, publish: the device gets exactly those bytes
    upload(holder, program.app_id, "1.0.0", tmp_path)
    audit_and_publish(holder, reviewer, program.app_id, "1.0.0")
    administrator = Person(browser, live_server.url, factories.make_reviewer(application, "app_admin"))
    administrator.page.goto(reverse("hosts:configuration", args=[application.application_id]))
    with administrator.page.expect_download() as download:
        administrator.click("Download")
    configuration = tmp_path / "configuration.json"
    download.value.save_as(configuration)
    device = Device(tmp_path, configuration, program.app_id)
    first = device.gets("update", "1.0.0", apart=True)
    package = Package.objects.get(versions__mini_program=program)
    received = Path(str(first["file"])).read_bytes()
    assert hashlib.sha256(received).hexdigest() == package.sha256
    with package.file.open("rb") as stored:
        assert received == stored.read()
    device.gets("current", "1.0.0")

    # off the shelf and back
    shelve(holder, program, "Take off the shelf…", "Take off the shelf")
    assert device.asks()["status"] == "removed"
    shelve(holder, program, "Put on the shelf…", "Put on the shelf")
    device.gets("current", "1.0.0")

    # 1.1.0, roll back, and no second roll back
    upload(holder, program.app_id, "1.1.0", tmp_path)
    audit_and_publish(holder, reviewer, program.app_id, "1.1.0")
    device.gets("update", "1.1.0")
    holder.page.goto(reverse("releases:versions", args=[program.app_id]))
    holder.click("Roll back…")
    holder.confirm("Roll back")
    holder.sees("Rolled back: 1.0.0 is online.")
    device.gets("update", "1.0.0")
    button = holder.page.locator("#main").get_by_role("button", name="Roll back…")
    expect(button).to_have_attribute("aria-disabled", "true")
    holder.sees("1.0.0 is online after a rollback. Publish a version before you roll back again.")
