"""From a report that finds something to offline package, trial version and privacy agreement, as far as the device.

People use a browser; the device is the reference client.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram
from releases.report import writing
from tests import factories
from tests.browser import reference
from tests.browser.person import Person

pytestmark = pytest.mark.django_db(transaction=True)
UNDECLARED = "wx.request({ url: 'https://collect.fastmetrics.example/v2/events' })\n"
UNGRANTED = "wx.getLocation({ success: console.log })\n"


class Asked(TypedDict):
    """As which application's device, and for which program."""

    configuration: Path
    app_id: str


def device(*arguments: str, configuration: Path, app_id: str, code: int = 0) -> dict[str, object]:
    """Run the reference client and return its answer."""
    run = reference.run(*arguments, "--configuration", str(configuration), "--app-id", app_id)
    assert run.code == code, run.error
    answer: dict[str, object] = json.loads(run.output) if "--json" in arguments and not code else {}
    return answer


def upload(holder: Person, program: MiniProgram, number: str, code: str, folder: Path) -> None:
    """Upload a package with this code on its first page."""
    file = folder / f"{number}.zip"
    file.write_bytes(factories.make_zip({"services/start.js": code}).read())
    holder.page.goto(reverse("releases:upload", args=[program.app_id]))
    holder.page.locator("input[type=file]").set_input_files(file)
    holder.page.get_by_label("Version number").fill(number)
    holder.click("Upload")
    holder.sees(f"{number} uploaded and checked.")


def write_reports() -> None:
    """What a worker does when it is woken."""
    assert writing.write_waiting(at=timezone.now()) == 1


def configuration_of(administrator: Person, application: HostApplication, folder: Path) -> Path:
    """Download the configuration file."""
    administrator.page.goto(reverse("hosts:configuration", args=[application.application_id]))
    with administrator.page.expect_download() as download:
        administrator.click("Download")
    file = folder / "configuration.json"
    download.value.save_as(file)
    return file


def submit(holder: Person, program: MiniProgram, number: str) -> None:
    """Submit for audit."""
    holder.page.goto(reverse("releases:versions", args=[program.app_id]))
    holder.click("Submit for audit…")
    holder.confirm(f"Submit {number}")
    holder.sees(f"{number} is in audit.")


def decide(reviewer: Person, number: str, button: str, note: str = "") -> None:
    """Decide in the inbox."""
    reviewer.page.goto(reverse("reviews:list"))
    reviewer.page.locator("#main").get_by_role("link", name=f"Ferry Times {number}").first.click()
    if note:
        reviewer.page.get_by_label("Note").fill(note)
    reviewer.page.get_by_role("button", name=button).click()
    reviewer.page.wait_for_url("**/reviews/")


def reject_by_report(holder: Person, reviewer: Person, program: MiniProgram, folder: Path) -> None:
    """The report shows an undeclared domain and an API that was not granted; the reviewer rejects with it."""
    upload(holder, program, "1.0.0", UNDECLARED + UNGRANTED, folder)
    submit(holder, program, "1.0.0")
    write_reports()
    holder.page.goto(reverse("releases:report", args=[program.app_id, "1.0.0"]))
    expect(holder.page.locator("#domains tr", has_text="https://collect.fastmetrics.example")).to_contain_text(
        "Not configured"
    )
    expect(holder.page.locator("#apis tr", has_text="wx.getLocation")).to_contain_text("Not granted")
    decide(reviewer, "1.0.0", "Reject", "collect.fastmetrics.example is not configured, wx.getLocation not granted.")


def correct_and_publish(holder: Person, reviewer: Person, program: MiniProgram, folder: Path) -> None:
    """The developer fixes it, checks the package beforehand, and it passes."""
    upload(holder, program, "1.0.1", "module.exports = {}\n", folder)
    holder.page.goto(reverse("releases:report", args=[program.app_id, "1.0.1"]))
    holder.click("Check package")
    write_reports()
    holder.page.reload()
    holder.sees("the code calls no address")
    submit(holder, program, "1.0.1")
    write_reports()
    decide(reviewer, "1.0.1", "Approve")
    holder.page.goto(reverse("releases:versions", args=[program.app_id]))
    holder.click("Publish 1.0.1…")
    holder.confirm("Publish 1.0.1")
    holder.sees("1.0.1 is online.")


def take_offline_package(holder: Person, program: MiniProgram, folder: Path, asked: Asked) -> None:
    """The offline package has the device's bytes, and its signature is right."""
    answer = device("update", "--download", str(folder / "device"), "--json", **asked)
    assert (answer["status"], answer["version"], answer["channel"]) == ("update", "1.0.1", "online")
    holder.page.goto(reverse("offline:package", args=[program.app_id]))
    signature = holder.page.locator(".offline-signature [data-copy]").get_attribute("data-copy")
    holder.click("Download…")
    with holder.page.expect_download() as download:
        holder.page.locator("#dialog").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == f"{program.app_id}_1.0.1.apkg"
    preset = folder / download.value.suggested_filename
    download.value.save_as(preset)
    assert preset.read_bytes() == Path(str(answer["file"])).read_bytes()
    device("verify", "--version-number", "1.0.1", "--signature", str(signature), str(preset), **asked)
    tampered = folder / "tampered.apkg"
    tampered.write_bytes(preset.read_bytes() + b"!")
    device("verify", "--version-number", "1.0.1", "--signature", str(signature), str(tampered), code=1, **asked)


def try_out(holder: Person, program: MiniProgram, folder: Path, asked: Asked) -> None:
    """A trial version reaches the device with the token, and no other."""
    upload(holder, program, "1.1.0", "module.exports = { trial: true }\n", folder)
    holder.page.goto(reverse("releases:set_trial", args=[program.app_id]) + "?version=1.1.0")
    holder.page.get_by_label("Query").fill("from=desk")
    holder.page.locator("#main form").get_by_role("button", name="Set trial version").click()
    holder.sees("1.1.0 is now the trial version.")
    link = program.trial.link
    token = link.rstrip("/").rpartition("/")[2]
    assert link == f"{holder.base}/trial/{token}/"
    trial = device("update", "--trial-token", token, "--download", str(folder / "tester"), "--json", **asked)
    assert (trial["version"], trial["channel"], trial["query"]) == ("1.1.0", "trial", "from=desk")
    assert Path(str(trial["file"])).read_bytes() == program.trial.version.package.file.read()
    answer = device("update", "--local-version", "1.0.1", "--json", **asked)
    assert (answer["status"], answer["version"]) == ("current", "1.0.1")


def publish_agreement(holder: Person, program: MiniProgram, asked: Asked) -> None:
    """The privacy agreement: written from the template, published, sent to the device."""
    device("privacy", "--json", code=1, **asked)
    holder.page.goto(reverse("privacy:edit", args=[program.app_id]))
    holder.page.get_by_label("E-mail", exact=True).fill("privacy@ferry.example")
    holder.page.locator("[name=retention]").fill("30 days after the last trip")
    holder.page.locator("[name=effective_on]").fill(timezone.localdate().isoformat())
    holder.click("Save draft")
    holder.page.goto(reverse("privacy:agreement", args=[program.app_id]))
    holder.click("Publish…")
    holder.page.locator("#dialog").get_by_role("button", name="Publish").click()
    expect(holder.page.locator("#dialog")).to_be_hidden()
    agreement = device("privacy", "--json", **asked)
    assert (agreement["version"], agreement["needs_new_consent"]) == (1, True)


def test_from_the_report_to_the_device(live_server, browser, tmp_path, settings):
    settings.BASE_URL = live_server.url
    team = factories.make_team("Harbour Mobility")
    application = factories.make_application(factories.make_team("Metro"), "Metro Wallet")
    factories.make_api(application, "wx.getLocation")
    program = factories.make_program(team, "Ferry Times")
    factories.make_binding(program, application)
    holder = Person(browser, live_server.url, factories.make_member(team, "license_holder"))
    reviewer = Person(browser, live_server.url, factories.make_reviewer(application))
    administrator = Person(browser, live_server.url, factories.make_reviewer(application, "app_admin"))
    configuration = configuration_of(administrator, application, tmp_path)
    asked: Asked = {"configuration": configuration, "app_id": program.app_id}

    reject_by_report(holder, reviewer, program, tmp_path)
    correct_and_publish(holder, reviewer, program, tmp_path)
    take_offline_package(holder, program, tmp_path, asked)
    try_out(holder, program, tmp_path, asked)
    publish_agreement(holder, program, asked)
    anybody = browser.new_context(base_url=live_server.url).new_page()
    anybody.goto(reverse("privacy:public", args=[program.app_id]))
    expect(anybody.locator("body")).to_contain_text("privacy@ferry.example")
