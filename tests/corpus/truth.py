"""A program of the corpus: its files, and what it really does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.corpus.invented import fill

HERE = Path(__file__).parent
NATIVE = HERE / "native"
TRUTH = "truth.json"


class Truth(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a program does, as we who wrote it know.

    `apis` is everything that it calls, `called` the origins that it asks (by request, uploadFile, downloadFile,
    connectSocket or a web view), `mentioned` those that only occur. A secret is named by its kind, as often as it is
    there. `open`: something is known only at run time, which the scan has to say. What is in `either` may be found or
    not. In what a framework has built, `mentions_more` stands for the addresses in the framework's own code.
    `changed_by` names the scripts of the recipe `minified` behind which the truth is another one: comments are gone, or
    files that nothing requires.
    """

    about: str
    form: str = ""
    apis: list[str] = []
    called: list[str] = []
    mentioned: list[str] = []
    secrets: list[str] = []
    open: bool = False
    obfuscated: bool = False
    either: list[str] = []
    mentions_more: bool = False
    changed_by: list[str] = []


class Program(msgspec.Struct, frozen=True):
    """A package of the corpus. `group` says who made it what it is; each of them has to reach the bounds by itself."""

    name: str
    form: str
    truth: Truth
    folder: Path
    group: str = "written by hand"

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield paths and contents in the order of the paths, as they are in a package."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name != TRUTH:
                yield str(path.relative_to(self.folder)), fill(path.read_bytes())


def read_truth(folder: Path) -> Truth:
    """Read the truth that lies in a program's folder."""
    return msgspec.json.decode((folder / TRUTH).read_bytes(), type=Truth)


def native_programs() -> list[Program]:
    """Return the programs that were written by hand."""
    programs = []
    for folder in sorted(NATIVE.iterdir()):
        truth = read_truth(folder)
        programs.append(Program(folder.name, truth.form, truth, folder))
    return programs
