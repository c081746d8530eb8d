"""What must hold, compared between what clients were answered and what stands in rows, files and outside."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator

import psycopg

from messaging.stub import Stub
from tests.chaos.installation import Installation
from tests.chaos.ledger import DONE, UNKNOWN, Change, Ledger
from tests.chaos.stubs import MailServer

ONLINE_TWICE = """
    SELECT mini_program_id, count(*) FROM releases_version WHERE state = 'online' GROUP BY 1 HAVING count(*) > 1
"""
CLAIMS = """
    SELECT t.id, t.user_limit, (SELECT sum(taken) FROM grayscale_claimshard AS s WHERE s.task_id = t.id),
        (SELECT sum(capacity) FROM grayscale_claimshard AS s WHERE s.task_id = t.id),
        (SELECT count(*) FROM grayscale_claim AS c WHERE c.task_id = t.id)
    FROM grayscale_grayscaletask AS t
"""
CONSENTS = "SELECT coalesce(sum(granted), 0), coalesce(sum(used), 0) FROM messaging_consent"
MESSAGES = "SELECT id, idempotency_key, state, reason FROM messaging_message"
LOGGED = "SELECT filter_msg, count(*) FROM devmgmt_logentry GROUP BY 1"
PACKAGES = "SELECT sha256, file FROM releases_package"
ENTRIES = "SELECT verb, reason, target_id, after::text FROM activity_activityentry"
IDLE = """
    SELECT application_name, query FROM pg_stat_activity WHERE datname = current_database()
        AND state LIKE 'idle in transaction%%' AND state_change < now() - interval '3 s' AND application_name <> %s
"""
VERBS = {
    "upload": "version.uploaded",
    "submit": "version.submitted",
    "approve": "version.approved",
    "publish": "version.published",
    "roll_back": "version.rolled_back",
    "domains": "domains.changed",
}
# How many rows there are of each change, by its mark.
ROWS = {
    "upload": "SELECT notes, count(*) FROM releases_version GROUP BY 1",
    "submit": "SELECT version_id::text, count(*) FROM releases_audit WHERE state <> 'withdrawn' GROUP BY 1",
    "approve": "SELECT note, count(*) FROM releases_reviewdecision WHERE state = 'approved' GROUP BY 1",
    "publish": "SELECT note, count(*) FROM releases_release WHERE kind = 'publish' GROUP BY 1",
    "roll_back": "SELECT note, count(*) FROM releases_release WHERE kind = 'roll_back' GROUP BY 1",
}


class Checks:
    """Each check yields a sentence for each violation."""

    def __init__(self, one: Installation, ledger: Ledger, stub: Stub, mail: MailServer) -> None:
        self.one, self.ledger, self.stub, self.mail = one, ledger, stub, mail
        self.told: Counter[str] = Counter()  # what is no violation, and yet to be known

    def always(self) -> list[str]:
        """What holds at any moment; raises psycopg.Error when the database is away."""
        return [*self.online(), *self.limits()]

    def in_the_end(self) -> list[str]:
        """What holds when all is quiet."""
        found = [self.online, self.limits, self.claims, self.consents, self.messages, self.logs, self.packages]
        found += [self.entries, self.mails, self.sessions]
        return [violation for check in found for violation in check()]

    def online(self) -> Iterator[str]:
        """0 or 1 online version."""
        for program, count in self.one.rows(ONLINE_TWICE):
            yield f"program {program} has {count} online versions"

    def limits(self) -> Iterator[str]:
        """As many claims as places are taken, and never more than the limit; shares that are the limit."""
        for task, limit, taken, capacity, claims in self.one.rows(CLAIMS):
            if not taken == claims <= limit:
                yield f"task {task}: {claims} claims, {taken} places taken, limit {limit}"
            if capacity != limit:
                yield f"task {task}: its shares have {capacity} places, its limit is {limit}"

    def claims(self) -> Iterator[str]:
        """A device that got the grayscale version is enrolled, for ever."""
        for task, guids in self.ledger.placed.items():
            rows = self.one.rows("SELECT guid FROM grayscale_claim WHERE task_id = %s", task)
            if lost := guids - {guid for (guid,) in rows}:
                yield f"task {task}: {len(lost)} devices run it without a place"
        if self.ledger.relapsed:
            yield f"{len(self.ledger.relapsed)} devices had a place and were told something else later"

    def consents(self) -> Iterator[str]:
        """Each accept counts once: those that were acknowledged, and at most those whose answer was lost."""
        outcomes = Counter(self.ledger.consents.values())
        granted, used = self.one.rows(CONSENTS)[0]
        if not outcomes[DONE] <= granted <= outcomes[DONE] + outcomes[UNKNOWN]:
            yield f"{granted} accepts are kept; {outcomes[DONE]} were acknowledged, {outcomes[UNKNOWN]} answers lost"
        if used != (messages := len(self.one.rows(MESSAGES))):
            yield f"{used} accepts are used and there are {messages} messages"

    def messages(self) -> Iterator[str]:
        """An accepted message is there once, and the gateway got it under one id, or a failure is shown."""
        rows = {key: (pk, state, reason) for pk, key, state, reason in self.one.rows(MESSAGES)}
        for key, (outcome, msgid) in self.ledger.messages.items():
            pk, state, reason = rows.get(key, (0, "", ""))
            if outcome == "no consent":
                yield f"{key} was refused for want of a consent that had been acknowledged"
            elif outcome == DONE and pk != msgid:
                yield f"{key} was accepted as {msgid} and is kept as {pk}"
            elif outcome == DONE and state == "waiting":
                yield f"{key} was accepted and waits still: {reason}"
            elif state == "failed" and not reason:
                yield f"{key} failed without a reason"
            elif state == "delivered" and f"msg_{pk}" not in self.stub.seen:
                yield f"{key} counts as delivered, and the gateway never had it"
        unknown = set(self.stub.seen) - {f"msg_{pk}" for pk, _state, _reason in rows.values()}
        if unknown:
            yield f"the gateway had {len(unknown)} messages that no row tells of"
        self.told["messages that came more than once, with the same id"] = self.stub.duplicates

    def logs(self) -> Iterator[str]:
        """An acknowledged line is stored, once."""
        stored = dict(self.one.rows(LOGGED))
        done = [mark for mark, outcome in self.ledger.logs.items() if outcome == DONE]
        if lost := [mark for mark in done if not stored.get(mark)]:
            yield f"{len(lost)} acknowledged log entries are lost, {lost[0]} first"
        if twice := [mark for mark in self.ledger.logs if stored.get(mark, 0) > 1]:
            yield f"{len(twice)} log entries are stored more than once, {twice[0]} first"

    def packages(self) -> Iterator[str]:
        """Each row has its file, whole; a file without a row is what a killed upload left, and nothing else."""
        named = set()
        for sha256, name in self.one.rows(PACKAGES):
            named.add(name)
            path = self.one.packages / name
            if not path.exists():
                yield f"the package {sha256} has no file"
            elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                yield f"the file of package {sha256} has another content"
        files = {str(path.relative_to(self.one.packages)) for path in self.one.packages.rglob("*") if path.is_file()}
        left = len(files - named)
        self.told["files that killed uploads left, for the sweep"] = left
        lost = sum(change.kind == "upload" and change.outcome == UNKNOWN for change in self.ledger.changes)
        if left > lost:
            yield f"{left} files have no row, and only {lost} uploads had no answer"

    def entries(self) -> Iterator[str]:
        """Exactly one activity entry, and one row, of a change that was answered; at most one of any other."""
        rows = self.one.rows(ENTRIES)
        marked = Counter((verb, reason) for verb, reason, _target, _after in rows)
        targets = Counter((verb, target) for verb, _reason, target, _after in rows)
        domains = [after for verb, _reason, _target, after in rows if verb == VERBS["domains"]]

        def count(change: Change) -> int:
            if change.kind == "domains":
                return sum(f"{change.mark}.example.com" in (after or "") for after in domains)
            return (targets if change.kind == "submit" else marked)[VERBS[change.kind], change.mark]

        kept = {kind: dict(self.one.rows(query)) for kind, query in ROWS.items()}
        done = {(change.kind, change.mark) for change in self.ledger.changes if change.outcome == DONE}
        for change in self.ledger.changes:
            entries, was_done = count(change), (change.kind, change.mark) in done
            there = kept[change.kind].get(change.mark, 0) if change.kind in kept else entries
            yield from self._entry(change, there, entries, was_done=was_done)

    def _entry(self, change: Change, kept: int, entries: int, *, was_done: bool) -> Iterator[str]:
        words = f"{change.kind} {change.mark}, answered {change.status or 'nothing'} ({change.outcome})"
        at_least = int(change.outcome == DONE)
        # One that was refused may have been made by an earlier try, whose answer was lost.
        at_most = int(change.outcome in (DONE, UNKNOWN) or was_done or change.kind == "submit")
        if kept != entries:
            yield f"{words}: {kept} rows and {entries} activity entries"
        elif not at_least <= entries <= at_most:
            yield f"{words}: {entries} activity entries"
        if change.status >= 400 and change.outcome == UNKNOWN:
            self.told[f"changes answered {change.status}, {'done' if entries else 'not done'}"] += 1

    def mails(self) -> Iterator[str]:
        """What counts as sent came at least once."""
        query = """
            SELECT u.email, n.text, count(*) FROM accounts_notification AS n JOIN accounts_user AS u ON u.id = n.user_id
            WHERE n.emailed_at IS NOT NULL GROUP BY 1, 2
        """
        came = Counter((mail["To"], mail["Subject"]) for mail in self.mail.mails)
        doubled = 0
        for address, text, count in self.one.rows(query):
            mails = came[address, " ".join(text.split())]
            if mails < count:
                yield f"{count} mails “{text}” count as sent, {mails} came"
            doubled += max(mails - count, 0)
        ids = Counter(mail["Message-ID"] for mail in self.mail.mails)
        same = sum(count - 1 for count in ids.values())
        self.told["mails that came more than once"] = doubled
        self.told["… of these with the same Message-ID"] = same

    def sessions(self) -> Iterator[str]:
        """No session of the console lies idle in a transaction."""
        for name, query in self.one.rows(IDLE, "chaos"):
            yield f"{name} is idle in a transaction: {query[:80]}"


def until(holds: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until it holds, at most so long; the database may be away meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if holds():
                return True
        except psycopg.Error:
            pass
        time.sleep(0.1)
    return False
