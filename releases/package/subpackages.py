"""Subpackages of app.json: roots, pages and sizes (rules V-2 and V-5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from .contents import Contents
from .findings import shown
from .json_file import JsonFile, Path
from .limits import Limits
from .names import LONGEST_NAME, normal
from .pages import is_relative, read_pages


@dataclass(slots=True)
class Subpackage:
    """`root` without slashes at the ends, `pages` as full paths, `size` the bytes of all files below the
    root.
    """

    root: str
    name: str = ""
    independent: bool = False
    pages: list[str] = field(default_factory=list)
    size: int = 0


def owner_of(path: str, roots: Mapping[str, Subpackage]) -> Subpackage | None:
    """The subpackage in whose folder `path` lies."""
    folder = path
    while roots and "/" in folder:
        folder = folder.rpartition("/")[0]
        if folder in roots:
            return roots[folder]
    return None


def read_subpackages(app: JsonFile, values: dict[str, Any], contents: Contents, limits: Limits) -> list[Subpackage]:
    """All subpackages with a usable root; what is wrong with them is reported."""
    rule = _("Subpackages")
    keys = [key for key in ("subpackages", "subPackages") if key in values]
    if len(keys) == 2:
        title, hint = (
            _("Subpackages are listed twice, with two spellings."),
            _("Keep one of subpackages and subPackages."),
        )
        app.error("subpackages-twice", title, (keys[1],), hint=hint, rule=rule)
    if not keys:
        return []
    key = keys[0]
    count = len(values[key])
    if count > limits.subpackages:
        title = _("There are %(count)d subpackages. The limit is %(limit)d.") % {
            "count": count,
            "limit": limits.subpackages,
        }
        app.error("too-many-subpackages", title, (key,), hint=_("Merge some of them."), rule=rule)
        return []
    folders = _folders(contents)
    found: dict[str, Subpackage] = {}
    places: dict[str, Path] = {}
    for place, item in app.objects((key,), values[key]):
        subpackage = _read_one(app, place, item, found, folders, contents)
        if subpackage is not None:
            found[subpackage.root] = subpackage
            places[subpackage.root] = place
    _check_nesting(app, found, places)
    _check_aliases(app, found, places)
    return list(found.values())


def _folders(contents: Contents) -> set[str]:
    folders: set[str] = set()
    for path in contents.files:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders


def _read_one(
    app: JsonFile,
    place: Path,
    item: dict[str, Any],
    found: dict[str, Subpackage],
    folders: set[str],
    contents: Contents,
) -> Subpackage | None:
    root_place = (*place, "root") if "root" in item else place
    text = app.text(root_place, item.get("root"))
    if text is None:
        return None
    root = normal(text).removeprefix("/").removesuffix("/")
    if not is_relative(root):
        title = _("%(root)s is not the folder of a subpackage.") % {"root": shown(text) or _("An empty string")}
        app.error(
            "subpackage-root",
            title,
            root_place,
            hint=_("Use a relative path, such as packages/tickets."),
            rule=_("Subpackages"),
        )
        return None
    if root in found:
        title = _("Two subpackages use the folder %(root)s.") % {"root": shown(root)}
        app.error("subpackage-twice", title, root_place, hint=_("Merge them or move one."), rule=_("Subpackages"))
        return None
    if root not in folders:
        title = _("The subpackage folder %(root)s is not in the package.") % {"root": shown(root)}
        hint = _("Add its files, or remove the subpackage from app.json.")
        app.error("subpackage-missing", title, root_place, hint=hint, rule=_("Subpackages"))
        return None
    return _read_members(app, place, item, root, contents)


def _read_members(app: JsonFile, place: Path, item: dict[str, Any], root: str, contents: Contents) -> Subpackage:
    subpackage = Subpackage(root)
    name, independent = item.get("name", ""), item.get("independent", False)
    if isinstance(name, str) and name.isprintable() and len(name) <= LONGEST_NAME:
        subpackage.name = name
    else:
        app.wrong_type((*place, "name"), _("a string"))
    if isinstance(independent, bool):
        subpackage.independent = independent
    else:
        app.wrong_type((*place, "independent"), _("true or false"))
    pages_place = (*place, "pages") if "pages" in item else place
    subpackage.pages = list(read_pages(app, pages_place, item.get("pages"), root + "/", contents))
    return subpackage


def _check_nesting(app: JsonFile, found: dict[str, Subpackage], places: dict[str, Path]) -> None:
    for root in found:
        outer = owner_of(root, found)
        if outer is not None:
            title = _("The subpackage %(inner)s is inside the subpackage %(outer)s.") % {
                "inner": shown(root),
                "outer": shown(outer.root),
            }
            app.error(
                "subpackage-nested",
                title,
                (*places[root], "root"),
                hint=_("Move one of them."),
                rule=_("Subpackages"),
            )


def _check_aliases(app: JsonFile, found: dict[str, Subpackage], places: dict[str, Path]) -> None:
    seen: set[str] = set()
    for root, subpackage in found.items():
        if subpackage.name and subpackage.name in seen:
            title = _("Two subpackages use the name %(name)s.") % {"name": shown(subpackage.name)}
            app.error(
                "subpackage-name",
                title,
                (*places[root], "name"),
                hint=_("Give each a different name."),
                rule=_("Subpackages"),
            )
        seen.add(subpackage.name)
