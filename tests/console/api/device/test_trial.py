"""The trial channel of POST /runtime/v1/update, and the packages that it opens (V-14, R-1, R-2)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grayscale.models import Claim
from miniprograms import actions as programs
from miniprograms.models import Binding, MiniProgram
from releases.actions.trial import cancel_trial, set_trial
from releases.models import TrialVersion, Version
from tests.console.api.device.asking import Device
from tests.factories import (
    make_application,
    make_approved,
    make_binding,
    make_online,
    make_program,
    make_task,
    make_trial,
    make_version,
)

ONLINE = ("update", "1.0.0", "online", None, None)


@pytest.fixture
def trial(program: MiniProgram) -> TrialVersion:
    """0.9.0, lower than the online version and never in an audit."""
    return make_trial(make_version(program, "0.9.0"), page="pages/about/about", query="from=qr")


def told(device: Device, program: MiniProgram, **members: Any) -> tuple[Any, ...]:
    """Ask; return status, version, channel, page and query."""
    reply = device.update(program.app_id, **members)
    assert reply.status == 200, reply.body
    return tuple(reply.json[name] for name in ("status", "version", "channel", "page", "query"))


def test_who_presents_the_token_gets_the_trial(device: Device, program: MiniProgram, trial: TrialVersion) -> None:
    answer = device.update(program.app_id, trial_token=trial.token, local_version="1.0.0").json
    package = trial.version.package
    signature = answer["package"].pop("signature")
    assert signature.startswith(f"{device.application.signing_keys.get().key_id}:")
    assert answer == {
        "status": "update",
        "version": "0.9.0",
        "channel": "trial",
        "package": {
            "url": f"/runtime/v1/packages/{package.sha256}.apkg?trial_token={trial.token}",
            "sha256": package.sha256,
            "size": package.size,
        },
        "page": "pages/about/about",
        "query": "from=qr",
    }
    assert told(device, program, trial_token=trial.token, local_version="0.9.0") == (
        "current",
        "0.9.0",
        "trial",
        "pages/about/about",
        "from=qr",
    )


def test_any_other_token_is_as_none(device: Device, program: MiniProgram, trial: TrialVersion) -> None:
    theirs = make_trial(make_version(make_program()))
    bound = make_trial(make_version(make_binding(make_program(), device.application).mini_program))
    none = device.update(program.app_id)
    same = [trial.token[:-1], trial.token + "x", trial.token.swapcase(), "x", "ключ", "\U0001f511", theirs.token]
    for token in [*same, bound.token, None]:
        reply = device.update(program.app_id, trial_token=token)
        assert (reply.status, reply.headers, reply.body) == (none.status, none.headers, none.body), token
    assert told(device, program) == ONLINE


@pytest.mark.parametrize("state", ["development", "in_audit", "approved", "rejected", "online", "retired"])
def test_a_version_in_any_state(device: Device, program: MiniProgram, state: str) -> None:
    version = make_version(program, "2.0.0")
    if state == "online":
        version = program.versions.online().get()
    else:
        Version.objects.filter(pk=version.pk).update(state=state)
    trial = make_trial(version)
    assert told(device, program, trial_token=trial.token)[:3] == ("update", version.number, "trial")
    assert told(device, program)[1:3] == ("1.0.0", "online")


def test_nothing_is_online_yet(device: Device) -> None:
    program = make_binding(make_program(), device.application).mini_program
    trial = make_trial(make_version(program))
    assert told(device, program, trial_token=trial.token)[:3] == ("update", "1.0.0", "trial")
    assert told(device, program)[:2] == ("unavailable", None)


def test_it_changes_and_is_cancelled(device: Device, program: MiniProgram, trial: TrialVersion) -> None:
    by, token = program.created_by, trial.token
    second = make_version(program, "1.2.0")
    set_trial(program, version=second, page="pages/index/index", seen=trial.set_at, by=by)
    assert told(device, program, trial_token=token, local_version="0.9.0") == (
        "update",
        "1.2.0",
        "trial",
        "pages/index/index",
        "",
    )
    url = device.update(program.app_id, trial_token=token).json["package"]["url"]
    assert device.ask("GET", url).status == 200
    cancel_trial(program, by=by)
    assert told(device, program, trial_token=token, local_version="1.2.0") == ONLINE
    assert device.ask("GET", url).status == 404
    again = set_trial(program, version=second, page="pages/index/index", by=by)
    assert again.token != token
    assert told(device, program, trial_token=token) == ONLINE
    assert told(device, program, trial_token=again.token)[2] == "trial"


def test_off_the_shelf_and_unbound(device: Device, binding: Binding, trial: TrialVersion) -> None:
    program, by, asked = binding.mini_program, binding.mini_program.created_by, {"trial_token": trial.token}
    url = device.update(program.app_id, **asked).json["package"]["url"]
    programs.take_off_shelf(program, by=by, reason="")
    assert (told(device, program, **asked)[0], device.ask("GET", url).status) == ("removed", 404)
    programs.put_on_shelf(program, by=by)
    assert (told(device, program, **asked)[2], device.ask("GET", url).status) == ("trial", 200)
    programs.unbind(binding, by=by)
    assert (told(device, program, **asked)[0], device.ask("GET", url).status) == ("removed", 404)
    other = Device(device.way, make_application())
    assert (told(other, program, **asked)[0], other.ask("GET", url).status) == ("unavailable", 404)


def test_it_comes_before_grayscale_and_takes_no_place(device: Device, program: MiniProgram) -> None:
    make_task(make_approved(program, "3.0.0"))
    trial = make_trial(make_version(program, "2.0.0"))
    assert told(device, program, trial_token=trial.token)[1:3] == ("2.0.0", "trial")
    assert Claim.objects.count() == 0
    assert told(device, program)[1:3] == ("3.0.0", "grayscale")
    assert told(device, program, trial_token=trial.token, local_version="3.0.0")[1:3] == ("2.0.0", "trial")
    assert told(device, program, local_version="2.0.0")[1:3] == ("3.0.0", "grayscale")
    assert Claim.objects.count() == 1


def test_its_package_needs_the_token(device: Device, program: MiniProgram, trial: TrialVersion) -> None:
    package = trial.version.package
    path = f"/runtime/v1/packages/{package.sha256}.apkg"
    unknown = device.package("0" * 64)
    theirs = make_trial(make_version(make_binding(make_program(), device.application).mini_program))
    for query in ["", "?", "?trial_token=", "?trial_token=x", "?trial_token=%00%ff", f"?trial_token={theirs.token}"]:
        reply = device.ask("GET", path + query)
        assert (reply.status, reply.headers, reply.body) == (404, unknown.headers, unknown.body), query
    link = f"{path}?trial_token={trial.token}"
    whole = device.ask("GET", link)
    with package.file.open("rb") as file:
        assert (whole.status, whole.body) == (200, file.read())
    assert whole.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    part = device.ask("GET", link, HTTP_RANGE="bytes=3-5")
    assert (part.status, part.body) == (206, whole.body[3:6])
    assert device.ask("GET", link, HTTP_IF_NONE_MATCH=whole.headers["ETag"]).status == 304
    head = device.ask("HEAD", link)
    assert (head.status, head.body, head.headers) == (200, b"", whole.headers)
    assert device.ask("GET", link, HTTP_AUTHORIZATION=None).status == 401


def test_a_package_that_is_also_served_needs_none(device: Device, program: MiniProgram) -> None:
    online = program.versions.online().get()
    trial = make_trial(online)
    assert device.package(online.package.sha256).status == 200
    assert device.ask("GET", f"/runtime/v1/packages/{online.package.sha256}.apkg?trial_token=old").status == 200
    assert told(device, program, trial_token=trial.token, local_version="1.0.0")[0::2] == (
        "current",
        "trial",
        trial.query,
    )


def test_no_token_opens_a_later_trial_by_chance(device: Device, program: MiniProgram) -> None:
    first = make_trial(make_version(program, "2.0.0"))
    first.delete()
    second = make_trial(first.version, set_at=timezone.now())
    assert told(device, program, trial_token=first.token) == ONLINE
    assert told(device, program, trial_token=second.token)[2] == "trial"


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(token=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=128))
def test_only_the_very_token(device: Device, program: MiniProgram, trial: TrialVersion, token: str) -> None:
    assert told(device, program, trial_token=token) == ONLINE


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(query=st.text(max_size=200))
def test_no_query_breaks_a_download(device: Device, trial: TrialVersion, query: str) -> None:
    path = f"/runtime/v1/packages/{trial.version.package.sha256}.apkg"
    assert device.ask("GET", path, QUERY_STRING=query.encode().decode("latin-1")).status == 404


def test_an_online_version_of_an_other_program_with_the_package(device: Device, trial: TrialVersion) -> None:
    twin = make_online(make_binding(make_program(), device.application).mini_program)
    Version.objects.filter(pk=twin.pk).update(package=trial.version.package)
    assert device.package(trial.version.package.sha256).status == 200
