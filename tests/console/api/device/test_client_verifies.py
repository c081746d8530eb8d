"""`manage.py device`: the reference client checks who signed a package before it uses it (R-8)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.api.device.client import Client, ClientError
from console.base.hosts.actions.sealed import add_signing_key, retire_signing_key
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram
from releases.actions.trial import cancel_trial
from releases.models import Version
from tests.console.api.device.serving import Served
from tests.console.api.device.test_client import (
    APP_ID,
    CONTENT,
    KEYS,
    SHA256,
    Server,
    configuration,
    console,
    device,
    exported,
    signature,
    told,
)
from tests.factories import make_agreement, make_binding, make_online, make_program, make_trial, make_user, make_version

__all__ = ["console", "told"]  # fixtures

PACKAGE = {"url": "/packages", "sha256": SHA256, "size": len(CONTENT), "signature": signature()}
KNOWN = Client("http://127.0.0.1", "ha1", "k", {"k1": base64.b64decode(KEYS[0]["public_key"])})
NOT_SIGNED = "No key in the configuration file signed the package"
WRONG = "The signature does not match version 1.0.0 of mp00000000000000 and this package."


def refused(console: Server, file: Path, folder: Path, words: str) -> None:
    """Nothing is fetched and nothing is left."""
    before = sorted(folder.iterdir())
    with pytest.raises(CommandError, match=words) as error:
        device(file, "--download", str(folder))
    assert error.value.returncode == 1
    assert (console.ranges, sorted(folder.iterdir())) == ([], before)


@pytest.mark.parametrize(
    "other",
    [
        signature("1.0.1"),
        signature(app_id="mp00000000000001"),
        signature(sha256="0" * 64),
        signature(size=len(CONTENT) + 1),
        signature()[:-4] + "AA==",
        "k1:",
        "k1:AAAA",
        "k1:%%%",
    ],
)
def test_a_wrong_signature(console: Server, told: Path, tmp_path: Path, other: str) -> None:
    console.answer["package"]["signature"] = other
    refused(console, told, tmp_path, WRONG)


@pytest.mark.parametrize("member", ["version", "sha256", "size"])
def test_an_answer_that_was_changed(console: Server, told: Path, tmp_path: Path, member: str) -> None:
    other: dict[str, Any] = {"version": "1.0.1", "sha256": "0" * 64, "size": 1}
    changed = console.answer if member == "version" else console.answer["package"]
    changed[member] = other[member]
    refused(console, told, tmp_path, "The signature does not match version ")


@pytest.mark.parametrize("other", ["", " ", "k1", signature().replace("k1", "k2"), None])
def test_no_known_key_signed(console: Server, told: Path, tmp_path: Path, other: str | None) -> None:
    console.answer["package"]["signature"] = other
    refused(console, told, tmp_path, NOT_SIGNED)
    del console.answer["package"]["signature"]
    refused(console, told, tmp_path, NOT_SIGNED)


def test_a_configuration_file_without_keys(console: Server, told: Path, tmp_path: Path) -> None:
    file = configuration(tmp_path, f"http://127.0.0.1:{console.server_port}", signing_keys=[])
    refused(console, file, tmp_path, NOT_SIGNED)
    assert device(file) == "update 1.0.0\n"  # asks all the same


def test_one_right_signature_is_enough(console: Server, told: Path, tmp_path: Path) -> None:
    console.answer["package"]["signature"] = f"{signature().replace('k1', 'k0')} {signature()} k9:x"
    device(told, "--download", str(tmp_path))
    assert (tmp_path / f"{APP_ID}_1.0.0.apkg").read_bytes() == CONTENT


def test_a_key_that_only_says_it_is_the_known_one(console: Server, told: Path, tmp_path: Path) -> None:
    content = f"mini-program-package-v1\n{APP_ID}\n1.0.0\n{SHA256}\n{len(CONTENT)}\n".encode()
    forged = base64.b64encode(Ed25519PrivateKey.generate().sign(content)).decode()
    console.answer["package"]["signature"] = f"k1:{forged}"
    refused(console, told, tmp_path, WRONG)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_changed_fact_is_refused(data: st.DataObject) -> None:
    KNOWN.verify(APP_ID, "1.0.0", PACKAGE)
    text = st.text(max_size=70)
    facts = {"app_id": APP_ID, "version": "1.0.0", **PACKAGE}
    name = data.draw(st.sampled_from(["app_id", "version", "sha256", "size", "signature"]))
    changed = data.draw((st.integers() if name == "size" else text).filter(lambda value: value != facts[name]))
    facts[name] = changed
    with pytest.raises(ClientError):
        KNOWN.verify(str(facts.pop("app_id")), str(facts.pop("version")), facts)


@settings(max_examples=300)
@given(place=st.integers(0, 63), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused(place: int, bit: int) -> None:
    raw = bytearray(base64.b64decode(signature().removeprefix("k1:")))
    raw[place] ^= 1 << bit
    with pytest.raises(ClientError):
        KNOWN.verify(APP_ID, "1.0.0", {**PACKAGE, "signature": f"k1:{base64.b64encode(raw).decode()}"})


@pytest.mark.parametrize(
    "package", [None, [], "x", {}, {**PACKAGE, "size": str(len(CONTENT))}, {**PACKAGE, "size": None}]
)
def test_what_is_no_package_is_refused(package: Any, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="names no package"):
        KNOWN.download(APP_ID, {"version": "1.0.0", "package": package}, tmp_path / "a.apkg")


@pytest.mark.parametrize("member", ["sha256", "signature"])
def test_a_package_without_a_fact_is_refused(member: str, tmp_path: Path) -> None:
    package = {name: value for name, value in PACKAGE.items() if name != member}
    with pytest.raises(ClientError, match="sign"):
        KNOWN.download(APP_ID, {"version": "1.0.0", "package": package}, tmp_path / "a.apkg")


# Against the real console -----------------------------------------------------------------------------------------


@pytest.fixture
def online(transactional_db: None) -> Version:
    """1.0.0, bound to one application."""
    return make_online(make_binding(make_program()).mini_program)


def parties(version: Version) -> tuple[MiniProgram, HostApplication]:
    """The program and the application to which it is bound."""
    program = version.mini_program
    return program, program.bindings.get().application


def test_keys_are_rotated_with_an_overlap(online: Version, tmp_path: Path, served: Served) -> None:
    program, application = parties(online)
    by = make_user()
    folders = [tmp_path / name for name in ("old", "both", "new")]
    for folder in folders:
        folder.mkdir()
    first = application.signing_keys.get()
    builds = [exported(folders[0], application)]
    second = add_signing_key(application, by=by)
    builds.append(exported(folders[1], application))
    told = json.loads(builds[1].read_text())
    told["signing_keys"] = [one for one in told["signing_keys"] if one["key_id"] == second.key_id]
    builds.append(folders[2] / "configuration.json")
    builds[2].write_text(json.dumps(told))
    address = served()
    options = ("--url", address, "--download")
    for build, folder in zip(builds, folders, strict=True):
        device(build, *options, str(folder), app_id=program.app_id)
    retire_signing_key(first, by=by)
    served()
    with pytest.raises(CommandError, match=NOT_SIGNED):
        device(builds[0], *options, str(folders[0]), app_id=program.app_id)
    for build, folder in zip(builds[1:], folders[1:], strict=True):
        device(build, *options, str(folder), app_id=program.app_id)


def test_a_trial_beside_the_online_version(online: Version, tmp_path: Path, served: Served) -> None:
    program, application = parties(online)
    trial = make_trial(make_version(program, "0.9.0"), query="from=qr")
    file = exported(tmp_path, application)
    address = served()
    options = ("--url", address, "--download", str(tmp_path))
    printed = device(file, *options, "--trial-token", trial.token, app_id=program.app_id)
    saved = tmp_path / f"{program.app_id}_0.9.0.apkg"
    assert printed == f"update 0.9.0 {saved}\nopens pages/index/index?from=qr\n"
    with trial.version.package.file.open("rb") as package:
        assert saved.read_bytes() == package.read()
    wrong = device(file, *options, "--trial-token", "x", app_id=program.app_id)
    assert wrong == f"update 1.0.0 {tmp_path / f'{program.app_id}_1.0.0.apkg'}\n"
    cancel_trial(program, by=program.created_by)
    ended = ("--url", served(), "--trial-token", trial.token, "--local-version", "0.9.0")
    assert device(file, *ended, app_id=program.app_id) == "update 1.0.0\n"


def test_a_file_that_came_another_way(online: Version, tmp_path: Path, served: Served) -> None:
    program, application = parties(online)
    file, offline = exported(tmp_path, application), tmp_path / "preset.apkg"
    address = served()
    answer = json.loads(device(file, "--url", address, "--json", app_id=program.app_id))
    with online.package.file.open("rb") as package:
        offline.write_bytes(package.read())
    options = ("--version-number", "1.0.0", "--signature", answer["package"]["signature"])
    assert device(file, *options, str(offline), app_id=program.app_id, action="verify") == "verified\n"
    with pytest.raises(CommandError, match=WRONG):
        device(file, *options, str(offline), action="verify")
    with offline.open("ab") as content:
        content.write(b"x")
    with pytest.raises(CommandError, match="The signature does not match version "):
        device(file, *options, str(offline), app_id=program.app_id, action="verify")
    with pytest.raises(CommandError, match="can't be read"):
        device(file, *options, str(tmp_path / "missing"), app_id=program.app_id, action="verify")


def test_the_privacy_agreement(online: Version, tmp_path: Path, served: Served) -> None:
    program, application = parties(online)
    make_agreement(program, data=[["location", "to show the next stop"]], contact_phone="+49 30 1234")
    file = exported(tmp_path, application)
    address = served()
    asked = ("--url", address)
    printed = device(file, *asked, app_id=program.app_id, action="privacy").splitlines()
    shown = dict(line.split(maxsplit=1) for line in printed)
    assert (shown["version"], shown["location"]) == ("1, the user has to agree", "to show the next stop")
    assert shown["contact"] == "privacy@example.com +49 30 1234"
    again = device(file, *asked, "--etag", shown["ETag"], app_id=program.app_id, action="privacy")
    assert again == f"not modified, ETag {shown['ETag']}\n"
    answer = json.loads(device(file, *asked, "--accepted", "1", "--json", app_id=program.app_id, action="privacy"))
    assert (answer["needs_new_consent"], answer["etag"] == shown["ETag"]) == (False, False)
    with pytest.raises(CommandError, match="404: "):
        device(file, *asked, action="privacy")
