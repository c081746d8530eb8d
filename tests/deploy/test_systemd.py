"""deploy/systemd: settings that units can't share, as their drop-ins have them."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import yaml

from console.celery import QUEUES
from console.local.addresses import PROJECT

SYSTEMD = PROJECT / "deploy" / "systemd"
COMMON = SYSTEMD / "console-.service.d" / "common.conf"


def setting(file: Path, name: str) -> str:
    """Return a setting of a service's section."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read(file)
    return parser["Service"][name]


def test_each_worker_and_beat_answer_prometheus_on_a_port_of_their_own() -> None:
    document = (PROJECT / "docs" / "observability.md").read_text()
    (example,) = re.findall(r"^    scrape_configs:\n(?:    .*\n)+", document, re.MULTILINE)
    targets = yaml.safe_load(example)["scrape_configs"][0]["static_configs"]
    asked = {target["labels"]["role"]: target["targets"] for target in targets}
    units = {f"worker-{queue}": f"console-worker@{queue}" for queue in QUEUES} | {"beat": "console-beat"}
    set_to = {
        role: setting(SYSTEMD / f"{unit}.service.d" / "metrics.conf", "Environment").removeprefix("METRICS_LISTEN=")
        for role, unit in units.items()
    }
    assert len(set(set_to.values())) == len(units)
    assert {role: asked[role] for role in units} == {role: [address] for role, address in set_to.items()}


def test_both_ports_between_which_upgrades_alternate_are_asked() -> None:
    script = (PROJECT / "deploy" / "install.sh").read_text()
    document = (PROJECT / "docs" / "observability.md").read_text()
    for role in ("web", "runtime"):
        (ports,) = re.findall(rf"^{role}_ports=\((\d+) (\d+)\)$", script, re.MULTILINE)
        named = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
        assert f"{{targets: [{named}], labels: {{role: {role}}}}}" in document


def test_runtime_sees_which_start_of_the_machine_it_is() -> None:
    """`/proc/sys/kernel/random/boot_id`, by which a kept snapshot is dated."""
    proc = SYSTEMD / "console-runtime@.service.d" / "proc.conf"
    assert setting(COMMON, "ProcSubset") == "pid"
    assert setting(proc, "ProcSubset") == "all"
    assert proc.name > COMMON.name  # The last one in the order of the alphabet counts.
