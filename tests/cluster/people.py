"""People and devices in front of several machines: at one of them, or at nginx."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
from types import SimpleNamespace
from typing import Any, cast

from tests.chaos.installation import Installation
from tests.chaos.ledger import Lost, Reply
from tests.chaos.people import Person
from tests.cluster.machines import UPDATE, Cluster, Machine, question
from tests.nginx import HOST

SECONDS = 30.0


def person_at(machine: Machine, facts: dict[str, Any], *, session: str = "") -> Person:
    """Return the administrator at one machine: signed in there, or with the session of another one."""
    someone = Person(cast("Installation", SimpleNamespace(web=machine.web)), facts["email"], facts["password"])
    if session:
        someone.session = session
    else:
        someone.sign_in()
    return someone


def through_nginx(cluster: Cluster, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
    """Ask by HTTPS, on a connection of its own; raises Lost."""
    unchecked = ssl._create_unverified_context()  # Nobody signed the certificate.
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPSConnection(HOST, timeout=SECONDS, context=unchecked)
    with contextlib.closing(connection):
        try:
            plain = socket.create_connection(("127.0.0.1", cluster.https), timeout=SECONDS)
            connection.sock = unchecked.wrap_socket(plain, server_hostname=HOST)
            connection.request(method, path, body, {"Host": HOST, **given})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            raise Lost(sent=True) from None


def device_asks(cluster: Cluster, app_id: str, guid: str, **more: Any) -> Reply:
    """Ask nginx for an update, as devices do; raises Lost."""
    body = json.dumps(question(app_id, guid, **more)).encode()
    return through_nginx(cluster, "POST", UPDATE, body, **cluster.device_headers)
