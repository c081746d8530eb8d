"""The server API against a bare Django view, in one run: tokens, and subscription messages.

granian servers, one process with 32 threads each, run side by side; `wrk` sends requests to one after the other over 32
connections, in several rounds. The requests are of 500 programs in turn, each with an AppSecret, a token, a template,
and a user with consents left. A token is a new row, and an accepted message uses a consent and is stored, both
committed to disk before the answer; a refused message lacks only a consent. The bare view returns a fixed JSON,
without a database.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import stand
from tests.bench.result import Result

PROGRAMS = 500
ROUNDS, SECONDS = 7, 3
BARE = "bare Django view"
BARE_OPTIONS = ["--factory", "tests.bench.bare:django_view"]
THREADS = 32  # where every request waits for the database (docs/production.md)
NAMES = ("stable_token, the one that holds", "token, a new one", "send, refused by 43101", "send, accepted")
SCRIPT = """
local requests, at = {}, 0
function init(args)
  for line in io.lines("%(file)s") do
    local method, path, body = line:match("^(%%S+) (%%S+) ?(.*)$")
    requests[#requests + 1] = wrk.format(method, path, {["Content-Type"] = "application/json"}, body)
  end
end
function request()
  at = at %% #requests + 1
  return requests[at]
end
"""

Line = tuple[str, str, dict[str, Any] | None]
Load = Callable[[int], float]


def run() -> list[Result]:
    """Measure and compare; raises RuntimeError without `wrk`, or when an answer is not the expected one."""
    if shutil.which("wrk") is None:
        raise RuntimeError("The load generator is missing: apt-get install wrk")
    with stand.database() as environment, contextlib.ExitStack() as stack:
        environment |= {"SERVER_RATE_LIMIT": "100000/second"}
        fill = [sys.executable, "-m", "tests.bench.server_api"]
        facts = json.loads(subprocess.check_output(fill, env=environment))
        folder = Path(environment["BENCH_FOLDER"])
        console = stack.enter_context(stand.console(environment, threads=THREADS))
        bare = stack.enter_context(stand.console(environment, BARE_OPTIONS, threads=THREADS))
        loads = {BARE: _load(bare, _script(folder, BARE, [("GET", "/runtime/v1/update", None)]))}
        expected = {}
        for name, (lines, answer) in zip(NAMES, _requests(facts), strict=True):
            loads[name] = _load(console, _script(folder, name, lines))
            expected[name] = (lines[0], answer)
        _check(console, expected)
        rates = _rounds(loads)
        _check(console, expected)
    return [_compared(rates, name) for name in NAMES]


def _requests(facts: list[dict[str, str]]) -> list[tuple[list[Line], str]]:
    """The requests of each load, in the order of NAMES, and what is in every answer."""
    stable: list[Line] = []
    plain: list[Line] = []
    refused: list[Line] = []
    accepted: list[Line] = []
    for fact in facts:
        credentials = {"grant_type": "client_credential", "appid": fact["app_id"], "secret": fact["secret"]}
        stable.append(("POST", "/cgi-bin/stable_token", credentials))
        query = "&".join(f"{name}={value}" for name, value in credentials.items())
        plain.append(("GET", f"/cgi-bin/token?{query}", None))
        path = f"/cgi-bin/message/subscribe/send?access_token={fact['token']}"
        data = {"thing1": {"value": "Harbour Street"}, "time2": {"value": "2026-11-27 14:30"}}
        for lines, user in ((refused, "poor"), (accepted, "rich")):
            lines.append(("POST", path, {"touser": fact[user], "template_id": fact["template_id"], "data": data}))
    return [
        (stable, '"access_token"'),
        (plain, '"access_token"'),
        (refused, '"errcode":43101'),
        (accepted, '"errcode":0'),
    ]


def _script(folder: Path, name: str, lines: list[Line]) -> Path:
    """Write the requests, and what `wrk` does with them."""
    stem = re.sub(r"\W+", "-", name)
    requests = folder / f"{stem}.txt"
    requests.write_text(
        "".join(f"{method} {path} {json.dumps(body) if body else ''}\n" for method, path, body in lines)
    )
    file = folder / f"{stem}.lua"
    file.write_text(SCRIPT % {"file": requests})
    return file


def _load(port: int, script: Path) -> Load:
    """Return a function that returns requests per second."""

    def load(seconds: int) -> float:
        command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
        if rate is None or "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(output)
        return float(rate[1])

    return load


def _check(port: int, expected: dict[str, tuple[Line, str]]) -> None:
    """Refusals are answered with 200 as well, so `wrk` would not see them: look at one answer of each kind."""
    for name, ((method, path, body), wanted) in expected.items():
        content = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", content, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = response.read().decode()
        if wanted not in answer:
            raise RuntimeError(f"{name}: {answer}")


def _rounds(loads: dict[str, Load]) -> dict[str, list[float]]:
    """Return requests per second, by name and round; the first round, which warms up, does not count."""
    rates: dict[str, list[float]] = {name: [] for name in loads}
    for _ in range(ROUNDS + 1):
        for name, load in loads.items():
            rates[name].append(load(SECONDS))
    return {name: found[1:] for name, found in rates.items()}


def _compared(rates: dict[str, list[float]], name: str) -> Result:
    """The ratio is the median of the rounds' ratios."""
    ours, bare = rates[name], rates[BARE]
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    return Result(name, statistics.median(ours), "requests/s", BARE, statistics.median(bare), ratio, "for comparison")


def fill() -> list[dict[str, str]]:
    """Make programs, and return what their servers know."""
    import django

    django.setup()
    from devmgmt.keys import tokens
    from devmgmt.keys.states import TokenKind
    from tests import factories

    application = factories.make_application()
    factories.make_gateway(application)
    public, team, user = factories.make_public_template(), factories.make_team(), factories.make_user()
    caller = tokens.Caller("127.0.0.1", "/cgi-bin/stable_token")
    found = []
    for _ in range(PROGRAMS):
        program = factories.make_program(team, created_by=user)
        factories.make_binding(program, application)
        template, secret = factories.make_template(program, public), factories.make_secret(program)
        rich, poor = (factories.make_program_user(program, application) for _ in range(2))
        factories.make_consent(rich, template, granted=1_000_000)
        found.append(
            {
                "app_id": program.app_id,
                "secret": secret,
                "token": tokens.issue(program.app_id, secret, kind=TokenKind.STABLE, caller=caller).token,
                "template_id": template.template_id,
                "rich": rich.openid,
                "poor": poor.openid,
            }
        )
    return found


if __name__ == "__main__":
    print(json.dumps(fill()))
