"""Form and confirm pages: as page and as dialog, kept input, 422, toast."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.console.base.core.urls")]
DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def client(signed_in):
    return signed_in(make_user())


def toasts(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_shows_the_form(client):
    page = client.get("/form/").content.decode()

    assert "<h1>Save this query</h1>" in page
    assert 'enctype="multipart/form-data"' in page
    assert "data-drop" in page
    assert page.count("(optional)") == 2
    assert 'maxlength="20"' in page


def test_runs_the_verb_then_toasts_and_goes_on(client):
    response = client.post("/form/", {"number": 7})

    assert (response.status_code, response.url) == (302, "/")
    assert toasts(response) == ["7 is kept."]


def test_an_error_keeps_the_input(client):
    response = client.post("/form/", {"number": "seven", "notes": "what I typed"})
    page = response.content.decode()

    assert response.status_code == 422
    assert 'value="seven"' in page
    assert "what I typed" in page
    assert "Correct one problem." in page
    assert page.count("Enter a whole number.") == 2


def test_a_refusal_stands_beside_its_field(client):
    response = client.post("/form/", {"number": 13})

    assert response.status_code == 422
    assert response.context["form"].errors == {"number": ["13 is taken."]}
    assert '<a href="#id_number">Number</a>: 13 is taken.' in response.content.decode()


def test_a_refusal_without_a_field_stands_on_top(client):
    response = client.post("/form/", {"number": 14})

    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == ["Somebody was first."]


def test_a_file_has_to_be_chosen_again(client):
    file = SimpleUploadedFile("city-bus.zip", b"bytes")
    page = client.post("/form/", {"number": "x", "file": file}).content.decode()

    assert "city-bus.zip" in page
    assert "The file was not kept." in page


@pytest.mark.parametrize("address", ["/form/", "/confirm/"])
def test_htmx_gets_the_dialog_alone(client, address):
    response = client.get(address, headers=DIALOG)
    part = response.content.decode()

    assert response.status_code == 200
    assert "<html" not in part
    assert f'hx-post="{address}"' in part
    assert 'id="dialog-title"' in part


def test_an_error_in_the_dialog_comes_back_as_the_dialog(client):
    response = client.post("/form/", {"number": 13}, headers=DIALOG)

    assert response.status_code == 422
    assert "<html" not in response.content.decode()
    assert "13 is taken." in response.content.decode()


def test_success_in_the_dialog_moves_the_whole_page(client):
    response = client.post("/confirm/", {"note": "x"}, headers=DIALOG)

    assert response.status_code == 200
    assert response.headers["HX-Redirect"] == "/"


def test_a_confirmation_says_what_will_happen(client):
    page = client.get("/confirm/").content.decode()

    for words in ("You can roll back to 2.4.0", "Devices get 2.5.0 at their next start.", "Publish 2.5.0</button>"):
        assert words in page
    assert "sudo_password" not in page


def test_an_old_sign_in_is_asked_for_the_password(client):
    with time_machine.travel(timezone.now() + timedelta(minutes=20), tick=False):
        page = client.get("/confirm/", headers=DIALOG).content.decode()
        refused = client.post("/confirm/", {"note": "typed", "sudo_password": "wrong"}, headers=DIALOG)
        done = client.post("/confirm/", {"note": "typed", "sudo_password": PASSWORD})

    assert "Confirm again: your last sign-in is older than 15 minutes." in page
    assert refused.status_code == 403
    assert refused.headers["HX-Retarget"] == "#dialog .sudo"  # The dialog stays, with what was typed.
    assert "Wrong password. Try again." in refused.content.decode()
    assert done.status_code == 302
    assert toasts(done) == ["Published: typed"]


def test_a_missing_page_is_told_in_the_dialog(client):
    response = client.get("/nothing/", headers=DIALOG)

    assert response.status_code == 404
    assert "<html" not in response.content.decode()
    assert "Page not found" in response.content.decode()


def test_a_line_break_counts_once_as_the_browser_counts_it(client):
    longest = "\r\n".join("x" * 250)
    assert client.post("/confirm/", {"note": longest + "y"}).status_code == 302
    assert client.post("/confirm/", {"note": longest + "yz"}).status_code == 422
