"""The mails of `make run`: kept, told of in one line, and readable in the console on this machine only."""

import io
import logging

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse

from console.local import mailbox
from tests.factories import make_user

pytestmark = pytest.mark.django_db
LINK = "http://localhost:8000/invitations/abc/"


@pytest.fixture
def folder(settings, tmp_path):
    settings.MAILBOX = tmp_path / "mails"
    settings.EMAIL_BACKEND = "console.local.mailbox.Backend"
    return settings.MAILBOX


def opened(reader):
    """The list, by the address that the terminal shows; the browser keeps its key."""
    return reader.get(reverse("mailbox"), {"key": mailbox.key()}, follow=True)


def send(subject="Mira invites you to join Harbour", body=f"Join us.\n\n{LINK}\n", to="jun@example.com"):
    assert EmailMessage(subject=subject, body=body, to=[to]).send() == 1


def test_a_mail_is_one_line_with_its_link(folder, monkeypatch):
    said = io.StringIO()
    handler, *_of_pytest = logging.getLogger("console.local.mailbox").handlers
    monkeypatch.setattr(handler, "stream", said)
    send("Häfen und Brücken " * 8)
    send(body="Nothing to open.")
    assert said.getvalue().splitlines() == [
        f'Mail to jun@example.com: "{("Häfen und Brücken " * 8).strip()}" {LINK}',
        'Mail to jun@example.com: "Mira invites you to join Harbour"',
    ]


def test_only_its_owner_reads_the_files_and_the_oldest_go(folder, monkeypatch):
    monkeypatch.setattr(mailbox, "KEPT", 2)
    for number in range(3):
        send(str(number))
    assert [each.subject for each in mailbox.mails()] == ["2", "1"]
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("signed_in_as", ["nobody", "somebody"])
def test_the_pages_show_text_and_nothing_else(folder, client, signed_in, signed_in_as):
    reader = client if signed_in_as == "nobody" else signed_in(make_user())
    assert "No e-mails yet" in opened(reader).content.decode()
    send("<script>alert(1)</script>", f'<img src="x">\n{LINK}')
    listed = reader.get(reverse("mailbox")).content.decode()
    (kept,) = mailbox.mails()
    address = reverse("mailbox_mail", args=[kept.mail_id])
    assert address in listed
    assert LINK in listed
    page = reader.get(address)
    text = page.content.decode()
    assert f'href="{LINK}"' in text
    assert "<script>alert" not in listed + text
    assert '<img src="x">' not in text
    assert page["Cache-Control"] == "no-store"


def test_only_who_has_the_key_reads(folder, client):
    """Others with an account on this machine reach the port too, and a mail may carry a link that signs in."""
    send()
    (kept,) = mailbox.mails()
    for wrong in ("", "wrong", "ключ"):
        page = client.get(reverse("mailbox"), {"key": wrong})
        assert page.status_code == 403
        assert kept.subject not in page.content.decode()
        assert client.get(reverse("mailbox_mail", args=[kept.mail_id])).status_code == 404
    assert (folder / "key").read_text() == mailbox.key()


def test_an_empty_key_opens_nothing_and_is_made_anew(folder, client):
    folder.mkdir()
    (folder / "key").touch()
    assert client.get(reverse("mailbox"), {"key": ""}).status_code == 403
    assert mailbox.key()
    assert [file.name for file in folder.iterdir()] == ["key"]
    assert opened(client).status_code == 200


def test_there_is_no_other_file(folder, client):
    send()
    opened(client)
    for wrong in ("0", "secret-key", "1" * 19 + "-00000000"):
        assert client.get(reverse("mailbox_mail", args=[wrong])).status_code == 404
    assert mailbox.mail("../mails/x") is None


def test_where_mails_are_sent_there_is_no_mailbox(settings, client):
    assert settings.MAILBOX is None
    assert client.get(reverse("mailbox")).status_code == 404
    assert client.get(reverse("mailbox_mail", args=["1" * 19 + "-00000000"])).status_code == 404
    assert reverse("mailbox") not in client.get(reverse("account_login")).content.decode()
