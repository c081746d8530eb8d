"""Dashboard, alerts and document name the metrics that there are, with their labels; the alerts do what they say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from console.api.hooks import health
from console.base.core import metrics
from console.local.pytest_plugin import NO_PROMTOOL
from console.platform import truths

ROOT = Path(settings.BASE_DIR)
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboard.json"
DOCUMENT = (ROOT / "docs" / "observability.md").read_text()
OF_PROMETHEUS = {"up"}
OF_TARGETS = {"instance", "job", "role", "machine", "le"}  # labels that Prometheus and the histogram add
NAME = re.compile(r"\bconsole_[a-z_]+")
MATCHED = re.compile(r"\b([a-z_]+)\{([^}]*)\}")


def labels() -> dict[str, set[str]]:
    """The labels of each metric, by its name in the database of Prometheus."""
    found: dict[str, set[str]] = {f"console_{name}": set(labels) for name, (_words, labels) in truths.GAUGES.items()}
    for metric in metrics.registry._collector_to_names:
        suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}[metric._type]
        found |= {f"{metric._name}{suffix}": set(metric._labelnames) for suffix in suffixes}
    return found


def rules() -> list[dict[str, Any]]:
    """The alerts."""
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    """All that is asked of Prometheus."""
    yield from (rule["expr"] for rule in rules())
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))


def test_only_metrics_that_there_are_are_asked_for() -> None:
    known, asked = labels(), set()
    for expression in expressions():
        asked |= set(NAME.findall(expression))
        for name, matchers in MATCHED.findall(expression):
            used = set(re.findall(r"([a-z_]+)\s*(?:=|!=|=~|!~)", matchers))
            assert used <= known.get(name, set()) | OF_TARGETS, expression
            assert name in known.keys() | OF_PROMETHEUS, expression
        grouped = {label.strip() for found in re.findall(r"by \(([^)]*)\)", expression) for label in found.split(",")}
        assert grouped <= set().union(*known.values()) | OF_TARGETS, expression
    assert asked - known.keys() == set()
    assert len(asked) > 20


def test_every_metric_is_shown_or_watched() -> None:
    asked = {re.sub("_(bucket|sum|count)$", "", name) for text in expressions() for name in NAME.findall(text)}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in labels()} - asked == set()


def test_the_document_says_what_each_metric_and_each_alert_means() -> None:
    rows = dict(re.findall(r"^\| `(console_[a-z_]+)` \|([^|]*)\|", DOCUMENT, re.MULTILINE))
    known = {re.sub("_(bucket|sum|count)$", "", name): names for name, names in labels().items()}
    assert rows.keys() == known.keys()
    assert {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in rows.items()} == known
    assert re.findall(r"^\| `(Console\w+)` \|", DOCUMENT, re.MULTILINE) == [rule["alert"] for rule in rules()]


def test_so_many_webhooks_are_paused_at_once_for_the_alert_as_for_the_page() -> None:
    (paused,) = (rule["expr"] for rule in rules() if rule["alert"] == "ConsoleWebhooksPaused")
    share, least = re.search(r"> ([0-9.]+).*>= ([0-9]+)", paused, re.DOTALL).groups()  # type: ignore[union-attr]
    assert (float(share), int(least)) == (health.SHARE_IN_COMMON, health.LEAST_IN_COMMON)


def test_each_panel_has_its_place() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(panels) == len({panel["id"] for panel in panels})
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


@pytest.mark.skipif(shutil.which("promtool") is None, reason=NO_PROMTOOL)
def test_the_alerts_fire_and_stay_silent(tmp_path: Path) -> None:
    """By Prometheus' own tool, on numbers of tests/console/platform/alerts.yml."""
    cases = tmp_path / "alerts.yml"
    cases.write_text(Path(__file__).with_name("alerts.yml").read_text().replace("RULES", str(ALERTS)))
    for command in (["check", "rules", str(ALERTS)], ["test", "rules", str(cases)]):
        done = subprocess.run(["promtool", *command], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
