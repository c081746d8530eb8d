"""The shipped configuration of nginx, run by Debian's nginx before servers as production has them (P-8)."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from console.local.pytest_plugin import NO_NGINX
from devmgmt.keys.models import SecretUse
from releases.models import package_storage
from tests.console.api.device.asking import UPDATE, authorization, question
from tests.console.api.device.serving import up_to_date
from tests.console.platform.servers import serve, until
from tests.factories import make_binding, make_online, make_program, make_secret
from tests.nginx import ENVIRONMENT, HOST, executable, nginx
from tests.processes import free_port
from tests.slow_clients import TIMEOUT, connect, request, slow_clients

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(executable() is None, reason=NO_NGINX),
]
SIGN_IN = "/account/sign-in/"
INVENTED = {"X_Forwarded_For": "6.6.6.6", "X-Forwarded-For": "7.7.7.7", "Forwarded": "for=8.8.8.8"}


class Site(NamedTuple):
    """Ports, and nginx's folder."""

    https: int
    http: int
    devices: int
    folder: Path


@pytest.fixture(scope="module")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Web and runtime, each with two threads, and nginx before them."""
    folder, packages = tmp_path_factory.mktemp("nginx"), Path(package_storage().path(""))
    packages.mkdir(exist_ok=True)
    with (
        serve("web", ENVIRONMENT, threads=2) as web,
        serve("runtime", ENVIRONMENT, threads=2) as devices,
        nginx(folder, web=web.port, devices=devices.port, packages=packages) as (https, plain),
    ):
        yield Site(https, plain, devices.port, folder)


def ask(
    port: int, method: str, path: str, body: str = "", *, source: str = "127.0.0.1", tls: bool = True, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send one request, from an address of this machine."""
    with contextlib.closing(http.client.HTTPConnection(HOST, port, timeout=TIMEOUT)) as connection:
        connection.sock = connect(port, tls=tls, source=source)
        connection.request(method, path, body, {"Host": HOST, "Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


def test_slow_clients_hold_up_nobody(site: Site) -> None:
    """200 of them, one byte a second, to devices' and to pages' addresses: fifty for each thread."""
    binding = make_binding(make_program())
    make_online(binding.mini_program)
    up_to_date(f"http://127.0.0.1:{site.devices}")
    key = authorization(binding.application)
    slow = [
        request(UPDATE, f"Authorization: {key}", host=HOST, body=b"{"),
        request("/runtime/v1/login-codes", host=HOST),
        request(SIGN_IN, f"Cookie: csrftoken={'x' * 32}", host=HOST),
        request("/cgi-bin/stable_token", "Transfer-Encoding: chunked", host=HOST, body=b"2710\r\n{"),
    ]
    check = json.dumps(question(binding.mini_program.app_id))
    with slow_clients(site.https, slow * 50, tls=True, source="127.0.0.3"):
        for _ in range(20):
            status, _, body = ask(site.https, "POST", UPDATE, check, Authorization=key)
            assert (status, json.loads(body)["status"]) == (200, "update")
            assert ask(site.https, "GET", SIGN_IN)[0] == 200


def test_the_address_is_the_clients_own(site: Site) -> None:
    """Whatever it says of itself, through nginx and past it."""
    program = make_program()
    secret = make_secret(program)
    query = urlencode({"grant_type": "client_credential", "appid": program.app_id, "secret": secret})
    token = f"/cgi-bin/token?{query}"
    assert ask(site.https, "GET", token, source="127.0.0.2", **INVENTED)[0] == 200
    assert ask(site.devices, "GET", token, source="127.0.0.4", tls=False, **INVENTED)[0] == 200
    assert sorted(SecretUse.objects.values_list("address", flat=True)) == ["127.0.0.2", "127.0.0.4"]
    logs = "".join(log.read_text() for log in (site.folder / "log").iterdir())
    assert "/cgi-bin/token" in logs
    assert secret not in logs


def test_scheme_and_host_are_true(site: Site) -> None:
    """By HTTPS a page comes, by HTTP the way to it; no other name is answered, and no probe."""
    status, headers, _ = ask(site.https, "GET", SIGN_IN, **{"X_Forwarded_Proto": "http", "X-Forwarded-Proto": "http"})
    assert (status, "strict-transport-security" in headers) == (200, True)
    status, headers, _ = ask(site.http, "GET", SIGN_IN, tls=False)
    assert (status, headers["location"]) == (301, f"https://{HOST}{SIGN_IN}")
    assert ask(site.https, "GET", SIGN_IN, Host="evil.example")[0] == 421
    forwarded = {"X-Forwarded-Host": "evil.example", "X_Forwarded_Host": "evil.example"}
    assert ask(site.https, "GET", SIGN_IN, **forwarded)[0] == 200
    with pytest.raises(ssl.SSLError), connect(site.https, tls=True, name="evil.example"):
        pass
    assert ask(site.https, "GET", "/readyz")[0] == 404


def test_a_request_has_one_id_everywhere(site: Site) -> None:
    """In nginx's log and in the answer, of pages, devices and refused links, and none that a client invents."""
    log = site.folder / "log" / "console.log"
    for path in (SIGN_IN, UPDATE, "/teams/invitations/secret-token/"):
        _, headers, _ = ask(site.https, "GET", path, **{"X-Request-ID": "invented-00000001"})
        found = headers["x-request-id"]
        assert len(found) == 32, path
        # It writes after it has answered.
        until(lambda line=f" {found}\n": line in log.read_text(), f"the log has no {path}")


def test_no_log_has_a_query_or_a_secret_link_while_the_servers_are_away(tmp_path: Path) -> None:
    """Nor where the page with the link asks for a style, and names itself as the referrer."""
    with nginx(tmp_path, web=free_port(), devices=free_port()) as (https, _plain):
        page = {"Referer": f"https://{HOST}/account/password/reset/s3cret/"}
        asked = [f"{SIGN_IN}?code=s3cret", "/cgi-bin/token?secret=s3cret", "/trial/s3cret/", "/static/none.css"]
        statuses = [ask(https, "GET", path, **page)[0] for path in asked]
        assert statuses == [502] * len(asked)
        log = tmp_path / "log" / "console.log"
        until(lambda: log.read_text().count("\n") == len(asked), "it writes after it has answered")
    assert "s3cret" not in "".join(log.read_text() for log in (tmp_path / "log").iterdir())


def test_metrics_are_for_the_machines_inside(site: Site) -> None:
    """Neither by nginx nor by another proxy before a server; who is inside gets them."""
    for path in ("/metrics", "/metrics/", "//metrics", "/%6detrics", "/static/../metrics"):
        assert ask(site.https, "GET", path)[0] in (400, 404), path
        assert ask(site.http, "GET", path, tls=False)[0] in (301, 400), path
    assert ask(site.devices, "GET", "/metrics", tls=False, **{"X-Forwarded-For": "10.0.0.1"})[0] == 404
    status, _, body = ask(site.devices, "GET", "/metrics", tls=False)
    assert (status, b"console_build_info" in body) == (200, True)


def test_every_answer_says_how_to_take_it(site: Site) -> None:
    """Of devices and servers too, refused ones as well; once each."""
    binding = make_binding(make_program())
    package = make_online(binding.mini_program).package
    up_to_date(f"http://127.0.0.1:{site.devices}")
    key = {"Authorization": authorization(binding.application)}
    asked = [
        ("POST", UPDATE, json.dumps(question(binding.mini_program.app_id)), key, 200),
        ("POST", UPDATE, "{}", {}, 401),
        ("GET", "/cgi-bin/token", "", {}, 200),
        ("GET", f"/runtime/v1/packages/{package.sha256}.apkg", "", key, 200),
        ("GET", SIGN_IN, "", {}, 200),
        ("GET", "/static/console/frame.css", "", {}, 200),
    ]
    for method, path, body, headers, status in asked:
        found, said, _ = ask(site.https, method, path, body, **headers)
        assert (found, said["x-content-type-options"]) == (status, "nosniff"), path
        hsts = said["strict-transport-security"].replace(" ", "").split(";")
        assert {"max-age=31536000", "includeSubDomains"} <= set(hsts), path
        assert "frame-ancestors 'none'" in said["content-security-policy"], path


def test_only_pages_lead_from_http_to_https(site: Site) -> None:
    """A machine that sends its secret in the clear is refused, so that it is noticed."""
    assert ask(site.http, "GET", SIGN_IN, tls=False)[0] == 301
    for path in (UPDATE, "/cgi-bin/token?secret=x", "/openserver/cgi-bin/token", "/sns/jscode2session"):
        status, headers, _ = ask(site.http, "GET", path, tls=False)
        assert (status, "location" in headers, headers["content-type"]) == (403, False, "application/json")


def test_servers_read_json_whoever_answers(site: Site) -> None:
    for path, body, expected in (
        ("/datacube/getweanalysisappidvisitdistribution", "{}", (404, 40066)),
        ("/wxa/img_sec_check?access_token=x", "x" * 60_000, (404, 40066)),
        ("/cgi-bin/stable_token", "x" * 60_000, (200, 47001)),
        ("/cgi-bin/stable_token", "x" * 3_000_000, (200, 47001)),
    ):
        status, headers, said = ask(site.https, "POST", path, body)
        assert (status, json.loads(said)["errcode"]) == expected
        assert headers["content-type"] == "application/json"


def test_devices_read_json_while_the_servers_are_away(tmp_path: Path) -> None:
    """And where nginx refuses a body, with the headers that it adds to the console's answers."""
    with nginx(tmp_path, web=free_port(), devices=free_port()) as (https, _plain):
        for method, path, body, status, code, wait in (
            ("GET", "/runtime/v1/policy?app_id=mp0123456789abcd", "", 503, "temporarily_unavailable", "5"),
            ("POST", UPDATE, "{}", 503, "temporarily_unavailable", "5"),
            ("POST", "/runtime/v1/logs", "x" * 2_200_000, 413, "too_large", None),
        ):
            found, headers, said = ask(https, method, path, body)
            assert (found, json.loads(said)["code"], headers.get("retry-after")) == (status, code, wait), path
            assert (headers["content-type"], headers["cache-control"]) == ("application/json", "no-store")
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "includeSubDomains" in headers["strict-transport-security"]
            assert len(headers["x-request-id"]) == 32


def test_an_address_with_too_many_requests_at_a_time_reads_json(tmp_path: Path) -> None:
    with nginx(tmp_path, web=free_port(), devices=free_port(), most=1) as (https, _plain):
        with connect(https, tls=True) as waiting:
            waiting.sendall(request(UPDATE, host=HOST))
            until(lambda: ask(https, "POST", UPDATE, "{}")[0] == 429, "nginx has read the first one")
            _, headers, body = ask(https, "POST", UPDATE, "{}")
    assert (json.loads(body)["code"], headers["retry-after"]) == ("too_many_requests", "5")


def test_packages_are_sent_by_nginx(site: Site) -> None:
    """The console decides, nginx reads the file; nobody reads it past the console."""
    binding = make_binding(make_program())
    package = make_online(binding.mini_program).package
    up_to_date(f"http://127.0.0.1:{site.devices}")
    key = authorization(binding.application)
    status, headers, body = ask(site.https, "GET", f"/runtime/v1/packages/{package.sha256}.apkg", Authorization=key)
    with package.file.open("rb") as file:
        assert (status, body) == (200, file.read())
    assert (headers["x-content-type-options"], len(headers["x-request-id"])) == ("nosniff", 32)
    assert ask(site.https, "GET", f"/packages/{package.file.name}")[0] == 404
    assert ask(site.https, "GET", "/static/console/frame.css")[0] == 200


def test_a_broken_download_of_a_package_resumes(site: Site) -> None:
    """With the ETag that the console gave, and nginx none of its own; what is refused, the console says."""
    binding = make_binding(make_program())
    package = make_online(binding.mini_program).package
    up_to_date(f"http://127.0.0.1:{site.devices}")
    path, key = f"/runtime/v1/packages/{package.sha256}.apkg", {"Authorization": authorization(binding.application)}
    etag, size = f'"{package.sha256}"', package.size
    with package.file.open("rb") as file:
        content = file.read()
    assert ask(site.https, "GET", path, **key)[1]["etag"] == etag
    assert ask(site.https, "GET", path, **key, **{"If-None-Match": etag})[0] == 304
    status, headers, body = ask(site.https, "GET", path, **key, Range="bytes=3-9", **{"If-Range": etag})
    assert (status, body, headers["content-range"], headers["etag"]) == (206, content[3:10], f"bytes 3-9/{size}", etag)
    assert ask(site.https, "GET", path, **key, Range="bytes=3-9", **{"If-Range": '"other"'})[0] == 200
    status, headers, body = ask(site.https, "GET", path, **key, Range="bytes=99999999-")
    assert (status, json.loads(body)["code"]) == (416, "range_not_satisfiable")
    assert (headers["content-range"], headers["cache-control"]) == (f"bytes */{size}", "no-store")
    status, headers, body = ask(site.https, "HEAD", path, **key)
    assert (status, headers["content-length"], headers["etag"], body) == (200, str(size), etag, b"")


def test_static_files_are_sent_compressed_and_kept_by_their_name(site: Site) -> None:
    folder, text = site.folder / "data" / "static", b"p { color: inherit }" * 40
    for name in ("named.0123456789ab.css", "plain.css"):
        (folder / name).write_bytes(text)
        (folder / f"{name}.gz").write_bytes(gzip.compress(text))
    kept = {}
    for name in ("named.0123456789ab.css", "plain.css"):
        _, headers, body = ask(site.https, "GET", f"/static/{name}", **{"Accept-Encoding": "gzip"})
        assert (headers["content-encoding"], gzip.decompress(body)) == ("gzip", text)
        kept[name] = headers["cache-control"]
    assert kept == {"named.0123456789ab.css": "max-age=315360000", "plain.css": "max-age=604800"}
