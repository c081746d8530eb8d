"""One look at the files of a package: what they use, whom they speak to, what they should not hold (V-9)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from .credentials import find_secrets, find_suspects, hash_of, hint_of
from .facts import Finds, Followed, Place, Scan, Secret, Suspect, Unread
from .gathering import Gathered
from .limits import Limits
from .manifest import read_manifest
from .parsers import Parsers, follow
from .parsing import Kind, Tree
from .patterns import Lines, find_in_sheet, search, search_addresses

_SCRIPTS = frozenset(["js", "wxs", "ts"])
_TEXTS = _SCRIPTS | frozenset(
    ["json", "wxml", "wxss", "txt", "md", "less", "scss", "map", "svg", "cer", "crt", "cert", "skel"]
)
# What a program was given: its own code is followed first.
_GIVEN = re.compile(r"(?:^|/)(?:miniprogram_npm|node_modules|libs?)/|\.min\.js$")
_SHEETS = frozenset(["wxss"])
_CONFIGURATIONS = frozenset(["package.json", "project.config.json", "project.private.config.json"])


def scan(files: Iterable[tuple[str, bytes]], limits: Limits | None = None) -> Scan:
    """Look at files, given as (path, content) one after the other; no content makes it raise (V-9).

    At most a few of them are kept at a time, and libraries, which are read last, up to the size that is followed; of
    scripts the small trees. Time and memory are bounded by `limits`, whatever the files hold.
    """
    looker = _Looker(limits or Limits())
    with ThreadPoolExecutor(1) as beside:
        with Parsers(looker.limits) as parsers:
            for path, content in files:
                looker.look(path, content, parsers, beside)
            looker.look_at_given(parsers, beside)
            looker.gather(0)
        looker.follow(beside)
    return looker.gathered.result()


class _Looker:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.gathered = Gathered(limits)
        self._pending: deque[tuple[str, int, Future[Finds]]] = deque()
        self._scripts: list[tuple[Tree, int, Finds]] = []
        self._kept = 0
        self._given: list[tuple[str, bytes]] = []
        self._given_size = 0
        self._following: Future[Followed | None] | None = None
        self._followed = 0  # scripts

    def look(self, path: str, content: bytes, parsers: Parsers, beside: ThreadPoolExecutor) -> None:
        """Look at a file, or have it read and look at another meanwhile."""
        self.gathered.begin(path)
        suffix = path.rpartition(".")[2].lower()
        if suffix not in _TEXTS:
            return
        if len(content) > self.limits.searched_size:
            content = content[: self.limits.searched_size]
            self.gathered.add_unread(Unread(path, "size", by_patterns=True))
        if suffix in _SCRIPTS and _GIVEN.search(path):
            self._put_off(path, content)
        elif suffix in _SCRIPTS:
            self._look_at_script(path, content, parsers, beside)
        elif suffix == "wxml":
            self._pending.append((path, 0, parsers.submit("markup", content)))
        elif suffix in _SHEETS:
            self.gathered.add(path, find_in_sheet(content, self.limits))
        elif suffix == "json":
            self.gathered.add(path, self._of_json(path, content))
        self._look_for_secrets(path, content)
        self.gather(self.limits.parsers)

    def _put_off(self, path: str, content: bytes) -> None:
        """Keep a library's script until the others have been read, as long as there can be room for it."""
        if self._given_size + len(content) > self.limits.followed_size:
            self._search(path, content)
        else:
            self._given_size += len(content)
            self._given.append((path, content))

    def look_at_given(self, parsers: Parsers, beside: ThreadPoolExecutor) -> None:
        """Have the scripts read that were put off."""
        for path, content in self._given:
            self._look_at_script(path, content, parsers, beside)
            self.gather(self.limits.parsers)
        self._given.clear()

    def _look_at_script(self, path: str, content: bytes, parsers: Parsers, beside: ThreadPoolExecutor) -> None:
        """Have a script read, as long as there is room for what is followed; what is full is followed meanwhile."""
        is_full = self._kept + len(content) > self.limits.followed_size
        if is_full and self._following is None and len(content) <= self.limits.parsed_size:
            self._begin(beside)
            parsers.rest()
        if is_full or self._following is not None:
            self._search(path, content)
        else:
            self._kept += len(content)
            kind: Kind = "typed" if path.lower().endswith(".ts") else "script"
            self._pending.append((path, len(content), parsers.submit(kind, content)))

    def _search(self, path: str, content: bytes) -> None:
        """Search a script by patterns for which there is no room."""
        self.gathered.add_script(len(content), is_read=False)
        self.gathered.add(path, msgspec.structs.replace(search(content, self.limits), why="size"))

    def gather(self, left: int) -> None:
        """Take what was read, in the order of the files, until at most `left` are still being read."""
        while len(self._pending) > left:
            path, size, future = self._pending.popleft()
            finds = future.result()
            if finds.framework:
                self.gathered.add_framework(finds.framework)
            self.gathered.add_script(size, is_read=bool(finds.root))
            if finds.bound:
                self._scripts.append((Tree(path, bound=finds.bound), 0, finds))
            if finds.root:
                self._scripts.append((Tree(path, finds.root, finds.framework), size, finds))
            else:
                self.gathered.add(path, finds)

    def _begin(self, beside: ThreadPoolExecutor) -> None:
        """Begin to follow what was read so far."""
        if self._following is None:
            self.gather(0)
            trees = [tree for tree, _size, _finds in self._scripts]
            self._followed = len(trees)
            self._following = beside.submit(follow, trees, self.limits)

    def follow(self, beside: ThreadPoolExecutor) -> None:
        """Follow what is in all scripts; where that can't be done, what patterns found in them is known."""
        if not self._scripts:
            return
        self._begin(beside)
        followed = self._following.result() if self._following else None
        if followed is not None:
            self.gathered.add_followed(followed)
        is_whole = followed is not None and followed.is_whole
        for tree, size, finds in self._scripts[self._followed if is_whole else 0 :]:
            if tree.bound:
                self.gathered.add(tree.path, Finds(open=[(bound.line, bound.reason) for bound in tree.bound]))
                continue
            finds.why = "time"
            self.gathered.add_script(-size, is_read=True)
            self.gathered.add_script(size, is_read=False)
            self.gathered.add(tree.path, finds)

    def _of_json(self, path: str, content: bytes) -> Finds:
        finds = read_manifest(content, self.limits) if path == "app.json" else Finds()
        if path.rpartition("/")[2] not in _CONFIGURATIONS:
            search_addresses(content, finds, self.limits)
        return finds

    def _look_for_secrets(self, path: str, content: bytes) -> None:
        lines: Lines | None = None
        for found in find_secrets(content):
            lines = lines or Lines(content)
            place = Place(path, lines.at(found.begin))
            self.gathered.add_secret(Secret(found.kind, hint_of(found.text), place, hash_of(found.text)))
        for begin, text in find_suspects(content):
            lines = lines or Lines(content)
            self.gathered.add_suspect(Suspect(hash_of(text), hint_of(text), Place(path, lines.at(begin))))
