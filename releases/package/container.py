"""The archive as a container: everything about a zip that has to be true before its files mean anything (V-2,
V-4).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext as _

from .content import Clock, ContentError, OutOfTimeError, read_content
from .directory import Entry, read_directory, too_many_files
from .end_record import find_end_record
from .findings import Findings, RefusedError, human_size, shown
from .limits import Limits
from .local_headers import read_local_headers
from .names import NameTree, check_name, check_path


@dataclass(slots=True)
class Container:
    """The entries of an archive.

    `walked`: all headers were found, so single entries may be read. `sound`: every entry is what its headers
    say. `bounded`: they can be read, however much of them is packed.
    """

    entries: list[Entry] = field(default_factory=list)
    walked: bool = False
    sound: bool = False
    bounded: bool = False


def open_container(file: BinaryIO, size: int, limits: Limits, findings: Findings) -> Container:
    """Read and check all headers of an archive of `size` bytes; inflates nothing. Everything wrong is in
    `findings`.
    """
    container = Container()
    if size > limits.upload_size:
        title = _("The file is %(size)s. The limit is %(limit)s.") % {
            "size": human_size(size),
            "limit": human_size(limits.upload_size),
        }
        findings.error(
            "upload-size",
            title,
            hint=_("Remove files that the mini program does not need."),
            rule=_("Upload size"),
        )
        return container
    try:
        end = find_end_record(file, size, findings)
        container.entries = read_directory(file, end, limits, findings)
        read_local_headers(file, container.entries, end, findings)
    except RefusedError:
        return container
    container.walked = True
    container.sound = all(entry.usable for entry in container.entries)
    _check_names(container.entries, limits, findings)
    container.bounded = _check_ratios(container.entries, size, limits, findings)
    return container


def read(file: BinaryIO, limits: Limits | None = None) -> tuple[Container, Findings]:
    """Check an archive that need not be a mini program: headers, names, limits, and the content of every
    entry.
    """
    limits = limits or Limits()
    findings = Findings()
    size = file.seek(0, 2)
    container = open_container(file, size, limits, findings)
    files = {entry.name: entry for entry in container.entries if not entry.is_folder}
    if check_files(files, limits, findings) and container.sound and container.bounded:
        verify_content(file, container.entries, Clock(limits), findings)
    return container, findings


def verify_content(file: BinaryIO, entries: list[Entry], clock: Clock, findings: Findings) -> None:
    """Inflate every entry to nowhere, to learn whether its size and CRC are true."""
    try:
        for entry in entries:
            if not entry.usable:
                continue
            try:
                for _chunk in read_content(file, entry, clock, findings):
                    pass
            except ContentError:
                continue
    except OutOfTimeError:
        out_of_time(findings)


def out_of_time(findings: Findings) -> None:
    title = _("The package takes too long to read.")
    hint = _("Pack the project again with standard compression.")
    findings.error("too-slow", title, hint=hint, rule=_("Reading time"))


def _check_names(entries: list[Entry], limits: Limits, findings: Findings) -> None:
    tree = NameTree(findings)
    for entry in entries:
        if entry.decoded and check_name(entry.name, limits, findings):
            tree.add(entry.name)
    in_gbk = [entry.name for entry in entries if entry.in_gbk]
    if in_gbk:
        where = ", ".join(shown(name) for name in in_gbk[:3]) + (", …" if len(in_gbk) > 3 else "")
        findings.note("name-gbk", where=where, count=len(in_gbk))


def check_files(files: Mapping[str, Entry], limits: Limits, findings: Findings) -> bool:
    """Number, declared sizes and paths of the files that count (V-2); True when they may be inflated."""
    for path in files:
        check_path(path, limits, findings)
    before = findings.errors
    if len(files) > limits.files:
        too_many_files(len(files), limits, findings)
    unpacked = sum(entry.size for entry in files.values())
    if unpacked > limits.unpacked_size:
        title = _("The unpacked files are %(size)s. The limit is %(limit)s.") % {
            "size": human_size(unpacked),
            "limit": human_size(limits.unpacked_size),
        }
        findings.error(
            "unpacked-size",
            title,
            hint=_("Remove files that the mini program does not need."),
            rule=_("Unpacked size"),
        )
    return findings.errors == before


def _check_ratios(entries: list[Entry], upload_size: int, limits: Limits, findings: Findings) -> bool:
    """No bombs, also among what is left out, which is inflated to be verified; True when there are none."""
    before = findings.errors
    files = [entry for entry in entries if not entry.is_folder]
    if len(entries) - len(files) > limits.folders:
        too_many_files(len(entries) - len(files), limits, findings)
    for entry in files:
        if entry.size > limits.ratio_from and entry.size > limits.ratio * entry.compressed_size:
            _ratio(shown(entry.name), limits, findings)
    unpacked = sum(entry.size for entry in files)
    if unpacked > limits.ratio_from and unpacked > limits.ratio * upload_size:
        _ratio("", limits, findings)
    return findings.errors == before


def _ratio(where: str, limits: Limits, findings: Findings) -> None:
    title = _("The unpacked content is more than %(ratio)d times its packed size.") % {"ratio": limits.ratio}
    findings.error(
        "ratio",
        title,
        where=where,
        hint=_("Remove files that are mostly empty."),
        rule=_("Compression ratio"),
    )
