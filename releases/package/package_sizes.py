"""Sizes of the main package and of the subpackages (rule V-2)."""

from django.utils.translation import gettext as _

from .contents import Contents
from .findings import Findings, human_size, shown
from .limits import Limits
from .manifest import Manifest
from .subpackages import owner_of


def check_package_sizes(manifest: Manifest, contents: Contents, limits: Limits, findings: Findings) -> None:
    """Rule V-2: the main package, each subpackage, and all of them together."""
    roots = {subpackage.root: subpackage for subpackage in manifest.subpackages}
    limit = human_size(limits.package_size)
    if manifest.main_size > limits.package_size:
        title = _("The main package is larger than %(limit)s.") % {"limit": limit}
        main = [path for path in contents.files if owner_of(path, roots) is None]
        _too_large(
            "main-package-size",
            title,
            "/",
            manifest.main_size,
            main,
            contents,
            _("Main package, %(limit)s") % {"limit": limit},
            findings,
        )
    for subpackage in manifest.subpackages:
        if subpackage.size > limits.package_size:
            title = _("The subpackage %(root)s is larger than %(limit)s.") % {
                "root": shown(subpackage.root),
                "limit": limit,
            }
            files = [path for path in contents.files if path.startswith(subpackage.root + "/")]
            rule = _("Subpackage, %(limit)s") % {"limit": limit}
            _too_large(
                "subpackage-size",
                title,
                shown(subpackage.root) + "/",
                subpackage.size,
                files,
                contents,
                rule,
                findings,
            )
    total = manifest.main_size + sum(subpackage.size for subpackage in manifest.subpackages)
    if total > limits.total_size:
        limit = human_size(limits.total_size)
        title = _("All packages together are larger than %(limit)s.") % {"limit": limit}
        rule = _("All packages, %(limit)s") % {"limit": limit}
        _too_large("total-size", title, "/", total, list(contents.files), contents, rule, findings)


def _too_large(
    code: str,
    title: str,
    where: str,
    size: int,
    files: list[str],
    contents: Contents,
    rule: str,
    findings: Findings,
) -> None:
    largest = sorted(files, key=lambda path: (-contents.size(path), path))[:3]
    named = ", ".join(f"{shown(path.rpartition('/')[2])} {human_size(contents.size(path))}" for path in largest)
    hint = _("Largest files: %(files)s.") % {"files": named}
    findings.error(code, title, where=where, detail=human_size(size), hint=hint, rule=rule)
