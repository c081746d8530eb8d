"""`mpc login`, `logout` and `whoami`: by a browser (RFC 8628), so that no password comes here."""

from __future__ import annotations

import os
import platform
import sys
import time
import webbrowser
from typing import Annotated, Any

import httpx
import typer

from mpc import show
from mpc.api import Api, ask, client, content_of, failure_of, problem_of
from mpc.config import access, app_id_of, checked_url, console_url, forget, keep, kept_token
from mpc.failures import Failure, NoAccess, Refused, TooLate
from mpc.options import HERE, AppId, Json, KeyFile, ProjectPath, Robot, Url

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
USUAL = "read,upload,submit,trial"
SLOWER = 5  # seconds more, when the console says slow_down


def login(
    url: Annotated[str, typer.Argument(metavar="[URL]", help="The console. [MPC_URL]")] = "",
    scope: Annotated[str, typer.Option("--scope", help="Scopes to ask for, separated by commas.")] = USUAL,
    browser: Annotated[bool, typer.Option(" /--no-browser", help="Open no browser.")] = True,
    json: Json = False,
) -> None:
    """Sign in by a browser, here or on another device."""
    address = checked_url(url) if url else console_url()
    with client(f"{address}/api/v1/device") as device:
        asked = {"client_id": "mpc", "machine": platform.node()[:60], "scope": scope.replace(",", " ")}
        begun = _answer(ask(lambda: device.post("/code", data=asked), address))
        show.err.print(f"Open  {begun['verification_uri_complete']}", soft_wrap=True)
        show.err.print(f"and check that it shows  {begun['user_code']}", soft_wrap=True)
        if browser and sys.stdin.isatty() and sys.stderr.isatty():
            webbrowser.open(begun["verification_uri_complete"])
        made = _wait(device, address, begun)
    keep(address, {"token": made["access_token"], "name": made["name"], "expires_at": made["expires_at"]})
    if os.environ.get("MPC_TOKEN"):
        show.note("MPC_TOKEN is set in this environment, and wins over this sign-in.")
    facts = {"url": address, "name": made["name"], "scopes": made["scope"].split(), "expires_at": made["expires_at"]}
    show.result(facts, lambda: show.line(f"Signed in at {address}: {', '.join(facts['scopes'])}", "green"))


def _answer(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise failure_of(answer)
    found: dict[str, Any] = content_of(answer)
    return found


def _wait(device: httpx.Client, address: str, begun: dict[str, Any]) -> dict[str, Any]:
    """Ask until the person has answered; raises Refused or TooLate."""
    end, pause = time.monotonic() + begun["expires_in"], float(begun["interval"])
    asked = {"grant_type": GRANT, "device_code": begun["device_code"], "client_id": "mpc"}
    while time.monotonic() < end:
        time.sleep(pause)
        answer = ask(lambda: device.post("/token", data=asked), address)
        if answer.is_success:
            return _answer(answer)
        match problem_of(answer).get("error"):
            case "authorization_pending":
                pass
            case "slow_down":
                pause += SLOWER
            case "expired_token":
                break
            case "access_denied":
                raise Refused(str(problem_of(answer).get("error_description") or "The request was denied."))
            case _:
                raise failure_of(answer)
    raise TooLate("Nobody answered in time. Run mpc login again.")


def logout(url: Url = "", json: Json = False) -> None:
    """Revoke the token of mpc login and forget it."""
    address = console_url(url)
    token = kept_token(address)
    if not token:
        raise NoAccess(f"Not signed in at {address} by mpc login.")
    failed: Failure | None = None
    try:
        with client(f"{address}/api/v1/device") as device:
            _answer(ask(lambda: device.post("/revoke", data={"token": token}), address))
    except Failure as error:
        failed = error
    forget(address)
    if failed:
        raise type(failed)(
            f"Forgotten here, but not revoked; do that on the console's Automation page. {failed.message}"
        )
    show.result({"url": address, "revoked": True}, lambda: show.line(f"Signed out of {address}.", "green"))


def whoami(
    appid: AppId = "", pp: ProjectPath = HERE, pkp: KeyFile = None, robot: Robot = 1, url: Url = "", json: Json = False
) -> None:
    """Say as whom, where and with which scopes commands run."""
    found = access(url, key_file=pkp, app_id=app_id_of(appid, pp), robot=robot, folder=pp)
    with Api(found) as api:
        me = {**api.get("/me"), "url": found.url, "source": found.source}
    facts = {
        "name": me["name"],
        "team": (me["team"] or {}).get("name"),
        "app_id": (me["program"] or {}).get("app_id"),
        "scopes": ", ".join(me["scopes"]),
        **{name: me[name] for name in ("expires_at", "url", "source")},
    }
    shown = [(name, value) for name, value in facts.items() if value]
    show.result(me, lambda: show.rows(("", "robot" if me["robot"] else "person"), shown))
