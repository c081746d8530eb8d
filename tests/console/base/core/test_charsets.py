"""A request's charset is UTF-8, whatever it says: else Django fails before it can answer, or makes half characters."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse

from console.base.core.charsets import plain
from console.wsgi import application_for

pytestmark = pytest.mark.django_db(transaction=True)  # The application closes its connections.

ODD = ["rot13", "undefined", "hex", "utf-7", "unicode_escape", "utf-16", "gbk"]
SECRET = "a" * 32  # of the form and of its cookie


def status(path, kind, body=b"", **environ):
    """Return the status that the whole application answers."""
    sent = []
    stream = RequestFactory().post("/", body, content_type="text/plain").environ["wsgi.input"]
    facts = {"PATH_INFO": path, "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body)), "wsgi.input": stream, **environ}
    given = RequestFactory()._base_environ(**facts)
    b"".join(application_for("web")(given, lambda *start, **_more: sent.append(start)))
    return int(sent[0][0].split()[0])


def test_no_charset_ends_in_an_error_of_ours():
    fields = (b"login", b"+2AA-\\ud800"), (b"password", b"x"), (b"csrfmiddlewaretoken", SECRET.encode())
    parts = [b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % field for field in fields]
    body = b"".join([*parts, b"--x--\r\n"])
    for charset in ODD:
        assert status("/api/v1/me", f"application/json; charset={charset}", QUERY_STRING="a=%ff") == 401
        kind = f"multipart/form-data; boundary=x; charset={charset}"
        cookie = f"{settings.CSRF_COOKIE_NAME}={SECRET}"
        assert status(reverse("account_login"), kind, body, REQUEST_METHOD="POST", HTTP_COOKIE=cookie) == 200


def test_nor_do_parameters_that_nobody_can_read():
    for kind in ("a/b; x*=nope''y", "a/b; x*=undefined''y", "a/b; x=" + "y" * 20_000):
        assert status("/api/v1/me", kind) == 401


def test_what_is_right_stays_as_it_is():
    for kind in ("application/json", "text/plain; charset=UTF-8", "multipart/form-data; boundary=x;charset=utf8"):
        assert plain(kind) == kind
    assert plain("multipart/form-data; charset=gbk; boundary=x") == "multipart/form-data; boundary=x"
    assert plain("application/x-www-form-urlencoded; charset=gbk") == "application/x-www-form-urlencoded"
