"""The signature of a package in an update's answer (R-8)."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from console.api.device import client, signatures
from console.base.hosts import signing
from console.base.hosts.actions.sealed import add_signing_key, retire_signing_key
from console.base.hosts.models import SigningKey
from console.base.hosts.signing import seeds, sign, statement
from miniprograms.models import MiniProgram
from releases import actions as releases
from releases.models import Version
from tests.console.api.device.asking import Device, Reply
from tests.factories import (
    make_application,
    make_approved,
    make_binding,
    make_task,
    make_trial,
    make_user,
    make_version,
)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """No signature of another test."""
    signatures._signature.cache_clear()
    signing._seed.cache_clear()


def verified(reply: Reply, program: MiniProgram, version: Version) -> list[str]:
    """Check each signature with its public key over what the document says; return the key ids."""
    assert reply.status == 200, reply.body
    lines = ("mini-program-package-v1", program.app_id, version.number, version.package.sha256, version.package.size)
    content = "".join(f"{line}\n" for line in lines).encode()
    found = []
    for one in reply.json["package"]["signature"].split(" "):
        key_id, signature = one.split(":")
        public = base64.b64decode(SigningKey.objects.get(key_id=key_id).public_key)
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature, validate=True), content)
        found.append(key_id)
    return found


def test_the_key_of_the_asking_application_signs(device: Device, program: MiniProgram) -> None:
    online = program.versions.online().get()
    other = Device(device.way, make_application())
    make_binding(program, other.application)
    for one in (device, other):
        assert verified(one.update(program.app_id), program, online) == [one.application.signing_keys.get().key_id]


def test_each_channel_is_signed(device: Device, program: MiniProgram) -> None:
    key_ids = [device.application.signing_keys.get().key_id]
    candidate = make_approved(program, "2.0.0")
    task = make_task(candidate)
    assert verified(device.update(program.app_id), program, task.version) == key_ids
    trial = make_trial(make_version(program, "0.1.0"))
    assert verified(device.update(program.app_id, trial_token=trial.token), program, trial.version) == key_ids
    releases.publish(candidate, by=program.created_by)
    assert verified(device.update(program.app_id, local_version="1.0.0"), program, candidate) == key_ids


def test_keys_are_rotated_with_an_overlap(device: Device, program: MiniProgram) -> None:
    online, by = program.versions.online().get(), make_user()
    old = device.application.signing_keys.get()
    new = add_signing_key(device.application, by=by)
    assert verified(device.update(program.app_id), program, online) == [new.key_id, old.key_id]
    retire_signing_key(old, by=by)
    assert verified(device.update(program.app_id), program, online) == [new.key_id]


def test_the_page_and_devices_sign_alike(device: Device, program: MiniProgram) -> None:
    add_signing_key(device.application, by=make_user())
    package = program.versions.online().get().package
    told = device.update(program.app_id).json["package"]["signature"]
    keys = device.application.signing_keys.active().values_list("key_id", "sealed")
    assert told == sign(seeds(keys), statement(program.app_id, "1.0.0", package.sha256, package.size))


def lose(key: SigningKey) -> None:
    """As it is after SECRET_KEY was lost."""
    SigningKey.objects.filter(pk=key.pk).update(sealed="gAAAAABnothing")


def test_a_key_that_cannot_be_read_is_left_out(
    device: Device, program: MiniProgram, caplog: pytest.LogCaptureFixture
) -> None:
    online, lost = program.versions.online().get(), device.application.signing_keys.get()
    new = add_signing_key(device.application, by=make_user())
    lose(lost)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert verified(device.update(program.app_id), program, online) == [new.key_id]
    assert [record.args for record in caplog.records if record.name == signing.__name__] == [(lost.key_id,)]


@pytest.mark.parametrize("how", ["lost", "retired"])
def test_without_any_key_devices_go_on_with_what_they_have(device: Device, program: MiniProgram, how: str) -> None:
    if how == "lost":
        lose(device.application.signing_keys.get())
    else:
        device.application.signing_keys.update(retired_at=timezone.now())
    reply = device.update(program.app_id)
    assert (reply.status, reply.json["code"], reply.headers["Retry-After"]) == (503, "signing_unavailable", "60")
    assert device.update(program.app_id, local_version="1.0.0").json["status"] == "current"
    new = add_signing_key(device.application, by=make_user())
    assert verified(device.update(program.app_id), program, program.versions.online().get()) == [new.key_id]


def test_a_million_devices_cost_one_signature(device: Device, program: MiniProgram) -> None:
    for number in range(5):
        device.update(program.app_id, guid=f"0302{number:028}")
    counted = signatures._signature.cache_info()
    assert counted.misses == 1


def test_the_memory_for_signatures_is_bounded() -> None:
    assert signatures._signature.cache_info().maxsize == signatures.REMEMBERED


Facts = tuple[str, str, str, int]
line = st.text("1.a ", min_size=1, max_size=3)
facts = st.tuples(line, line, line, st.integers(0, 111))


@given(facts, facts)
def test_two_packages_never_have_one_statement(one: Facts, other: Facts) -> None:
    assert (statement(*one) == statement(*other)) == (one == other)
    assert client.statement(*one) == statement(*one)


def test_the_example_of_the_document() -> None:
    document = (Path(settings.BASE_DIR) / "docs/device-api.md").read_text(encoding="utf-8")
    sha256 = hashlib.sha256(b"example").hexdigest()
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes_raw()
    key_id = hashlib.sha256(public).hexdigest()[:16]
    lines = ["mini-program-package-v1", "mp0123456789abcd", "1.1.0", sha256, "183201"]
    content = statement("mp0123456789abcd", "1.1.0", sha256, 183201)
    assert content == "".join(f"{line}\n" for line in lines).encode()
    signed = sign({key_id: bytes(range(32))}, content)
    named = {"key_id": key_id, "public_key": base64.b64encode(public).decode()}
    for written in (
        "".join(f"    {line}\n" for line in lines),
        "".join(f"    {line.encode().hex()}0a\n" for line in lines),
        f"The same {len(content)} bytes in hex",
        f"\n    {signed}\n",
        f"`{json.dumps(named)}`",
    ):
        assert document.count(written) == 1, written
    answer = {"sha256": sha256, "size": 183201, "signature": signed}
    client.Client("", "", "", {key_id: public}).verify("mp0123456789abcd", "1.1.0", answer)


def test_another_statement_does_not_verify(device: Device, program: MiniProgram) -> None:
    online = program.versions.online().get()
    reply = device.update(program.app_id)
    online.patch += 1
    with pytest.raises(InvalidSignature):
        verified(reply, program, online)
