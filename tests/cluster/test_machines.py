"""What a person does on one machine, devices learn from all of them (G-3, G-5, K-2, V-12)."""

from __future__ import annotations

import itertools
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.ledger import Lost, ask
from tests.chaos.people import Person
from tests.cluster.machines import Cluster, Machine, until
from tests.cluster.people import device_asks, person_at, through_nginx
from tests.cluster.seeding import PLACES

TOKEN = "/cgi-bin/stable_token"


def guid(number: int) -> str:
    """Return the device's."""
    return f"0302{number:028}"


def version_of(cluster: Cluster, port: int, app_id: str, **device: Any) -> tuple[str, str]:
    """Return the version and the channel that a runtime tells a device."""
    found = cluster.update(port, app_id, **{"guid": guid(1), **device}).json
    return found["version"], found["channel"]


def at_each(cluster: Cluster, app_id: str, **device: Any) -> set[tuple[str, str]]:
    """Return what both runtimes tell a device."""
    return {version_of(cluster, machine.runtime, app_id, **device) for machine in cluster.machines}


@pytest.fixture(scope="module")
def admin(cluster: Cluster) -> Person:
    """The administrator, who has signed in on the first machine."""
    return person_at(cluster.machines[0], cluster.facts["admin"])


@pytest.fixture(scope="module")
def elsewhere(cluster: Cluster, admin: Person) -> Person:
    """The same, with the same session, at the second machine."""
    return person_at(cluster.machines[1], cluster.facts["admin"], session=admin.session)


def test_a_session_is_known_to_all_machines(cluster: Cluster) -> None:
    here = person_at(cluster.machines[1], cluster.facts["admin"])
    there = person_at(cluster.machines[0], cluster.facts["admin"], session=here.session)
    assert there.get("/miniprograms/").status == 200
    assert through_nginx(cluster, "GET", "/miniprograms/", Cookie=f"sessionid={here.session}").status == 200
    there.post("/account/sign-out/", {})
    assert here.get("/miniprograms/").headers["Location"].startswith("/account/sign-in/")


def test_a_list_that_came_to_one_machine(cluster: Cluster, admin: Person, elsewhere: Person) -> None:
    listed = cluster.facts["listed"]
    path = f"/miniprograms/{listed['app_id']}/grayscale"
    reply = admin.post(f"{path}/lists/", {"kind": "account"}, b"ann\nbob\n")
    draft = json.loads(reply.body.splitlines()[-1])["draft"]
    now = datetime.now(UTC)
    form = {
        "version": str(listed["version"]),
        "name": "Two machines",
        "starts_at": f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}",
        "user_limit": "10",
        "applications": str(cluster.facts["application"]),
        "platforms": "android",
        "objects-account_use": "on",
        "objects-account_mode": "upload",
        "objects-account_draft": str(draft),
        "objects-account_accept": str(draft),
    }
    assert elsewhere.post(f"{path}/new/", form).status == 302
    ask_for = {"app_id": listed["app_id"], "account": "ann"}
    until(lambda: at_each(cluster, **ask_for) == {("1.1.0", "grayscale")}, "not all machines follow")
    assert at_each(cluster, listed["app_id"], guid=guid(2), account="eve") == {("1.0.0", "online")}
    for machine in cluster.machines:
        assert [*Path(machine.environment["OBJECT_LIST_CACHE"]).glob(f"{draft}.hashes")]


def test_a_publish_on_one_machine(cluster: Cluster, admin: Person) -> None:
    app_id = cluster.facts["published"]["app_id"]
    assert at_each(cluster, app_id) == {("1.0.0", "online")}
    assert admin.post(f"/miniprograms/{app_id}/versions/1.1.0/publish/", {"note": "out"}).status == 302
    until(lambda: at_each(cluster, app_id) == {("1.1.0", "online")}, "not all machines follow")
    url = device_asks(cluster, app_id, guid(3)).json["package"]["url"]
    assert through_nginx(cluster, "GET", url, **cluster.device_headers).body.startswith(b"PK")


def test_a_secret_that_is_frozen_on_one_machine(cluster: Cluster, elsewhere: Person) -> None:
    steady = cluster.facts["steady"]
    body = {"grant_type": "client_credential", "appid": steady["app_id"], "secret": steady["secret"]}

    def codes() -> set[int]:
        posted = json.dumps(body).encode()
        asked = [ask(machine.runtime, "POST", TOKEN, posted, timeout=20).json for machine in cluster.machines]
        return {answer.get("errcode", 0) for answer in asked}

    assert codes() == {0}
    assert elsewhere.post(f"/miniprograms/{steady['app_id']}/keys/freeze/", {"note": "leaked"}).status == 302
    assert codes() == {40243}  # with the very next request


def test_places_are_exact_over_all_machines(cluster: Cluster) -> None:
    claimed = cluster.facts["claimed"]
    ports = itertools.cycle([machine.runtime for machine in cluster.machines])

    def place(number: int, port: int) -> str:
        return str(version_of(cluster, port, claimed["app_id"], guid=guid(number))[1])

    with ThreadPoolExecutor(8) as devices:
        asking = [(number, port) for number, port in zip(range(100, 180), ports, strict=False)]
        channels = list(devices.map(place, *zip(*asking, strict=True)))
        again = list(devices.map(place, range(100, 180), (port for _n, port in asking[1:] + asking[:1])))
    assert channels.count("grayscale") == PLACES
    assert again == channels  # Each has been at the other machine.
    assert cluster.rows("SELECT count(*) FROM grayscale_claim WHERE task_id = %s", claimed["task"]) == [(PLACES,)]


def test_one_machine_dies_and_nobody_notices(cluster: Cluster, admin: Person) -> None:
    """What nginx had given to it is answered by the other one, too."""
    app_id, cookie = cluster.facts["published"]["app_id"], f"sessionid={admin.session}"
    machine = cluster.machines[0]

    def device(_number: int) -> int:
        return device_asks(cluster, app_id, guid(4)).status

    def person(_number: int) -> int:
        return through_nginx(cluster, "GET", "/miniprograms/", Cookie=cookie).status

    killed = [pid for role in ("web", "runtime") for pid in _processes(cluster, f"{role}-{machine.name}")]
    with ThreadPoolExecutor(16) as clients:
        send(killed, signal.SIGSTOP)
        asking = [clients.submit(one, number) for number in range(8) for one in (device, person)]
        until(lambda: sum(one.done() for one in asking) > 4, "the other machine does not answer")
        assert not all(one.done() for one in asking)
        send(killed, signal.SIGKILL)
        assert {one.result() for one in asking} == {200}
        while not _is_up(machine):
            assert (device(1), person(1)) == (200, 200)


def _is_up(machine: Machine) -> bool:
    try:
        return all(ask(port, "GET", "/healthz").status == 200 for port in (machine.web, machine.runtime))
    except Lost:
        return False


def _processes(cluster: Cluster, name: str) -> list[int]:
    """Return a server's workers and its main process."""
    return [cluster.main(name), *cluster.children(name)]


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes that this test has started."""
    for pid in pids:
        os.kill(pid, number)
