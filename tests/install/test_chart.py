"""deploy/helm/console, rendered by Helm's own code and held against Kubernetes' schemas; no cluster is asked."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import load_command_class

from console.celery import QUEUES
from console.local.addresses import PROJECT
from tests.deploy.test_compose import named_in

helm = pytest.importorskip("helm_python", reason="helm-python-sdk is not installed: make test-install")
kubernetes = pytest.importorskip("kubernetes_validate")

CHART = PROJECT / "deploy" / "helm" / "console"
GUIDE = (PROJECT / "docs" / "install-kit.md").read_text()
NEEDED: dict[str, Any] = {"trustedProxies": ["10.244.0.0/16"]}
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
ON = {"autoscaling": {"enabled": True}}
SETS: dict[str, dict[str, Any]] = {
    "least": NEEDED,
    "everything": {
        **NEEDED,
        "image": {"repository": "registry.example.com/console", "tag": "1.2.3"},
        "imagePullSecrets": [{"name": "registry"}],
        "settings": {"LOG_DAYS": 14, "TIME_ZONE": "Asia/Shanghai"},
        "caSecret": "authorities",
        "storage": {"storageClass": "nfs", "size": "1Ti"},
        "web": {**ON, "existingSecret": "console-web"},
        "runtime": {**ON, "existingSecret": "console-runtime"},
        "workers": dict.fromkeys(DEFAULTS["workers"], ON),
        "metrics": {"podMonitor": {"enabled": True, "token": True, "labels": {"release": "prometheus"}}},
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "console", "operator": "Exists"}],
        "podAnnotations": {"example.com/team": "console"},
        "podLabels": {"team": "console"},
        "priorityClassName": "high",
        "backup": {"claim": "backups"},
    },
    "little": {
        **NEEDED,
        "storage": {"enabled": False},
        "ingress": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "workers": {**dict.fromkeys(DEFAULTS["workers"]), "all": {**DEFAULTS["workers"]["mail"], "queues": [*QUEUES]}},
    },
    "own volume": {**NEEDED, "storage": {"existingClaim": "packages"}},
}
# The oldest that Chart.yaml names, and the newest that there are schemas of.
RELEASES = ("1.29", "1.37")
UNKNOWN = {"PodMonitor"}  # of Prometheus' operator


def render(values: dict[str, Any], name: str = "shop") -> list[dict[str, Any]]:
    """Return what Helm would install."""
    with helm.Chart.load(str(CHART)) as chart:
        files = chart.render(values, name=name, namespace="console")
    texts = [text for name, text in files.items() if name.endswith(".yaml")]
    return [found for text in texts for found in yaml.safe_load_all(text) if found]


def pods(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the pods that these objects start, by component."""
    specs = [one["spec"] for one in found if one["kind"] in ("Deployment", "Job")]
    specs += [one["spec"]["jobTemplate"]["spec"] for one in found if one["kind"] == "CronJob"]
    templates = [spec["template"] for spec in specs]
    return {template["metadata"]["labels"]["app.kubernetes.io/component"]: template for template in templates}


def test_helm_has_nothing_to_complain_about() -> None:
    report = helm.lint(str(CHART), NEEDED)
    assert report["errors"] == []
    assert [one["error"] for one in report["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_kubernetes_knows_every_field(values: dict[str, Any], release: str) -> None:
    found = render(values)
    assert len({(one["kind"], one["metadata"]["name"]) for one in found}) == len(found)
    for one in found:
        if one["kind"] not in UNKNOWN:
            kubernetes.validate(one, release, strict=True)


@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_a_pod_has_no_rights_and_can_write_nothing(values: dict[str, Any]) -> None:
    for component, pod in pods(render(values)).items():
        spec = pod["spec"]
        (container,) = spec["containers"]
        assert spec["securityContext"]["runAsNonRoot"] is True, component
        assert spec["securityContext"]["runAsUser"] == 10001  # of the Containerfile
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]
        own = values.get(component, {}).get("existingSecret")
        assert container["envFrom"] == [{"secretRef": {"name": name}} for name in ("console", own) if name]
        assert ("livenessProbe" in container) is (component not in ("migrate", "backup"))


@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_each_process_is_one_that_there_is(values: dict[str, Any]) -> None:
    parser = load_command_class("console.platform", "start").create_parser("manage.py", "start")
    commands = {component: pod["spec"]["containers"][0]["args"] for component, pod in pods(render(values)).items()}
    assert commands.pop("migrate") == ["migrate", "--noinput"]
    backup = load_command_class("console.platform", "backup").create_parser("manage.py", "backup")
    assert not commands.get("backup") or backup.parse_args(commands.pop("backup")[1:]).folder == Path("/backup")
    parsed = [parser.parse_args(command) for command in commands.values()]
    assert {options.role for options in parsed} == {"web", "runtime", "worker", "beat"}
    queues = [queue for options in parsed if options.role == "worker" for queue in options.queues.split(",")]
    assert sorted(queues) == sorted(QUEUES)


@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_what_selects_pods_finds_them(values: dict[str, Any]) -> None:
    found = render(values)
    labels = [pod["metadata"]["labels"] for pod in pods(found).values()]
    names = {one["metadata"]["name"] for one in found if one["kind"] == "Deployment"}
    for one in found:
        spec = one.get("spec", {})
        selector = spec.get("podSelector", spec.get("selector", {})) if one["kind"] != "PodMonitor" else {}
        wanted = selector.get("matchLabels", selector)
        matching = [label for label in labels if wanted.items() <= label.items()]
        if one["kind"] == "Service" and one["metadata"]["name"].endswith("-nowhere"):
            assert not matching
        elif wanted:
            assert matching, one["metadata"]["name"]
        if one["kind"] == "HorizontalPodAutoscaler":
            assert spec["scaleTargetRef"]["name"] in names
            assert spec["metrics"][0]["type"] == ("External" if "worker" in one["metadata"]["name"] else "Resource")


def test_migrations_run_before_anything_else_and_need_nothing_of_the_release() -> None:
    (job,) = [one for one in render(NEEDED) if one["kind"] == "Job"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    volumes = job["spec"]["template"]["spec"]["volumes"]
    assert all("emptyDir" in volume for volume in volumes)


def test_every_pod_has_the_authorities_where_a_secret_is_named() -> None:
    """The first connection to the database is the migrations', the last one a backup's."""
    found = pods(render(SETS["everything"]))
    assert {"web", "runtime", "beat", "migrate", "backup", "worker-mail"} <= set(found)
    for component, pod in found.items():
        (container,) = pod["spec"]["containers"]
        (mount,) = [one for one in container["volumeMounts"] if one["mountPath"] == "/etc/console/ca"]
        (volume,) = [one for one in pod["spec"]["volumes"] if one["name"] == mount["name"]]
        assert (volume["secret"], mount["readOnly"]) == ({"secretName": "authorities"}, True), component
    for pod in pods(render(NEEDED)).values():
        assert [one for one in pod["spec"]["volumes"] if "secret" in one] == []


def test_numbers_reach_the_processes_as_they_are_written() -> None:
    settings = {"OBJECT_LIST_BYTES": 5_000_000, "LOG_ENTRIES_PER_DAY": 1_000_000_000, "LOG_DAYS": 14, "RATE": 0.5}
    values = {**NEEDED, "settings": {**settings, "DEBUG": False, "TIME_ZONE": "UTC"}}
    expected = {name: str(value) for name, value in settings.items()} | {"DEBUG": "false", "TIME_ZONE": "UTC"}
    for pod in pods(render(values)).values():
        given = {one["name"]: one["value"] for one in pod["spec"]["containers"][0]["env"]}
        assert {name: given[name] for name in expected} == expected


@pytest.mark.parametrize(("role", "refused"), {"web": 30, "runtime": 10}.items())
def test_a_server_that_waits_for_the_database_goes_on(role: str, refused: int) -> None:
    """Its threads answer probes, too. No restart helps, and without pods nobody reads what the console says."""
    (container,) = pods(render(NEEDED))[role]["spec"]["containers"]
    alive, ready = container["livenessProbe"], container["readinessProbe"]
    assert (alive["timeoutSeconds"], alive["periodSeconds"] * alive["failureThreshold"]) == (10, 120)
    assert ready["periodSeconds"] * ready["failureThreshold"] == refused  # web: longer than a fail-over takes


def test_a_backup_is_made_where_a_claim_is_named() -> None:
    assert not [one for one in render(NEEDED) if one["kind"] == "CronJob"]
    values = {**NEEDED, "backup": {"claim": "backups", "schedule": "0 4 * * *", "keep": 7}}
    (job,) = [one for one in render(values) if one["kind"] == "CronJob"]
    assert (job["spec"]["schedule"], job["spec"]["concurrencyPolicy"]) == ("0 4 * * *", "Forbid")
    spec = job["spec"]["jobTemplate"]["spec"]
    # One that lacks files, or hangs, is not made again, and keeps no other from being made.
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (0, 21600)
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"] == ["backup", "/backup", "--keep", "7"]
    claims = {one["name"]: one.get("persistentVolumeClaim", {}).get("claimName") for one in pod["volumes"]}
    mounts = {one["mountPath"]: claims[one["name"]] for one in container["volumeMounts"]}
    assert (mounts["/backup"], mounts["/var/lib/console"]) == ("backups", "shop-data")


def test_the_guide_restores_by_the_job_of_the_backup() -> None:
    """Its patch turns that Job, of this chart, into one that restores into another volume, however long it takes."""
    (patch,) = re.findall(r"--patch '(\[.*?\])'", GUIDE, re.DOTALL)
    (cron,) = [one for one in render(SETS["everything"]) if one["kind"] == "CronJob"]
    job = cron["spec"]["jobTemplate"]
    for change in json.loads(patch):
        *path, last = change["path"].removeprefix("/").split("/")
        where = functools.reduce(lambda node, key: node[int(key) if isinstance(node, list) else key], path, job)
        assert last in where, change["path"]
        where.pop(last)
        if change["op"] == "replace":
            where[last] = change["value"]
    spec = job["spec"]["template"]["spec"]
    restore = load_command_class("console.platform", "restore").create_parser("manage.py", "restore")
    command, *args = spec["containers"][0]["args"]
    assert (command, restore.parse_args(args).backup.parent) == ("restore", Path("/backup"))
    volumes = [one for one in spec["volumes"] if "persistentVolumeClaim" in one]
    claims = {one["name"]: one["persistentVolumeClaim"]["claimName"] for one in volumes}
    assert claims == {"backup": "backups", "data": "console-data-2"}
    assert "activeDeadlineSeconds" not in job["spec"]


def test_the_guide_names_what_the_chart_makes() -> None:
    found = render(SETS["everything"], name="console")
    kinds = {"deploy": "Deployment", "job": "Job", "cronjob": "CronJob"}
    names = {(one["kind"], one["metadata"]["name"]) for one in found} | {("Job", "restore")}  # made by hand
    commands = re.findall(r"kubectl[^`\n]*?[ =](deploy|cronjob|job)/([a-z-]+)", GUIDE)
    named = {(kinds[kind], name) for kind, name in commands}
    assert {("Deployment", "console-web"), ("CronJob", "console-backup"), ("Job", "console-migrate")} <= named <= names


def test_devices_have_processes_of_their_own_and_probes_are_not_published() -> None:
    (ingress,) = [one for one in render(NEEDED) if one["kind"] == "Ingress"]
    paths = {one["path"]: one["backend"]["service"]["name"] for one in ingress["spec"]["rules"][0]["http"]["paths"]}
    shipped = (PROJECT / "deploy" / "nginx" / "console.conf").read_text()
    (of_machines,) = set(re.findall(r"location ~ \^/\((runtime/v1\|[^)]+)\)/", shipped))
    assert {path for path, name in paths.items() if name == "shop-runtime"} == {
        f"/{family}" for family in of_machines.split("|")
    }
    assert f"/({of_machines})/" in GUIDE  # of the header that ingress-nginx has to add
    assert paths["/"] == "shop-web"
    assert paths["/healthz"] == paths["/readyz"] == "shop-nowhere"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no proxy": ({}, "Set trustedProxies"),
    "no network": ({"trustedProxies": ["ingress"]}, "/trustedProxies/0"),
    "a secret": ({**NEEDED, "settings": {"SECRET_KEY": "x"}}, "SECRET_KEY"),
    "no name of a setting": ({**NEEDED, "settings": {"log-days": 1}}, "log-days"),
    "a slip": ({**NEEDED, "replicas": 3}, "replicas"),
    "nobody": ({**NEEDED, "web": {"replicas": 0}}, "/web/replicas"),
    "a queue that there is not": ({**NEEDED, "workers": {"mail": {"queues": ["post"]}}}, "/workers/mail/queues/0"),
    "a queue without a worker": ({**NEEDED, "workers": {"mail": None}}, "has the queue mail"),
}


@pytest.mark.parametrize(("values", "why"), REFUSED.values(), ids=REFUSED)
def test_values_that_can_not_work_are_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(helm.HelmError, match=why):
        render(values)


def test_settings_are_those_of_the_console() -> None:
    known = named_in(PROJECT / ".env.example") | {"LISTEN"}  # of the image's entry point
    for pod in pods(render(SETS["everything"])).values():
        (container,) = pod["spec"]["containers"]
        assert {one["name"] for one in container["env"]} <= known
        assert container["image"] == "registry.example.com/console:1.2.3"


def test_processes_listen_where_the_cluster_reaches_them() -> None:
    metrics = {"podMonitor": {"enabled": True}}
    for listen, of_metrics in {"0.0.0.0": "0.0.0.0:9464", "::": "[::]:9464"}.items():
        found = pods(render({**NEEDED, "metrics": metrics, "listen": listen}))
        given = {
            component: {one["name"]: one["value"] for one in pod["spec"]["containers"][0]["env"]}
            for component, pod in found.items()
        }
        assert (given["web"]["LISTEN"], given["runtime"]["LISTEN"]) == (listen, listen)
        assert (given["beat"]["METRICS_LISTEN"], given["worker-mail"]["METRICS_LISTEN"]) == (of_metrics, of_metrics)


def test_the_chart_has_the_version_of_the_console() -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version)
    assert f"ARG VERSION={version}\n" in (PROJECT / "deploy" / "Containerfile").read_text()


def test_hadolint_has_nothing_to_complain_about() -> None:
    folders = [Path(path) / "bin" for path in os.environ.get("PYTHONPATH", "").split(":")]
    found = shutil.which("hadolint", path=os.pathsep.join(map(str, [*folders, Path(sys.executable).parent])))
    assert found
    done = subprocess.run([found, PROJECT / "deploy" / "Containerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
