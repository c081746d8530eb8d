"""One look at an upload: from any bytes to a verdict and, if it is good, the canonical package (rules V-2 to
V-6).
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from .container import Container, check_files, open_container, out_of_time, verify_content
from .content import CHUNK, Clock, ContentError, OutOfTimeError, read_content
from .contents import Contents, note_left_out, unwrapped
from .directory import Entry
from .findings import ERROR, NOTE, WARNING, Finding, Findings, human_size, shown
from .json_file import JsonFile, load
from .limits import Limits
from .manifest import Manifest, read_manifest, static_folders
from .package_sizes import check_package_sizes
from .project_config import NAME as PROJECT_CONFIG
from .project_config import check_app_id, program_root
from .subpackages import Subpackage
from .writer import FAST, PackageWriter, PackedFile


@dataclass(frozen=True, slots=True)
class Inspection:
    """The verdict. Sizes in bytes, hashes as hex SHA-256.

    `sha256` and `size` are those of the canonical package, None when refused. `upload_sha256` is None without
    `hash_upload`, and for an upload over the size limit, which is not read. `unpacked_size` and `files` count what is
    packed, `left_out` names what is not. `pages` are full paths, those of the main package first. `source_maps` are in
    an archive of their own, of `source_maps_size` and `source_maps_sha256`; these are None when there are none.
    """

    accepted: bool
    findings: list[Finding]
    upload_size: int
    upload_sha256: str | None = None
    sha256: str | None = None
    size: int | None = None
    unpacked_size: int = 0
    files: list[PackedFile] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    entry_page: str = ""
    subpackages: list[Subpackage] = field(default_factory=list)
    main_size: int = 0
    left_out: list[str] = field(default_factory=list)
    source_maps: list[PackedFile] = field(default_factory=list)
    source_maps_sha256: str | None = None
    source_maps_size: int | None = None

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == ERROR]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == WARNING]

    @property
    def notes(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == NOTE]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        return {**asdict(self), "findings": [finding.as_dict() for finding in self.findings]}


def inspect(
    file: BinaryIO,
    *,
    limits: Limits | None = None,
    app_id: str | None = None,
    is_ours: Callable[[str], bool] = lambda app_id: False,
    out: BinaryIO | None = None,
    source_maps_out: BinaryIO | None = None,
    hash_upload: bool = True,
    threaded: bool = False,
) -> Inspection:
    """Judge an upload; any bytes give an `Inspection`, none an exception (V-3).

    `file` is a seekable binary file, read from its beginning. `app_id` is the mini program that it is meant for,
    `is_ours` returns whether an App ID is that of any mini program of this console. `out`, when given, receives the
    canonical package, and `source_maps_out` the archive of the source maps, if there are any: throw both away unless
    the result says `accepted`. Without `hash_upload` there is no `upload_sha256`. `threaded`: threads
    of their own write both, on a second processor and beside what waits for a disk; they end before this returns.
    """
    return _Inspector(file, limits or Limits(), app_id, is_ours, out, source_maps_out, hash_upload, threaded).result()


class _Inspector:
    def __init__(
        self,
        file: BinaryIO,
        limits: Limits,
        app_id: str | None,
        is_ours: Callable[[str], bool],
        out: BinaryIO | None,
        source_maps_out: BinaryIO | None,
        hash_upload: bool,
        threaded: bool,
    ) -> None:
        self._hashes_upload = hash_upload
        self._file = file
        self._limits = limits
        self._app_id = app_id
        self._is_ours = is_ours
        self._clock = Clock(limits)
        self._findings = Findings()
        self._contents = Contents()
        self._manifest = Manifest()
        self._writer = PackageWriter(out, threaded=threaded)
        # Not delivered, so the bytes need not be few; written last, so that they get what time is left.
        self._source_maps = PackageWriter(source_maps_out, level=FAST, threaded=threaded)
        self._upload_size = file.seek(0, 2)
        self._upload_sha256: str | None = None

    def result(self) -> Inspection:
        try:
            with self._writer, self._source_maps:
                self._inspect()
        except OutOfTimeError:
            out_of_time(self._findings)
        accepted = not self._findings.errors
        has_maps = accepted and bool(self._source_maps.files)
        return Inspection(
            accepted=accepted,
            findings=self._findings.listed(),
            upload_size=self._upload_size,
            upload_sha256=self._upload_sha256,
            sha256=self._writer.sha256 if accepted else None,
            size=self._writer.size if accepted else None,
            unpacked_size=sum(entry.size for entry in self._contents.files.values()),
            files=self._writer.files if accepted else [],
            pages=self._manifest.pages,
            entry_page=self._manifest.entry_page,
            subpackages=self._manifest.subpackages,
            main_size=self._manifest.main_size,
            left_out=sorted([*self._contents.left_out, *self._contents.noise]),
            source_maps=self._source_maps.files if has_maps else [],
            source_maps_sha256=self._source_maps.sha256 if has_maps else None,
            source_maps_size=self._source_maps.size if has_maps else None,
        )

    def _inspect(self) -> None:
        container = open_container(self._file, self._upload_size, self._limits, self._findings)
        if self._hashes_upload and self._upload_size <= self._limits.upload_size:
            self._upload_sha256 = self._hash_upload()
        if not container.walked:
            return
        self._contents = unwrapped(container.entries)
        self._read_manifest()
        note_left_out(self._contents, self._findings)
        is_small = check_files(self._contents.files, self._limits, self._findings)
        if not (container.sound and container.bounded and is_small):
            return
        if self._findings.errors:
            verify_content(self._file, container.entries, self._clock, self._findings)
        else:
            self._write(container)

    def _hash_upload(self) -> str:
        digest = hashlib.sha256()
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            digest.update(chunk)
        return digest.hexdigest()

    def _read_manifest(self) -> None:
        contents = self._contents
        if (config := self._load(PROJECT_CONFIG, contents.upload.get(PROJECT_CONFIG))) is not None:
            contents.root = program_root(config, contents.upload)
            check_app_id(config, self._app_id, self._is_ours)
        app = self._load("app.json", contents.upload.get(contents.root + "app.json"))
        contents.sort(static_folders(app) if app else set())
        if app is not None:
            self._manifest = read_manifest(app, contents, self._limits, read=self._load_packed)
            check_package_sizes(self._manifest, contents, self._limits, self._findings)
        elif "app.json" not in contents.files:
            self._report_no_app_json()
        if contents.files and "app.js" not in contents.files:
            title, hint = _("The package has no app.js."), _("Put app.js next to app.json.")
            if ".ts" in contents.siblings("app"):
                hint = _("Compile TypeScript before packing: the package has app.ts instead.")
            self._findings.error("app-js-missing", title, where="app.js", hint=hint, rule=_("Required files"))

    def _load_packed(self, path: str) -> JsonFile | None:
        return self._load(path, self._contents.files.get(path))

    def _load(self, name: str, entry: Entry | None) -> JsonFile | None:
        if entry is None or not entry.usable:
            return None
        if entry.size > self._limits.json_size:
            title = _("The file is %(size)s. The limit is %(limit)s.") % {
                "size": human_size(entry.size),
                "limit": human_size(self._limits.json_size),
            }
            self._findings.error("json-size", title, where=name, hint=_("Reduce its size."), rule=_("Valid JSON"))
            return None
        try:
            raw = b"".join(read_content(self._file, entry, self._clock, self._findings))
        except ContentError:
            return None
        return load(name, raw, self._limits, self._findings)

    def _report_no_app_json(self) -> None:
        deeper = sorted(name for name in self._contents.upload if name.endswith("/app.json"))
        hint = _("Pack the folder that contains app.json.")
        if deeper:
            hint += " " + _("Found: %(names)s.") % {"names": ", ".join(map(shown, deeper[:3]))}
        title = _("The package has no app.json in its top folder.")
        self._findings.error("app-json-missing", title, where="app.json", hint=hint, rule=_("Required files"))

    def _write(self, container: Container) -> None:
        """Inflate every entry once: what is packed goes to the writers in canonical order, the rest is verified."""
        try:
            self._add_all(self._contents.files, self._writer)
            self._add_all(self._contents.source_maps, self._source_maps)
        except ContentError:
            rest = [entry for entry in container.entries if entry.usable]
        else:
            packed = {id(entry) for entry in (*self._contents.files.values(), *self._contents.source_maps.values())}
            rest = [entry for entry in container.entries if id(entry) not in packed]
        verify_content(self._file, rest, self._clock, self._findings)
        self._writer.close()
        self._source_maps.close()

    def _add_all(self, files: dict[str, Entry], writer: PackageWriter) -> None:
        for path, entry in sorted(files.items(), key=_by_bytes):
            writer.add(path, read_content(self._file, entry, self._clock, self._findings))


def _by_bytes(item: tuple[str, Entry]) -> bytes:
    return item[0].encode()
