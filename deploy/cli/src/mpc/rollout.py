"""`mpc rollout`: grayscale tasks, by which some devices get an approved version first."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mpc import show
from mpc.failures import Refused, Usage
from mpc.options import Number, Project, about_project

app = typer.Typer(help="Grayscale tasks: some devices get an approved version first.", no_args_is_help=True)
TaskId = Annotated[int, typer.Argument(metavar="[TASK]", help="Its number. [the newest that has not ended]")]
Reason = Annotated[str, typer.Option("-m", "--note", help="Why, for the record.")]
Objects = Annotated[
    list[str] | None,
    typer.Option("--objects", metavar="KIND=FILE", help="Only these guid, device_id or account: one a line."),
]
NEWEST = 0
KINDS = {"guid", "device_id", "account"}


@app.command("list")
@about_project
def list_tasks(
    found: Project,
    state: Annotated[
        Literal["", "pending", "delivering", "suspended", "ended"], typer.Option("--state", help="Only these.")
    ] = "",
) -> None:
    """List the tasks, newest first."""
    tasks = list(found.api.pages(f"{found.path}/grayscale", most=100, state=state))
    columns = ("Task", "Name", "Version", "State", "Devices", "Until")
    show.result({"items": tasks}, lambda: show.rows(columns, map(_line, tasks)))


def _line(task: dict[str, Any]) -> tuple[object, ...]:
    devices = f"{task['delivered']} of {task['user_limit']}"
    return task["id"], task["name"], task["version"], task["state"], devices, task["ends_at"]


@app.command()
@about_project
def create(
    found: Project,
    users: Annotated[int, typer.Option("--users", min=1, help="How many devices get it at most.")],
    uv: Number = "",
    name: Annotated[str, typer.Option("--name", help="Up to 20 words. [the version]")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="For how long.")] = 7,
    application: Annotated[
        list[str] | None, typer.Option("--application", help="ID of a host app; repeat. [all that are bound]")
    ] = None,
    platform: Annotated[list[str] | None, typer.Option("--platform", help="android or ios; repeat. [any]")] = None,
    network: Annotated[list[str] | None, typer.Option("--network", help="wifi, 5g, 4g, 3g, 2g; repeat. [any]")] = None,
    objects: Objects = None,
    error_rate: Annotated[float, typer.Option("--error-rate", help="Suspend above this percentage of devices.")] = 0,
    error_devices: Annotated[int, typer.Option("--error-devices", help="… once so many have reported.")] = 20,
    start_later: Annotated[str, typer.Option("--start", metavar="TIME", help="ISO 8601 with offset. [now]")] = "",
) -> None:
    """Make a task; without --start it delivers immediately. A repeat returns the task that runs."""
    begins = _time(start_later) if start_later else datetime.now(UTC)
    number = found.version(uv)
    body: dict[str, Any] = {
        "version": number,
        "name": name or f"{number} from a pipeline",
        "starts_at": begins.isoformat() if start_later else None,
        "ends_at": (begins + timedelta(days=days)).isoformat(),
        "user_limit": users,
        "applications": [{"application_id": one} for one in application or _bound(found)],
        "platforms": [{"platform": one} for one in platform or ()],
        "networks": network or [],
        "guardrail": {"rate": error_rate, "devices": error_devices} if error_rate else None,
    }
    _create_once(found, body, begins, objects or [])


def _create_once(found: Project, body: dict[str, Any], begins: datetime, objects: list[str]) -> None:
    if known := _made_before(found, body, begins, has_lists=bool(objects)):
        _done({**known, "replayed": True}, f"Task {known['id']} was created before. It is {known['state']}.")
        return
    body["objects"] = [_objects(found, one) for one in objects]
    task = found.api.post(f"{found.path}/grayscale", body)
    _done({**task, "replayed": False}, f"Task {task['id']} is {task['state']}.")


def _made_before(found: Project, body: dict[str, Any], begins: datetime, *, has_lists: bool) -> dict[str, Any] | None:
    """Return the task of this version and name that has not ended, as a step that runs again means it; or None.

    Raises Refused where its conditions differ, or can't be compared, as what lists hold can't be.
    """
    tasks = found.api.pages(f"{found.path}/grayscale", most=100)
    running = (each for each in tasks if each["state"] != "ended")
    wanted = (body["version"], body["name"])
    task: dict[str, Any] | None = next((each for each in running if (each["version"], each["name"]) == wanted), None)
    if task is None:
        return None
    starts = datetime.fromisoformat(task["starts_at"])
    # Answers carry milliseconds. Without --start it is to run now.
    moved = abs(starts - begins) >= timedelta(seconds=1) if body["starts_at"] else task["state"] == "pending"
    if has_lists or task["objects"] or moved or _conditions(task, starts) != _conditions(body, begins):
        words = f"Task {task['id']} of {task['version']} has this name and has not ended. Its conditions may differ."
        raise Refused(f"{words} End it, or give the new one another --name.")
    return task


def _conditions(task: dict[str, Any], starts: datetime) -> tuple[object, ...]:
    """Return what decides who gets it: of a task, or of what is sent to create one. Lists are left out."""
    guardrail = task.get("guardrail") or {}
    return (
        task["user_limit"],
        round((datetime.fromisoformat(task["ends_at"]) - starts) / timedelta(hours=1)),
        {(one["application_id"], *_range(one)) for one in task["applications"]},
        {(one["platform"], *_range(one)) for one in task["platforms"]},
        set(task["networks"]),
        (float(guardrail.get("rate") or 0), guardrail.get("devices")),
    )


def _range(one: dict[str, Any]) -> tuple[str, str]:
    return one.get("lowest") or "", one.get("highest") or ""


def _time(words: str) -> datetime:
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Usage(f"--start {words} is no time with its offset: 2026-12-01T09:00+08:00")
    return moment


def _bound(found: Project) -> list[str]:
    rows = found.api.pages(f"{found.path}/bindings", most=1000)
    return [row["application"]["application_id"] for row in rows if row["state"] == "approved"]


def _objects(found: Project, words: str) -> dict[str, Any]:
    """Return a condition on objects: the id of their list. Its file goes up as it is: the console knows encodings."""
    kind, _sign, name = words.partition("=")
    if kind not in KINDS or not name:
        raise Usage(f"--objects {words}: write guid=FILE, device_id=FILE or account=FILE.")
    content = Path(name).read_bytes()
    path, key = f"{found.path}/grayscale/lists", f"mpc-{uuid.uuid4()}"  # each task takes a list of its own
    options: dict[str, Any] = {"files": {"file": (Path(name).name, content, "text/plain")}, "data": {"kind": kind}}
    row = found.api.read(found.api.send("POST", path, key=key, **options))
    if row["invalid"]:
        wrong = ", ".join(f"{line['number']}: {line['text']}" for line in row["invalid_lines"][:5])
        raise Refused(f"{row['invalid']} lines of {name} are no {kind}: {wrong}")
    return {"kind": kind, "list_id": row["id"]}


@app.command()
@about_project
def start(
    found: Project,
    task: TaskId = NEWEST,
) -> None:
    """Deliver now, before the start time."""
    _move(found, task, "start", {})


@app.command()
@about_project
def suspend(
    found: Project,
    task: TaskId = NEWEST,
    note: Reason = "",
) -> None:
    """Take no new devices."""
    _move(found, task, "suspend", {"reason": note})


@app.command()
@about_project
def resume(
    found: Project,
    task: TaskId = NEWEST,
    note: Reason = "",
    anyway: Annotated[bool, typer.Option("--anyway", help="Although the guardrail suspended it.")] = False,
) -> None:
    """Take new devices again."""
    _move(found, task, "resume", {"reason": note, "anyway": anyway})


@app.command()
@about_project
def end(
    found: Project,
    task: TaskId = NEWEST,
    note: Reason = "",
    pull_back: Annotated[bool, typer.Option("--pull-back", help="Devices return to the online version.")] = False,
) -> None:
    """End a task for good."""
    _move(found, task, "end", {"reason": note, "pull_back": pull_back})


@app.command()
@about_project
def progress(
    found: Project,
    task: TaskId = NEWEST,
) -> None:
    """Show how many devices have it, and how they do."""
    told = found.api.get(f"{found.path}/grayscale/{_newest(found, task)}/progress")
    show.result(told, lambda: _print(told))


@app.command()
@about_project
def explain(
    found: Project,
    guid: Annotated[str, typer.Argument(help="Of a device; or an account or device id that it was seen with.")],
    task: Annotated[int, typer.Option("--task", help="Its number. [the newest that has not ended]")] = NEWEST,
    application: Annotated[str, typer.Option("--application", help="ID of its host app. [as it was seen]")] = "",
    app_version: Annotated[str, typer.Option("--app-version", help="Of the host app. [as it was seen]")] = "",
    os_version: Annotated[str, typer.Option("--os-version", help="[as it was seen]")] = "",
    network: Annotated[str, typer.Option("--network", help="wifi, 5g, 4g, 3g or 2g. [as it was seen]")] = "",
    account: Annotated[str, typer.Option("--account", help="Who is signed in. [as it was seen]")] = "",
) -> None:
    """Say what a device runs, and which condition it fails. Enrols nobody."""
    device = {
        "guid": guid,
        "application_id": application,
        "app_version": app_version,
        "os_version": os_version,
        "network": network,
        "account": account,
    }
    told = found.api.post(f"{found.path}/grayscale/{_newest(found, task)}/explain", device)
    show.result(told, lambda: _explain(told))


def _newest(found: Project, task: int) -> int:
    """Return the task that is meant; raises Refused where none runs."""
    if task:
        return task
    tasks = found.api.pages(f"{found.path}/grayscale", most=100)
    running = next((int(each["id"]) for each in tasks if each["state"] != "ended"), None)
    if running is None:
        raise Refused("No grayscale task is running.")
    return running


def _move(found: Project, task: int, verb: str, body: dict[str, Any]) -> None:
    moved = found.api.post(f"{found.path}/grayscale/{_newest(found, task)}/{verb}", body)
    _done(moved, f"Task {moved['id']} is {moved['state']}.")


def _done(task: dict[str, Any], words: str) -> None:
    def human() -> None:
        show.line(words, "green")
        show.line(task["url"])

    show.result(task, human)


def _print(told: dict[str, Any]) -> None:
    show.line(
        f"{told['state']}: {told['delivered']} of {told['user_limit']} devices, {told['last_hour']} in the last hour"
    )
    show.line(re.sub(r"\s+", " ", told["summary"]))
    errors = [(one["version"], one["devices"], one["with_errors"], one["meaning"]) for one in told["errors"]]
    if errors:
        show.rows(("Version", "Devices", "With errors", "Guardrail"), errors)
    show.rows(
        ("When", "What", "By", "Why"), [(one["at"], one["title"], one["by"], one["reason"]) for one in told["events"]]
    )


def _explain(told: dict[str, Any]) -> None:
    show.line(f"{told['conclusion']} {told['why']}".strip())
    for task in told["tasks"]:
        show.line(f"{task['name']} ({task['version']}, {task['state']}): {task['message']}", "bold")
        checks = [("fits" if one["fits"] else "fails", one["label"], one["message"]) for one in task["checks"]]
        show.rows(("", "Condition", "Device"), checks)
