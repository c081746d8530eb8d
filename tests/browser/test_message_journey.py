"""From the AppSecret to a message on the phone, and the end of it: people in a browser, the rest as servers do it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from django.urls import reverse
from playwright.sync_api import Browser, Locator, expect
from pytest_django.live_server_helper import LiveServer
from standardwebhooks import Webhook
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from console.base.hosts.models import HostApplication
from messaging.stub import serving
from miniprograms.models import MiniProgram
from tests import factories
from tests.browser import reference
from tests.browser.person import Person
from tests.messaging.delivering import run

pytestmark = pytest.mark.django_db(transaction=True)


class Server(WeChatClient):
    """The mini program's own server: wechatpy with the console's address."""

    def __init__(self, console: str, program: MiniProgram, secret: str) -> None:
        self.API_BASE_URL, self.console = f"{console}/openserver/cgi-bin/", f"{console}/openserver/"
        super().__init__(program.app_id, secret)
        self.wxa.API_BASE_URL = self.console

    def fetch_access_token(self) -> Any:
        """Ask the console instead of WeChat."""
        params = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self._fetch_access_token(url=f"{self.API_BASE_URL}token", params=params)

    def is_refused(self, call: str, *arguments: Any) -> int:
        """Return the errcode of a call that must fail."""
        with pytest.raises(WeChatClientException) as refused:
            getattr(self.wxa, call)(*arguments)
        errcode: int = refused.value.errcode
        return errcode


def login_code(console: str, application: HostApplication, program: MiniProgram, secret: str) -> str:
    """The host application's server asks for a code, signed by its secret."""
    asked = {"application_id": application.application_id, "app_id": program.app_id, "account": "ada"}
    body, now = json.dumps(asked), datetime.now(UTC).replace(microsecond=0)
    headers = {
        "content-type": "application/json",
        "webhook-id": "login-1",
        "webhook-timestamp": f"{now.timestamp():.0f}",
        "webhook-signature": Webhook(secret).sign("login-1", now, body),
    }
    answer = requests.post(f"{console}/runtime/v1/login-codes", data=body, headers=headers, timeout=15)
    assert answer.status_code == 200, answer.text
    code: str = answer.json()["code"]
    return code


def accept(configuration: Path, program: MiniProgram, template_id: str) -> None:
    """The user taps and accepts; the reference client, run as people run it."""
    given = ["--accept", template_id, "--configuration", str(configuration), "--app-id", program.app_id]
    done = reference.run("consent", *given, "--account", "ada", "--", template_id, apart=True)  # It may begin with "-".
    assert done.code == 0, done.error


def drag_first(item: Locator, above: Locator) -> None:
    """Drag a chosen keyword by its handle above another one."""
    grip, first = item.locator("[data-handle]").bounding_box(), above.bounding_box()
    assert grip and first
    mouse = item.page.mouse
    mouse.move(grip["x"] + 10, grip["y"] + 10)
    mouse.down()
    mouse.move(grip["x"] + 10, grip["y"] - 20, steps=5)
    mouse.move(grip["x"] + 10, first["y"] + 2, steps=10)
    mouse.up()


def deliver() -> None:
    """Let a worker's run bring what waits; in a thread, as the browser's own loop runs in this one."""
    with ThreadPoolExecutor(1) as worker:
        worker.submit(run).result()


def generate(admin: Person, program: MiniProgram) -> str:
    """Make the AppSecret; it is shown once."""
    admin.page.goto(reverse("keys:keys", args=[program.app_id]))
    admin.click("Generate…")
    admin.confirm("Generate secret")
    secret: str = admin.page.locator(".secret-box code").inner_text()
    admin.page.get_by_label("I have stored it").check()
    admin.page.get_by_role("button", name="Done").click()
    admin.sees(f"{secret[-4:]}")
    assert secret not in admin.page.content()
    return secret


def select(holder: Person, program: MiniProgram) -> str:
    """Pick a public template, choose three keywords, drag the last one to the top; returns the template's id."""
    holder.page.goto(reverse("messaging:library", args=[program.app_id]))
    holder.page.locator("#main input[type=search]").first.fill("vaccination")
    holder.page.keyboard.press("Enter")
    expect(holder.page.locator("#main")).to_contain_text("Vaccination appointment")
    holder.page.goto(reverse("messaging:select", args=[program.app_id, 1045]))
    names = holder.page.locator(".keywords li")
    for place in range(3):
        names.nth(place).locator("input[type=checkbox]").check()
    chosen = holder.page.locator("#selected-list > li")
    expect(chosen).to_have_count(3)
    drag_first(chosen.nth(2), chosen.nth(0))
    holder.click("Add to My templates")
    holder.sees("added to My templates.")
    template = program.templates.get()
    holder.sees(template.template_id)
    return template.template_id


def test_from_the_secret_to_the_message(live_server: LiveServer, browser: Browser, tmp_path: Path) -> None:
    factories.make_public_templates()
    team = factories.make_team("City Services")
    program = factories.make_program(team, "Clinic Booking")
    application = factories.make_application(factories.make_team("Metro"), "Metro Wallet")
    factories.make_binding(program, application)
    factories.make_online(program)
    server_secret = factories.make_server_secret(application)
    key = {"base_url": live_server.url, "application_id": application.application_id, "key": application.keys.get().key}
    configuration = tmp_path / "configuration.json"
    configuration.write_text(json.dumps(key))
    admin = Person(browser, live_server.url, factories.make_member(team, "admin"))
    holder = Person(browser, live_server.url, factories.make_member(team, "license_holder"))

    # keys are the administrators' alone
    answer = holder.page.goto(reverse("keys:keys", args=[program.app_id]))
    assert answer and answer.status == 403
    secret = generate(admin, program)
    template_id = select(holder, program)
    keywords = program.templates.get().keywords
    data = {keyword["key"]: {"value": keyword["example"]} for keyword in keywords}

    with serving(server_secret) as stub:
        factories.make_gateway(application, f"{stub.url}/good")
        accept(configuration, program, template_id)
        server = Server(live_server.url, program, secret)
        openid = server.wxa.code_to_session(login_code(live_server.url, application, program, server_secret))["openid"]
        sent = server.wxa.send_subscribe_message(openid, template_id, data, page="pages/index/index")
        deliver()
        [received] = stub.report()["newest"]
        assert (stub.refused, received["id"]) == (0, f"msg_{sent['msgid']}")
        got = received["message"]["data"]
        assert [row["key"] for row in got["keywords"]] == [keyword["key"] for keyword in keywords]
        assert (got["account"], got["openid"], got["template_id"]) == ("ada", openid, template_id)
        assert server.is_refused("send_subscribe_message", openid, template_id, data) == 43101

    # the log shows it, without the whole openid
    holder.page.goto(reverse("messaging:log", args=[program.app_id]))
    row = holder.page.locator("#main tbody tr").filter(has_text="Vaccination appointment")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Vaccination appointment")
    expect(row).to_contain_text("Delivered")
    assert openid not in holder.page.content()

    # frozen: the very next call is refused, also with the token that lives
    admin.page.goto(reverse("keys:keys", args=[program.app_id]))
    admin.click("Freeze…")
    admin.page.locator("#dialog textarea").first.fill("Seen in a public log")
    admin.confirm("Freeze secret")
    admin.sees("Secret frozen.")
    assert server.is_refused("send_subscribe_message", openid, template_id, data) == 40243
