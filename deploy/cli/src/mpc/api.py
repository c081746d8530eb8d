"""Asks /api/v1/ of the console: waits as it says, repeats what may be repeated, and tells failures apart."""

from __future__ import annotations

import os
import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import certifi
import httpx

from mpc import __version__, show
from mpc.config import LOGIN, Access
from mpc.failures import Away, Failure, NoAccess, Refused, Usage

SHORTEST, LONGEST = 1.0, 15.0  # seconds, of one wait that the console has not asked for
TIMEOUT = httpx.Timeout(30.0, read=120.0, write=120.0)
REPLAYED = "Idempotency-Replayed"
AGENT = f"mpc/{__version__}"
NO_AUTHORITY = {18, 19, 20, 21}  # X509_V_ERR_… of OpenSSL: nobody known has signed the certificate


def client(base_url: str = "", **headers: str) -> httpx.Client:
    """Return what asks a console; raises Usage for a proxy in the environment that can't be one.

    It trusts whom this machine trusts, SSL_CERT_FILE included, and the public authorities, as Python knows no store of
    some machines. Those of companies seldom hold all of RFC 5280, which Python 3.13 would have of them. Plain http is
    for this machine alone, so it goes through no proxy, which would read the token.
    """
    trust = ssl.create_default_context()
    trust.load_verify_locations(certifi.where())
    trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
    named = {"User-Agent": AGENT, **headers}
    by_proxy = not base_url.startswith("http://")
    try:
        return httpx.Client(base_url=base_url, headers=named, timeout=TIMEOUT, verify=trust, trust_env=by_proxy)
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise Usage(f"HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no proxy for mpc: {error}") from None


def patience() -> float:
    """Return for how many seconds in all a request waits for a console that is busy or away: MPC_RETRY_SECONDS."""
    try:
        return float(os.environ.get("MPC_RETRY_SECONDS") or "180")
    except ValueError:
        raise Usage("MPC_RETRY_SECONDS is a number of seconds.") from None


def ask(send: Callable[[], httpx.Response], where: str) -> httpx.Response:
    """Send until the console answers something that lasts; raises Away when it is too long away or busy.

    Only for what may be sent twice. Waits grow up to LONGEST, and `Retry-After` is honoured: one that is longer than
    what is left of the patience, which is counted from the first failure, ends it immediately.
    """
    limit, end, growing = patience(), 0.0, SHORTEST
    while True:
        asked = 0.0
        try:
            answer = send()
        except httpx.TransportError as error:
            if untrusted := _untrusted(error):
                raise Away(f"{where} can't be reached: {untrusted}") from None
            why = f"{where} can't be reached: {str(error) or type(error).__name__}"
        else:
            if not _is_passing(answer):
                return answer
            why = _words(answer) or f"The console answered {answer.status_code}."
            after = answer.headers.get("Retry-After", "")
            asked = float(after) if after.isdigit() else 0.0
        now = time.monotonic()
        end = end or now + limit
        left = end - now
        if left <= 0 or asked > left:
            raise Away(why)
        wait = max(asked, min(growing, left))
        show.note(f"{why} Trying again in {wait:.0f} s.")
        time.sleep(wait)
        growing = min(2 * growing, LONGEST)


def _is_passing(answer: httpx.Response) -> bool:
    """Whether the same request may get another answer soon: the console is busy, or still at the first such request."""
    if answer.status_code == 409:
        return "Retry-After" in answer.headers or problem_of(answer).get("code") == "in_progress"
    return answer.status_code in (408, 429, 502, 503, 504)


def _untrusted(error: BaseException | None) -> str:
    """Return what is wrong with the certificate that the other side showed; "" if something else went wrong."""
    while error:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = f"its certificate is not trusted ({error.verify_message})."
            if error.verify_code in NO_AUTHORITY:
                why += " If your company signs its own, let SSL_CERT_FILE name a file with its authority's certificate."
            return why
        error = error.__cause__ or error.__context__
    return ""


def _words(answer: httpx.Response) -> str:
    return str(problem_of(answer).get("detail") or "")


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """Return what the console says is wrong; empty where something else answered."""
    if "json" not in answer.headers.get("Content-Type", ""):
        return {}
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found | _rows_of(found) if isinstance(found, dict) else {}


def _rows_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return the errors and findings of a problem that are such: a gateway's may be anything."""
    shapes = {"errors": {"field", "message"}, "findings": {"severity", "title"}}
    lists = {name: found[name] if isinstance(found[name], list) else [] for name in shapes if name in found}
    return {
        name: [row for row in rows if isinstance(row, dict) and shapes[name] <= row.keys()]
        for name, rows in lists.items()
    }


def failure_of(answer: httpx.Response) -> Failure:
    """Return the failure that an answer is."""
    problem, status = problem_of(answer), answer.status_code
    words = str(problem.get("detail") or problem.get("error_description") or "")
    if answer.is_redirect:
        return Usage(f"The console is elsewhere: {answer.headers.get('Location', '')}. Set MPC_URL.")
    if status in (401, 403, 404):
        path = answer.url.path
        return NoAccess(
            words or f"{path} answered {status}. Check MPC_URL and the console's version.", problem, status=status
        )
    if status == 413:
        return Refused(words or "The upload is larger than the console takes.", problem, status=status)
    if not words:
        return Away(f"{answer.url.host} answered {status}, and not as a console does. Check MPC_URL.", status=status)
    kind = Refused if status < 500 and status != 429 else Away
    return kind(words, problem, status=status)


def content_of(answer: httpx.Response) -> Any:
    """Return the JSON of a success, None of an empty one; raises Away where something else has answered."""
    if answer.status_code == 204:
        return None
    try:
        return answer.json()
    except ValueError:
        kind = answer.headers.get("Content-Type", "").partition(";")[0] or "no type"
        words = f"{answer.url.host} answered {answer.status_code} with {kind}, not with JSON as a console does."
        words += " A proxy or a maintenance page, perhaps. Check MPC_URL."
        raise Away(words, status=answer.status_code) from None


class Api:
    """Requests with a token; a context manager, as it keeps connections."""

    def __init__(self, access: Access) -> None:
        self.access = access
        headers = {"Authorization": f"Bearer {access.token}", "Accept-Language": "en"}
        self.client = client(f"{access.url}/api/v1", **headers)

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def get(self, path: str, **params: Any) -> Any:
        """Return what is at a path; raises Failure."""
        return self.read(self.send("GET", path, params={k: v for k, v in params.items() if v not in ("", None)}))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Do something once, however often it has to be sent; raises Failure."""
        return self.read(self.send("POST", path, json=body or {}, key=f"mpc-{uuid.uuid4()}"))

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """Put something in place; raises Failure."""
        return self.read(self.send("PUT", path, json=body))

    def delete(self, path: str) -> None:
        """Remove something; raises Failure."""
        self.read(self.send("DELETE", path))

    def pages(self, path: str, *, most: int, **params: Any) -> Iterator[Any]:
        """Yield the items of a list, at most so many."""
        cursor, left = "", most
        while left > 0:
            page = self.get(path, cursor=cursor, limit=min(left, 100), **params)
            yield from page["items"][:left]
            left -= len(page["items"])
            if not (cursor := page["next"]):
                return

    def send(self, method: str, path: str, *, key: str = "", **options: Any) -> httpx.Response:
        """Send, again where need be, and return the answer, whatever it is."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.repeat(lambda: self.client.request(method, path, headers=headers, **options))

    def repeat(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        """Send, again where need be; for what may be sent twice."""
        return ask(send, self.access.url)

    def read(self, answer: httpx.Response) -> Any:
        """Return what a success says; raises Failure."""
        if not answer.is_success:
            raise self.failure_of(answer)
        return content_of(answer)

    def failure_of(self, answer: httpx.Response) -> Failure:
        """Return the failure that an answer is, with what to do about it where a command can do something."""
        failure = failure_of(answer)
        if any(each["field"] == "anyway" for each in failure.problem.get("errors") or ()):
            failure.message = f"{failure.message} Add --anyway, and say why in --note."
        if failure.status == 401:
            again = f"Sign in again: mpc login {self.access.url}" if self.access.source == LOGIN else ""
            failure.message = f"{failure.message} {again or f'It is that of {self.access.source}.'}"
        return failure
