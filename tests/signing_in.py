"""Signs people in as the page does, without the page: most tests are about what comes after it.

`test_sign_in.py` holds that the page leaves the same behind.
"""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib.auth import login
from django.test import Client, RequestFactory

from console.base.accounts.models import User
from console.base.accounts.sessions import SessionStore


def new_session(user: User) -> str:
    """Begin a session of `user`, as of one who gave the password just now; return its key."""
    request = RequestFactory().get("/")
    request.session = session = SessionStore()
    # By the library's own name: what dangerous actions ask about the last sign-in (P-4).
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "email": user.email}]
    session["account_authentication_methods_user"] = str(user.pk)
    login(request, user, settings.AUTHENTICATION_BACKENDS[0])
    session.set_expiry(settings.SESSION_COOKIE_AGE)
    session.save()
    return str(session.session_key)


def client_of(user: User) -> Client:
    """Return a browser-like client in which `user` has just signed in."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = new_session(user)
    return client
