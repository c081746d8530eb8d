"""A reference client: what an SDK on a device does, with Python's standard library and `cryptography` for Ed25519.

It shares no code with the console. So it also builds by itself the statement that a signature is over, as
docs/device-api.md has it, and a change on one side only is noticed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CHUNK = 128 * 1024  # bytes
TRIES = 4  # of one download; each goes on where the one before broke off
PATIENCE = 30  # seconds without a byte


class ClientError(Exception):
    """The server refused, could not be reached, or sent something else than it said."""


class _Broken(Exception):
    """The connection broke; what has arrived is kept."""


class _Same(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would carry the key to another host. “Not modified” is an answer.

    That of a package is followed by `_open`, without the key.
    """

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None

    def http_error_304(self, request: Any, response: HTTPResponse, *args: Any) -> HTTPResponse:
        return response


@dataclass(frozen=True)
class Client:
    """Asks the console at `url`, such as https://console.example.com, as one host application.

    `signing_keys` are the public keys whose signatures it trusts, by id, 32 bytes each. `proof` says that the
    installation is real; the app has it from its own server (R-9).
    """

    url: str
    application_id: str
    key: str
    signing_keys: Mapping[str, bytes] = field(default_factory=dict)
    proof: str = field(default="", repr=False)

    @classmethod
    def configured(cls, file: Path, *, url: str = "") -> Client:
        """Read a host application's configuration file; `url` replaces the one in it. Raises ClientError."""
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            return cls(
                url or content["base_url"],
                content["application_id"],
                content["key"],
                # A file from before packages were signed has none: all but packages works.
                {one["key_id"]: _public_key(one["public_key"]) for one in content.get("signing_keys", ())},
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ClientError(f"{file} is not a configuration file: {error!r}") from None

    def update(self, question: Mapping[str, str]) -> dict[str, Any]:
        """Send an update check and return the answer (R-1)."""
        with self._post("/runtime/v1/update", question) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    def report(self, report: Mapping[str, str]) -> None:
        """Report how an update ended (R-7)."""
        self._post("/runtime/v1/reports", report).close()

    def logs(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Send what a mini program has logged, compressed; return how many entries were kept and cut (R-5)."""
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        body = gzip.compress(json.dumps(batch).encode())
        with self._open("/runtime/v1/logs", headers, body) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    def consents(self, app_id: str, account: str, template_ids: Sequence[str] = ()) -> dict[str, Any]:
        """Ask what to show in the pop-up for these templates; without any, what the user has answered before (R-4)."""
        asked = {
            "app_id": app_id,
            "account": account,
            **({"template_ids": ",".join(template_ids)} if template_ids else {}),
        }
        with self._open(f"/runtime/v1/consents?{urlencode(asked)}", {}) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    def consent(self, answers: Mapping[str, Any]) -> dict[str, str]:
        """Send what the user answered in the pop-up; return template id → accept, reject, ban or filter (R-4)."""
        with self._post("/runtime/v1/consents", answers) as response:
            results: dict[str, str] = json.load(response)["results"]
            return results

    def consent_settings(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what the user wants of a program and return how it is then (R-4)."""
        with self._post("/runtime/v1/consent-settings", changes) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    def policy(self, app_id: str, etag: str = "") -> tuple[dict[str, Any] | None, str]:
        """Ask what a mini program may do (R-3); return it and its ETag, None while it is what has `etag`."""
        return self._kept(f"/runtime/v1/policy?app_id={quote(app_id, safe='')}", etag)

    def privacy(self, app_id: str, accepted: int = 0, etag: str = "") -> tuple[dict[str, Any] | None, str]:
        """Ask for the privacy agreement (R-6) as `policy` does; `accepted` is the version agreed to before, 0: none."""
        asked = {"app_id": app_id, **({"accepted": accepted} if accepted else {})}
        return self._kept(f"/runtime/v1/privacy?{urlencode(asked)}", etag)

    def verify(self, app_id: str, version: str, package: Mapping[str, Any]) -> None:
        """Raise ClientError unless a known key signed that this is the package of this version of this program (R-8).

        One right signature is enough: others are by keys that another build of the app knows.
        """
        parts = str(package.get("signature", "")).split(" ")
        signatures = dict(one.split(":", 1) for one in parts if ":" in one)
        known = signatures.keys() & self.signing_keys
        if not known:
            raise ClientError("No key in the configuration file signed the package.")
        signed = statement(app_id, version, package.get("sha256", ""), package.get("size", 0))
        if not any(_signed_by(self.signing_keys[key_id], signatures[key_id], signed) for key_id in known):
            raise ClientError(f"The signature does not match version {version} of {app_id} and this package.")

    def verify_file(self, app_id: str, version: str, file: Path, signature: str) -> None:
        """Raise ClientError unless a known key signed this very file, such as an offline package (R-8)."""
        try:
            package = {"sha256": _sha256(file), "size": file.stat().st_size, "signature": signature}
        except OSError as error:
            raise ClientError(f"{file} can't be read: {error}") from None
        self.verify(app_id, version, package)

    def download(self, app_id: str, answer: Mapping[str, Any], target: Path) -> None:
        """Fetch the package of an update's answer to `target` (R-2).

        Nothing is fetched when its signature is wrong, and the file appears only when its size and SHA-256 are the
        signed ones. What an earlier attempt left beside it is continued. Raises ClientError.
        """
        package = answer.get("package")
        if not isinstance(package, Mapping) or not isinstance(package.get("size"), int):
            raise ClientError("The answer names no package to fetch.")
        self.verify(app_id, str(answer.get("version")), package)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{package['sha256']}.part")
        for attempt in range(1, TRIES + 1):
            try:
                self._fetch(package, part)
                break
            except (_Broken, TimeoutError) as error:
                if attempt == TRIES:
                    raise ClientError(f"The download failed {TRIES} times: {error}") from None
        found = (part.stat().st_size, _sha256(part))
        if found != (package["size"], package["sha256"]):
            part.unlink()
            raise ClientError(f"The package differs from the one announced: {found[0]} bytes, SHA-256 {found[1]}.")
        part.replace(target)

    def _fetch(self, package: Mapping[str, Any], part: Path) -> None:
        """Add what is missing to `part`."""
        have = part.stat().st_size if part.exists() else 0
        if have == package["size"]:
            return
        if have > package["size"]:
            part.unlink()
            have = 0
        headers = {"Range": f"bytes={have}-", "If-Range": f'"{package["sha256"]}"'} if have else {}
        try:
            # A storage knows none of our ETags, and what a hash names never changes: there a range needs no condition.
            elsewhere = {name: value for name, value in headers.items() if name == "Range"}
            with self._open(package["url"], headers, elsewhere=elsewhere) as response:
                _save(response, part, "ab" if response.status == 206 else "wb", limit=package["size"])
        except (HTTPException, ConnectionError) as error:
            raise _Broken(str(error)) from None
        if part.stat().st_size < package["size"]:
            raise _Broken("the connection was closed early")

    def _kept(self, path: str, etag: str) -> tuple[dict[str, Any] | None, str]:
        """Ask for what is kept with its ETag; None while it is what has `etag`."""
        with self._open(path, {"If-None-Match": etag} if etag else {}) as response:
            return None if response.status == 304 else json.load(response), response.headers["ETag"]

    def _post(self, path: str, content: Mapping[str, Any]) -> HTTPResponse:
        return self._open(path, {"Content-Type": "application/json"}, json.dumps(content).encode())

    def _open(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        elsewhere: Mapping[str, str] | None = None,
    ) -> HTTPResponse:
        """Ask the console; with `elsewhere` a redirect to a storage is followed, and only these headers are sent."""
        url = urljoin(self.url, path)
        if urlsplit(url).scheme not in ("http", "https") or urlsplit(url).netloc != urlsplit(self.url).netloc:
            raise ClientError(f"{url} is not on {self.url}, and the key is not sent anywhere else.")
        credentials = base64.b64encode(f"{self.application_id}:{self.key}".encode()).decode()
        proved = {"Installation-Proof": self.proof} if self.proof else {}
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            url, body, {"Authorization": f"Basic {credentials}", **proved, **headers}
        )
        return self._send(request, elsewhere)

    def _send(self, request: urllib.request.Request, elsewhere: Mapping[str, str] | None = None) -> HTTPResponse:
        try:
            response: HTTPResponse = urllib.request.build_opener(_Same).open(request, timeout=PATIENCE)
            return response
        except urllib.error.HTTPError as error:
            with error:
                signed = str(error.headers.get("Location", ""))
                if error.code == 307 and elsewhere is not None and urlsplit(signed).scheme in ("https", request.type):
                    return self._send(urllib.request.Request(signed, headers=dict(elsewhere)))  # noqa: S310 - checked
                raise ClientError(f"{error.code}: {_message(error.read(4096))}") from None
        except (urllib.error.URLError, TimeoutError, HTTPException, ConnectionError) as error:
            where = request.full_url.partition("?")[0]
            raise ClientError(f"{where} could not be reached: {error}") from None


def ask_for_proof(url: str, application_id: str, secret: str, **asked: str) -> dict[str, Any]:
    """Ask the console for an installation proof, as the application's own server does: never an app (R-9, R-13).

    `secret` is the server secret, `whsec_…`; `asked` are guid, or platform to have one issued, and account. Returns
    guid, proof and expires_in (seconds). Raises ClientError.
    """
    body = json.dumps({"application_id": application_id, **asked})
    name, at = f"proof_{secrets.token_hex(16)}", int(time.time())
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise ClientError("SERVER_SECRET is not a server secret, which is whsec_ followed by Base64.") from None
    signature = base64.b64encode(hmac.digest(key, f"{name}.{at}.{body}".encode(), "sha256")).decode()
    headers = {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": f"v1,{signature}"}
    client = Client(url, application_id, "")
    answered = client._open("/runtime/v1/proofs", {"Content-Type": "application/json", **headers}, body.encode())
    with answered as response:
        answer: dict[str, Any] = json.load(response)
        return answer


def statement(app_id: str, version: str, sha256: str, size: int) -> bytes:
    """Return what a signature is over: five lines of UTF-8, each with a line feed at its end (R-8)."""
    return f"mini-program-package-v1\n{app_id}\n{version}\n{sha256}\n{size}\n".encode()


def _public_key(encoded: str) -> bytes:
    """Return the 32 bytes; raises ValueError."""
    key = base64.b64decode(encoded, validate=True)
    Ed25519PublicKey.from_public_bytes(key)
    return key


def _signed_by(public_key: bytes, signature: str, content: bytes) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(raw, content)
    except (ValueError, InvalidSignature):
        return False
    return True


def _save(response: HTTPResponse, part: Path, mode: str, *, limit: int) -> None:
    """Append to the file, never more than one byte beyond the announced size."""
    with part.open(mode) as file:
        while file.tell() <= limit and (chunk := response.read(min(CHUNK, limit + 1 - file.tell()))):
            file.write(chunk)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace")
