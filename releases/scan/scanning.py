"""One look at the files of a package: what they use, whom they speak to, what they should not hold (V-9)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sized
from concurrent.futures import Future

from .credentials import find_secrets, find_suspects, hash_of, hint_of
from .facts import Finds, Occurrences, OriginUse, Place, Scan, Secret, Suspect, Unread, Use
from .limits import Limits
from .manifest import read_manifest
from .parsers import Parsers
from .patterns import Lines, search_addresses

_SCRIPTS = frozenset(["js", "wxs", "ts"])
_TEXTS = _SCRIPTS | frozenset(
    ["json", "wxml", "wxss", "txt", "md", "less", "scss", "map", "svg", "cer", "crt", "cert", "skel"]
)
_CONFIGURATIONS = frozenset(["package.json", "project.config.json", "project.private.config.json"])
_MARKS = (b"wx", b"://", b":\\/\\/")  # one of them is in every script of which anything could be said


def scan(files: Iterable[tuple[str, bytes]], limits: Limits | None = None) -> Scan:
    """Look at files, given as (path, content) one after the other; no content makes it raise (V-9).

    At most a few of them are kept at a time. Time and memory are bounded by `limits`, whatever the files hold.
    """
    looker = _Looker(limits or Limits())
    with Parsers(looker.limits) as parsers:
        for path, content in files:
            looker.look(path, content, parsers)
        looker.gather(0)
    return looker.scan


class _Looker:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.scan = Scan()
        self._pending: deque[tuple[str, Future[Finds]]] = deque()
        self._apis: dict[str, Use] = {}
        self._origins: dict[tuple[str, str], OriginUse] = {}
        self._suspects: set[str] = set()

    def look(self, path: str, content: bytes, parsers: Parsers) -> None:
        """Look at a file, or have it read and look at another meanwhile."""
        suffix = path.rpartition(".")[2].lower()
        if suffix not in _TEXTS:
            return
        if len(content) > self.limits.searched_size:
            content = content[: self.limits.searched_size]
            self._unread(Unread(path, "size", by_patterns=True))
        if suffix in _SCRIPTS and any(mark in content for mark in _MARKS):
            self._pending.append((path, parsers.submit("typed" if suffix == "ts" else "script", content)))
        elif suffix == "wxml":
            self._pending.append((path, parsers.submit("markup", content)))
        elif suffix == "json":
            self._add(path, self._of_json(path, content))
        self._look_for_secrets(path, content)
        self.gather(self.limits.parsers)

    def gather(self, left: int) -> None:
        """Take what was read, in the order of the files, until at most `left` are still being read."""
        while len(self._pending) > left:
            path, future = self._pending.popleft()
            self._add(path, future.result())

    def _of_json(self, path: str, content: bytes) -> Finds:
        finds = read_manifest(content, self.limits) if path == "app.json" else Finds()
        if path.rpartition("/")[2] not in _CONFIGURATIONS:
            search_addresses(content, finds, self.limits)
        return finds

    def _add(self, path: str, finds: Finds) -> None:
        if finds.why:
            self._unread(Unread(path, finds.why, by_patterns=True))
        for name, occurrences in finds.apis.items():
            if name not in self._apis:
                if self._is_full("apis", self.scan.apis):
                    continue
                self._apis[name] = Use(name)
                self.scan.apis.append(self._apis[name])
            self._count(self._apis[name], path, occurrences)
        for (origin, kind), occurrences in finds.origins.items():
            if (origin, kind) not in self._origins:
                if self._is_full("origins", self.scan.origins):
                    continue
                self._origins[origin, kind] = OriginUse(Use(origin), kind)
                self.scan.origins.append(self._origins[origin, kind])
            self._count(self._origins[origin, kind].use, path, occurrences)
        self._count(self.scan.computed, path, finds.computed)
        if finds.left_out:
            self.scan.left_out["names"] = self.scan.left_out.get("names", 0) + finds.left_out

    def _count(self, use: Use, path: str, occurrences: Occurrences) -> None:
        use.count += occurrences.count
        left = self.limits.places - len(use.places)
        use.places += [Place(path, line) for line in occurrences.lines[:left]]

    def _look_for_secrets(self, path: str, content: bytes) -> None:
        lines: Lines | None = None
        for found in find_secrets(content):
            if self._is_full("secrets", self.scan.secrets, self.limits.secrets):
                continue
            lines = lines or Lines(content)
            place = Place(path, lines.at(found.begin))
            self.scan.secrets.append(Secret(found.kind, hint_of(found.text), place))
        for begin, text in find_suspects(content):
            sha256 = hash_of(text)
            if sha256 not in self._suspects and len(self._suspects) < self.limits.names:
                self._suspects.add(sha256)
                lines = lines or Lines(content)
                self.scan.suspects.append(Suspect(sha256, hint_of(text), Place(path, lines.at(begin))))

    def _unread(self, unread: Unread) -> None:
        if not self._is_full("unread", self.scan.unread):
            self.scan.unread.append(unread)

    def _is_full(self, name: str, found: Sized, most: int = 0) -> bool:
        """Whether no more of it is kept; what is left out is counted."""
        if len(found) < (most or self.limits.names):
            return False
        self.scan.left_out[name] = self.scan.left_out.get(name, 0) + 1
        return True
