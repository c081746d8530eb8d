"""The recipes of deploy/cli run: their shell steps, with a build that has been made and no network (A-3)."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from console.api.manage.models import Upload
from releases.actions import decide
from releases.models import ReviewDecision, Version
from tests import factories
from tests.cli.conftest import ROOT
from tests.cli.projects import built, write

pytestmark = pytest.mark.django_db(transaction=True)
RECIPES = ROOT / "deploy/cli/recipes"
LONGEST = 120  # seconds
NO_TOKEN = {"MPC_TOKEN": ""}
CREDENTIALS = "MPC_TOKEN = credentials('mpc-token')"
# Programs that a pipeline has and this test must not run: they install, or build what is built already.
STANDS_IN = ("taro", "uni", "apt-get", "pipx", "pip")
# Of npm what `npm run` does.
NPM = """[ "$1" = run ] || exit 0
exec sh -c "$(python3 -c 'import json, sys; print(json.load(open("package.json"))["scripts"][sys.argv[1]])' "$2")"
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for PATH: `mpc` as it is installed, and stand-ins that fetch nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {
        "mpc": f'exec {shlex.quote(sys.executable)} -m mpc "$@"',
        "npm": NPM,
        **dict.fromkeys(STANDS_IN, "exit 0"),
    }
    # A virtual environment of the pipeline's own gets the same.
    scripts["python3"] = f'case "$*" in "-m venv "*) mkdir -p "$3/bin"; ln -sf {folder}/pip "$3/bin/pip";; '
    scripts["python3"] += f'*) exec {shlex.quote(sys.executable)} "$@";; esac'
    for name, body in scripts.items():
        file = folder / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)
    return folder


@pytest.fixture
def shell(pipeline, program, tools, project):
    """Run a step as a runner does: shell(script, **environment), in the project, as a robot for the whole of it."""
    mpc = pipeline("read", "upload", "submit", "publish")

    def run(script: str, **env: str) -> str:
        path = f"{tools}{os.pathsep}{mpc.env['PATH']}"
        full = {**mpc.env, "PATH": path, "MPC_APP_ID": program.app_id, "MPC_PACKAGE": "mpc.whl", **env}
        command = ["bash", "-eo", "pipefail", "-c", script]
        done = subprocess.run(
            command, cwd=project, env=full, capture_output=True, text=True, timeout=LONGEST, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def approve() -> None:
    """What a reviewer does while a pipeline waits."""
    for decision in ReviewDecision.objects.waiting():
        decide(decision, approve=True, by=factories.make_reviewer(decision.application), note="Fine")


def state() -> dict[str, str]:
    return {version.number: version.state for version in Version.objects.all()}


def test_github_actions(shell):
    job = yaml.safe_load((RECIPES / "github-actions.yml").read_text())["jobs"]["upload"]
    steps = {step["name"]: step for step in job["steps"] if "run" in step}
    env = {"GITHUB_REF_NAME": "v2.0.1", "GITHUB_REPOSITORY": "acme/bus", "GITHUB_SHA": "0123abc"}
    assert "MPC_TOKEN" not in job["env"]

    def run(name: str) -> None:
        token = {} if "MPC_TOKEN" in steps[name].get("env", {}) else NO_TOKEN
        shell(steps[name]["run"], **env, **token)

    assert [name for name in steps if "env" not in steps[name]] == ["Install", "Build"]
    for name in ("Install", "Build", "Upload", "Upload"):  # a step that is run again changes nothing
        run(name)
    approve()
    run("Wait for the reviewers")
    assert (state(), list(steps)) == ({"2.0.1": "approved"}, ["Install", "Build", "Upload", "Wait for the reviewers"])
    assert (Version.objects.get().notes, Upload.objects.get().source) == ("acme/bus 0123abc", "v2.0.1, 0123abc")


def test_gitlab_ci(shell):
    recipe = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text())
    before = recipe["default"]["before_script"]
    env = {"CI_COMMIT_TAG": "2.1.0", "CI_COMMIT_SHA": "0123abc", "CI_PROJECT_PATH": "acme/bus"}
    env["MPC_VERSION"] = recipe["variables"]["MPC_VERSION"].replace("${CI_COMMIT_TAG}", "2.1.0")
    for name in recipe["stages"]:
        for pipeline in ("77", "78"):  # a pipeline that is run again succeeds, too
            shell("\n".join([*before, *recipe[name]["script"]]), **env, CI_PIPELINE_ID=pipeline)
        approve()
    assert state() == {"2.1.0": "online"}


def test_jenkins(shell):
    text = (RECIPES / "Jenkinsfile").read_text()
    top, *stages = text.split("stage('")
    assert (len(stages), [CREDENTIALS in part for part in (top, *stages)]) == (4, [False, False, True, True, True])
    env = {"MPC_VERSION": "3.0.0", "JOB_NAME": "bus", "GIT_COMMIT": "0123abc"}
    for stage in stages:
        [step] = re.findall(r"sh '''\n(.*?)'''", stage, re.DOTALL)
        for build in ("12", "13"):  # a build that is run again succeeds, too
            shell(textwrap.dedent(step), BUILD_NUMBER=build, **env, **({} if CREDENTIALS in stage else NO_TOKEN))
        approve()
    assert state() == {"3.0.0": "online"}


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (RECIPES / name).read_text(), re.DOTALL)


def test_taro(shell, project):
    [package], [steps] = blocks("taro.md", "json"), blocks("taro.md", "sh")
    write(project, {"package.json": package})
    *_before, wait = steps.splitlines()
    shell(steps.removesuffix(f"{wait}\n"))
    approve()
    shell(wait)
    assert state() == {"1.4.0": "approved"}


def test_uni_app(shell, project):
    scripts = {"build:mp-weixin": "uni build -p mp-weixin"}
    write(project, {"package.json": {"scripts": scripts}, **built("dist/build/mp-weixin", darkmode=True)})
    [steps] = blocks("uni-app.md", "sh")
    assert "main package" in shell(steps)
    assert state() == {"1.0.0": "in_audit"}
