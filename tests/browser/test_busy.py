"""A held row in a real browser: the dialog stays with what was typed and the file, and is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from console.base.accounts.models import Team
from tests import factories
from tests.browser.person import Person
from tests.console import holding

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.console.base.core.busy_urls")]
OTHERS = "Someone else is changing this right now. Nothing was saved. Try again."
LINK = "document.querySelector('#main').insertAdjacentHTML('afterbegin', '<a href=/rename/ data-dialog>Rename…</a>')"
FORM = """document.querySelector('#main').insertAdjacentHTML('afterbegin',
  `<form method=post action=/button/><input type=hidden name=csrfmiddlewaretoken
   value=${document.querySelector('[name=csrfmiddlewaretoken]').value}>
   <input name=name><button>Press</button></form>`)"""


@pytest.fixture
def person(live_server: LiveServer, browser: Browser) -> Person:
    return Person(browser, live_server.url, factories.make_member(factories.make_team("Harbour"), "admin"))


@pytest.fixture
def held(person: Person) -> Iterator[psycopg.Connection[Any]]:
    with holding.another() as other:
        other.execute("SELECT FROM accounts_team FOR UPDATE")
        yield other


def test_a_dialog_is_sent_again(person: Person, held: psycopg.Connection[Any]) -> None:
    person.page.evaluate(LINK)
    person.page.get_by_text("Rename…").click()
    dialog = person.page.locator("#dialog")
    dialog.get_by_label("Name").fill("Typed")
    person.confirm("Save")
    expect(dialog.get_by_role("alert")).to_contain_text(OTHERS)
    expect(dialog.get_by_label("Name")).to_have_value("Typed")
    held.rollback()
    person.confirm("Save")
    person.page.wait_for_url("**/teams/")
    person.sees("Renamed.")
    assert Team.objects.get().name == "Typed"


def test_a_chosen_file_stays_chosen(person: Person, held: psycopg.Connection[Any], tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("x")
    person.page.evaluate(LINK)
    person.page.get_by_text("Rename…").click()
    person.page.locator("#dialog").get_by_label("Name").fill("Typed")
    person.page.locator("#dialog [type=file]").set_input_files(tmp_path / "list.txt")
    person.confirm("Save")
    expect(person.page.locator(".toasts")).to_contain_text(OTHERS)
    assert person.page.evaluate("document.querySelector('#dialog [type=file]').files[0].name") == "list.txt"
    held.rollback()
    person.confirm("Save")
    person.page.wait_for_url("**/teams/")


def test_a_page_carries_on_what_was_typed(person: Person, held: psycopg.Connection[Any]) -> None:
    person.page.evaluate(FORM)
    person.page.locator("[name=name]").fill("Typed")
    person.page.get_by_role("button", name="Press").click()
    person.sees(OTHERS)
    held.rollback()
    person.page.get_by_role("button", name="Try again").click()
    person.page.wait_for_url("**/teams/")
    assert Team.objects.get().name == "Typed"
