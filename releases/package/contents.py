"""From archive entries to the files of a mini program: unwrapped, in NFC, without what devices don't get (V-4, V-5)."""

from collections import Counter
from collections.abc import Collection, Set
from dataclasses import dataclass, field

from .directory import Entry
from .file_types import is_noise, is_runtime, is_source_map, kind
from .findings import Findings, shown
from .names import normal

_LISTED_KINDS = 12
# The IDE packs these with every program: left out like others, but not worth a note each time.
_OF_THE_IDE = frozenset({"project.config.json", "project.private.config.json"})


@dataclass(slots=True)
class Contents:
    """`upload`: every file by its name, without a wrapping folder and without what operating systems add.

    `root` is the folder of the program in it, with a slash at its end, or "". Paths of `files`, which devices get, and
    of `source_maps` begin there. `left_out`: names in `upload` that are not packed, and `noise`, of systems.
    """

    upload: dict[str, Entry] = field(default_factory=dict)
    root: str = ""
    files: dict[str, Entry] = field(default_factory=dict)
    source_maps: dict[str, Entry] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    _suffixes: dict[str, list[str]] = field(default_factory=dict)

    def size(self, path: str) -> int:
        return self.files[path].size

    def siblings(self, stem: str) -> list[str]:
        """Suffixes with dot of the program's files called `stem`, packed or not, e.g. [".ts", ".wxss"]."""
        if not self._suffixes:
            for name in self.upload:
                if name.startswith(self.root):
                    head, dot, tail = name.removeprefix(self.root).rpartition(".")
                    self._suffixes.setdefault(head, []).append(dot + tail)
        return sorted(self._suffixes.get(stem, []))

    def sort(self, static: Set[str]) -> None:
        """Decide what devices get of the program below `root`; `static` are folders of which they get everything."""
        paths = {name.removeprefix(self.root): name for name in self.upload if name.startswith(self.root)}
        self.files = {
            path: self.upload[name]
            for path, name in paths.items()
            if _is_below(path, static) or is_runtime(path, paths)
        }
        rest = {path: name for path, name in paths.items() if path not in self.files}
        self.source_maps = {path: self.upload[name] for path, name in rest.items() if is_source_map(path)}
        packed = {self.root + path for path in self.files}
        self.left_out = sorted(name for name in self.upload if name not in packed)


def _is_below(path: str, folders: Set[str]) -> bool:
    """Whether a file lies in one of the folders; as many as there may be are looked up, not compared."""
    while folders and (path := path.rpartition("/")[0]):
        if path in folders:
            return True
    return False


def unwrapped(entries: list[Entry]) -> Contents:
    """The files of an archive by their names, before it is known which of them devices get."""
    contents = Contents()
    names = {normal(entry.name): entry for entry in entries if not entry.is_folder}
    contents.noise = sorted(name for name in names if is_noise(name))
    for name in contents.noise:
        del names[name]
    wrapper = _wrapper(names)
    contents.upload = {name.removeprefix(wrapper): entry for name, entry in names.items()}
    return contents


def _wrapper(names: Collection[str]) -> str:
    """The one top folder around everything, when the program or its project begins in it."""
    if not names or "app.json" in names:
        return ""
    top = next(iter(names)).partition("/")[0] + "/"
    if (top + "app.json" in names or top + "project.config.json" in names) and all(
        name.startswith(top) for name in names
    ):
        return top
    return ""


def note_left_out(contents: Contents, findings: Findings) -> None:
    """One note on files that are there for developers, and one on those that systems add."""
    if set(contents.left_out) - _OF_THE_IDE:
        with_maps = {"source_maps": len(contents.source_maps)} if contents.source_maps else {}
        where, count = _kinds(contents.left_out), len(contents.left_out)
        findings.note("development-files", where=where, count=count, **with_maps)
    if contents.noise:
        where = ", ".join(shown(name) for name in contents.noise[:3]) + (", …" if len(contents.noise) > 3 else "")
        findings.note("system-file", where=where, count=len(contents.noise))


def _kinds(names: list[str]) -> str:
    """How many of which kinds, the most frequent first: “5 × .ts, 2 × .map, package.json”."""
    kinds = Counter(map(kind, names)).most_common()
    listed = [f"{count} × {shown(name, 60)}" if count > 1 else shown(name, 60) for name, count in kinds]
    return ", ".join(listed[:_LISTED_KINDS]) + (", …" if len(listed) > _LISTED_KINDS else "")
