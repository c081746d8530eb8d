import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer


@pytest.mark.django_db(transaction=True)
def test_asks_for_the_e_mail_address(live_server: LiveServer, page: Page) -> None:
    page.goto(live_server.url + reverse("account_login"))
    expect(page.locator("input[name=login]")).to_be_visible()
