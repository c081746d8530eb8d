"""Sizes of the main package and of the subpackages (rule V-2)."""

from django.utils.translation import gettext as _

from .contents import Contents
from .findings import Findings, human_size, shown
from .limits import Limits
from .manifest import Manifest
from .subpackages import owner_of


def check_package_sizes(manifest: Manifest, contents: Contents, limits: Limits, findings: Findings) -> None:
    """The main package, each subpackage, and all of them together, by the size of their unpacked files."""
    roots = {subpackage.root: subpackage for subpackage in manifest.subpackages}
    each = {"limit": human_size(limits.package_size)}
    if manifest.main_size > limits.package_size:
        files = {path: contents.size(path) for path in contents.files if owner_of(path, roots) is None}
        title, rule = _("The main package is larger than %(limit)s."), _("Main package, %(limit)s")
        _too_large("main-package-size", title % each, "/", files, rule % each, findings)
    for root, subpackage in roots.items():
        if subpackage.size > limits.package_size:
            files = {path: contents.size(path) for path in contents.files if path.startswith(root + "/")}
            title, rule = _("The subpackage %(root)s is larger than %(limit)s."), _("Subpackage, %(limit)s")
            names = {"root": shown(root), **each}
            _too_large("subpackage-size", title % names, names["root"] + "/", files, rule % each, findings)
    if manifest.main_size + sum(subpackage.size for subpackage in manifest.subpackages) > limits.total_size:
        files = {path: contents.size(path) for path in contents.files}
        total = {"limit": human_size(limits.total_size)}
        title, rule = _("All packages together are larger than %(limit)s."), _("All packages, %(limit)s")
        _too_large("total-size", title % total, "/", files, rule % total, findings)


def _too_large(code: str, title: str, where: str, files: dict[str, int], rule: str, findings: Findings) -> None:
    """`files`: path → bytes. The largest are named, for they are where to begin."""
    largest = sorted(files, key=lambda path: (-files[path], path))[:3]
    named = ", ".join(f"{shown(path.rpartition('/')[2])} {human_size(files[path])}" for path in largest)
    hint = _("Largest files: %(files)s.") % {"files": named}
    findings.error(code, title, where=where, detail=human_size(sum(files.values())), hint=hint, rule=rule)
