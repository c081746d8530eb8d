"""`manage.py device`: be a device, to see what devices get."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from json import dumps
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.api.device.client import Client, ClientError, ask_for_proof
from grayscale.conditions import CHOICES, GUID, LISTED
from releases.field.device import Facts
from releases.field.states import GUID_PREFIXES

GUIDS = {platform: f"{prefix}{0:028}" for platform, prefix in GUID_PREFIXES.items()}
EXIT_CODES = {"current": 0, "update": 0, "removed": 3, "unavailable": 4}


class ActionParser(CommandParser):
    """Takes what follows an option for its value even where it begins with a dash: tokens and ids of templates may."""

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse after writing `--option -value` as `--option=-value`."""
        joined: list[str] = []
        for one in args or ():
            option = self._option_string_actions.get(joined[-1]) if joined else None
            is_value = one.startswith("-") and one not in self._option_string_actions and one != "--"
            if is_value and option is not None and option.nargs is None:
                joined[-1] += f"={one}"
            else:
                joined.append(one)
        return super().parse_known_args(joined, namespace)


class Command(BaseCommand):
    """Asks, downloads and sends as a device does.

    Exit code: 0 current or update, 3 removed, 4 unavailable, 1 when the server refused, was not reached or
    sent a package that is not the announced one or not rightly signed, 2 for wrong arguments.
    """

    help = "Act as a device: check for updates, download and verify, report, consent to messages, send logs."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions and their options."""
        actions = parser.add_subparsers(required=True, dest="action", metavar="action", parser_class=ActionParser)
        update = actions.add_parser("update", help="ask which version to run (exit code 3: removed, 4: unavailable)")
        _add_common(update)
        update.add_argument("--os-version", default="14")
        update.add_argument("--app-version", default="1.0.0", help="of the host app")
        for one in CHOICES:
            update.add_argument(f"--{one.of_device.replace('_', '-')}", default=one.options.values[0])
        for name in ("local_version", *(name for name, one in LISTED.items() if one is not GUID)):
            update.add_argument(f"--{name.replace('_', '-')}")
        update.add_argument("--trial-token", metavar="TOKEN", help="from the link of a trial version")
        update.add_argument("--download", type=Path, metavar="DIR", help="save a new package in this folder")
        update.add_argument("--json", action="store_true", help="print the answer as JSON")
        report = actions.add_parser("report", help="report whether the update to a version succeeded")
        _add_common(report)
        report.add_argument("--version-number", required=True, help="the version to be installed")
        report.add_argument("--failed", metavar="REASON", help="report a failure with this reason; default: installed")
        policy = actions.add_parser("policy", help="get the domains and APIs that the program may use")
        _add_common(policy)
        policy.add_argument("--etag", default="", help="ETag of the policy that the device has")
        policy.add_argument("--json", action="store_true", help="print the answer as JSON")
        privacy = actions.add_parser("privacy", help="get the privacy agreement, and whether the user has to agree")
        _add_common(privacy)
        privacy.add_argument(
            "--accepted", type=int, default=0, help="the version that the user agreed to before; 0: none"
        )
        privacy.add_argument("--etag", default="", help="ETag of the agreement that the device has")
        privacy.add_argument("--json", action="store_true", help="print the answer as JSON")
        verify = actions.add_parser("verify", help="check the signature of a package file, such as an offline package")
        _add_common(verify)
        verify.add_argument("--version-number", required=True, help="of the mini program")
        verify.add_argument("--signature", required=True, help="as the console shows it")
        verify.add_argument("file", type=Path)
        consent = actions.add_parser("consent", help="show subscriptions, answer the pop-up or change the settings")
        _add_common(consent)
        _add_consent(consent)
        log = actions.add_parser("log", help="send a log entry")
        _add_common(log)
        _add_log(log)
        _add_proof(
            actions.add_parser(
                "proof", help="get an installation proof, as the host app's server (needs SERVER_SECRET)"
            )
        )

    def handle(self, *, action: str, url: str, configuration: Path, proof: str, **options: Any) -> None:
        try:
            client = replace(Client.configured(configuration, url=url), proof=proof)
            if action == "proof":
                self._proof(client, **options)
            elif action == "report":
                client.report(_report(options))
                self.stdout.write("reported")
            elif action == "policy":
                self._policy(client, **options)
            elif action == "privacy":
                self._privacy(client, **options)
            elif action == "verify":
                signed = (options["app_id"], options["version_number"], options["file"], options["signature"])
                client.verify_file(*signed)
                self.stdout.write("verified")
            elif action == "consent":
                self._consent(client, **options)
            elif action == "log":
                answer = client.logs(_batch(options))
                self.stdout.write(f"{answer['accepted']} kept, {answer['cut']} cut")
            else:
                self._update(client, **options)
        except ClientError as error:
            raise CommandError(str(error)) from None

    def _proof(self, client: Client, *, platform: str, guid: str | None, account: str, **options: Any) -> None:
        """Be the application's server: ask, and print what it hands to its app."""
        asked = {"guid": guid or "", "platform": platform, "account": account}
        given = {name: value for name, value in asked.items() if value}
        secret = os.environ.get("SERVER_SECRET", "")
        self.stdout.write(dumps(ask_for_proof(client.url, client.application_id, secret, **given), indent=2))

    def _update(self, client: Client, *, download: Path | None, **options: Any) -> None:
        """Ask, download, print."""
        answer = client.update(_question(options))
        if download and answer["package"]:
            target = download / f"{options['app_id']}_{answer['version']}.apkg"
            client.download(options["app_id"], answer, target)
            answer["file"] = str(target)
        if options["json"]:
            self.stdout.write(dumps(answer, indent=2))
        else:
            shown = ("status", "version", "file")
            self.stdout.write(" ".join(str(answer[name]) for name in shown if answer.get(name)))
            if page := answer.get("page"):
                self.stdout.write(f"opens {page}{'?' if answer['query'] else ''}{answer['query']}")
        if code := EXIT_CODES[answer["status"]]:
            raise CommandError(f"{options['app_id']} is {answer['status']}", returncode=code)

    def _policy(self, client: Client, *, app_id: str, etag: str, json: bool, **options: Any) -> None:
        """Ask and print."""
        policy, etag = client.policy(app_id, etag)
        if policy is None:
            self.stdout.write(f"not modified, ETag {etag}")
        elif json:
            self.stdout.write(dumps({**policy, "etag": etag}, indent=2))
        else:
            for kind, origins in policy["domains"].items():
                self.stdout.write(f"{kind:12} {' '.join(origins) or 'none'}")
            skips = policy["skip_domain_verification"]
            self.stdout.write(
                f"{'verification':12} {'skipped: any address may be opened' if skips else 'by these lists'}"
            )
            self.stdout.write(f"{'apis':12} {' '.join(policy['apis']) or 'none'}")
            self.stdout.write(f"{'ETag':12} {etag}")

    def _privacy(self, client: Client, *, app_id: str, accepted: int, etag: str, json: bool, **options: Any) -> None:
        """Ask and print."""
        agreement, etag = client.privacy(app_id, accepted, etag)
        if agreement is None:
            self.stdout.write(f"not modified, ETag {etag}")
        elif json:
            self.stdout.write(dumps({**agreement, "etag": etag}, indent=2, ensure_ascii=False))
        else:
            needed = "the user has to agree" if agreement["needs_new_consent"] else "agreed to"
            self.stdout.write(f"{'version':12} {agreement['version']}, {needed}")
            for one in agreement["data"]:
                self.stdout.write(f"{one['type']:12} {one['purpose']}")
            self.stdout.write(f"{'contact':12} {' '.join(filter(None, agreement['contact'].values()))}")
            self.stdout.write(f"{'ETag':12} {etag}")

    def _consent(self, client: Client, **options: Any) -> None:
        """Answer the pop-up, change the settings, or show what the user would see."""
        user = {"app_id": options["app_id"], "account": options["account"]}
        changes = {"main_switch": options["main_switch"], "withdraw": options["withdraw"]}
        given = {name: value for name, value in changes.items() if value}
        if answers := [*options["accept"], *options["reject"]]:
            sent = [{"template_id": id_, "answer": "accept"} for id_ in options["accept"]]
            sent += [{"template_id": id_, "answer": "reject"} for id_ in options["reject"]]
            request_id = options["request_id"] or uuid4().hex
            results = client.consent({**user, "request_id": request_id, "tapped": options["tapped"], "answers": sent})
            for id_ in dict.fromkeys(answers):
                self.stdout.write(f"{id_} {results[id_]}")
            return
        if given:
            given["main_switch"] = {"on": True, "off": False}.get(options["main_switch"])
            shown = client.consent_settings(user | given)
        else:
            shown = client.consents(**user, template_ids=options["templates"])
        self.stdout.write(f"main switch {'on' if shown['main_switch'] else 'off'}")
        for one in shown["templates"]:
            left = ("held" if one["held"] else "not held") if one["type"] == "long_term" else f"{one['remaining']} left"
            self.stdout.write(f"{one['template_id']} {one['result'] or one['answer'] or 'new'}, {left}: {one['title']}")


def _add_common(parser: CommandParser, *, app_id: bool = True) -> None:
    """Which console, program and device."""
    parser.add_argument("--configuration", required=True, type=Path, help="the host app's configuration file")
    parser.add_argument("--url", default="", help="the console's URL; default: the one in the configuration file")
    if app_id:
        parser.add_argument("--app-id", required=True, help="of the mini program")
    parser.add_argument("--proof", default="", metavar="TOKEN", help="an installation proof, see `proof`")
    parser.add_argument("--platform", choices=GUIDS, default="android")
    parser.add_argument("--guid", help="32 digits; default: 0302 or 0303 and zeros")


def _add_consent(consent: CommandParser) -> None:
    """What the user does."""
    shown = "show the pop-up for these; without any, the settings. Write -- before ids that begin with a dash"
    consent.add_argument("templates", nargs="*", metavar="TEMPLATE_ID", help=shown)
    consent.add_argument("--account", required=True, help="the user's account in the host app")
    consent.add_argument("--accept", action="append", default=[], metavar="TEMPLATE_ID")
    consent.add_argument("--reject", action="append", default=[], metavar="TEMPLATE_ID")
    consent.add_argument("--not-tapped", action="store_false", dest="tapped", help="answer without a tap of the user")
    consent.add_argument("--request-id", help="the id of a call to repeat; default: a new one")
    consent.add_argument("--main-switch", choices=("on", "off"), help="turn messages of the program on or off")
    consent.add_argument("--withdraw", action="append", default=[], metavar="TEMPLATE_ID", help="withdraw an accept")


def _add_proof(proof: CommandParser) -> None:
    """For whom."""
    _add_common(proof, app_id=False)
    proof.add_argument("--account", default="", help="the account signed in on the device")


def _add_log(log: CommandParser) -> None:
    """What the entry says."""
    log.add_argument("lines", nargs="+", metavar="LINE")
    log.add_argument("--level", choices=("info", "warn", "error"), default="info", help="the level of all lines")
    log.add_argument("--page", default="pages/index/index")
    log.add_argument("--filter-msg", default="")
    log.add_argument("--trace-id", default="")
    log.add_argument("--version-number", default="1.0.0", help="of the mini program")
    log.add_argument("--os-version", default="14")
    log.add_argument("--client-version", default="1.0.0", help="of the host app")
    log.add_argument("--library-version", default="1.0.0", help="of the base library")


def _batch(options: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a batch with one entry of now."""
    now, level = int(time.time() * 1000), options["level"]
    lines = [{"time": now, "level": level, "text": text} for text in options["lines"]]
    entry = {"time": now, "lines": lines, **{name: options[name] for name in ("page", "filter_msg", "trace_id")}}
    device = ("app_id", "platform", "os_version", "client_version", "library_version")
    return {
        **{name: options[name] for name in device},
        "guid": options["guid"] or GUIDS[options["platform"]],
        "version": options["version_number"],
        "entries": [entry],
    }


def _report(options: dict[str, Any]) -> dict[str, str]:
    report = {
        "app_id": options["app_id"],
        "guid": options["guid"] or GUIDS[options["platform"]],
        "version": options["version_number"],
        "result": "installed" if options["failed"] is None else "failed",
    }
    return report | ({"reason": options["failed"]} if options["failed"] else {})


def _question(options: dict[str, Any]) -> dict[str, str]:
    """Return the body of the update check."""
    names = ("app_id", "local_version", "trial_token", *Facts.__struct_fields__)
    given = {name: options[name] for name in names if options[name]}
    return {**given, "guid": options["guid"] or GUIDS[options["platform"]]}
