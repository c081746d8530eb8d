"""app.json: what the mini program consists of (rule V-5)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from .contents import Contents
from .findings import shown
from .json_file import JsonFile, Path
from .limits import Limits
from .names import normal
from .pages import is_relative, read_pages
from .references import check_references
from .subpackages import Subpackage, owner_of, read_subpackages
from .tab_bar import check_tab_bar

# The keys that WeChat's and TCSAS's documents name, with the type of each that means something to a host application;
# others are only passed on.
_OBJECT, _ARRAY, _BOOLEAN, _TEXT, _ANY = (dict,), (list,), (bool,), (str,), (object,)
KNOWN_KEYS: dict[str, tuple[type, ...]] = {
    "pages": _ARRAY,
    "entryPagePath": _TEXT,
    "window": _OBJECT,
    "tabBar": _OBJECT,
    "appBar": _OBJECT,
    "subpackages": _ARRAY,
    "subPackages": _ARRAY,
    "preloadRule": _OBJECT,
    "permission": _OBJECT,
    "requiredPrivateInfos": _ARRAY,
    "requiredBackgroundModes": _ARRAY,
    "requireBackgroundModes": _ANY,
    "usingComponents": _OBJECT,
    "componentPlaceholder": _OBJECT,
    "plugins": _OBJECT,
    "workers": (str, dict),
    "sitemapLocation": _TEXT,
    "themeLocation": _TEXT,
    "networkTimeout": _OBJECT,
    "debug": _BOOLEAN,
    "debugOptions": _OBJECT,
    "darkmode": _BOOLEAN,
    "style": _TEXT,
    "theme": _TEXT,
    "useExtendedLib": _OBJECT,
    "lazyCodeLoading": _TEXT,
    "lazyCodeLoadingLegacy": _BOOLEAN,
    "renderer": _TEXT,
    "rendererOptions": _OBJECT,
    "componentFramework": _TEXT,
    "resolveAlias": _OBJECT,
    "resizable": _BOOLEAN,
    "displayMode": _TEXT,
    "frameset": _BOOLEAN,
    "functionalPages": (bool, dict),
    "singlePage": _OBJECT,
    "halfPage": _OBJECT,
    "entranceDeclare": _OBJECT,
    "embeddedAppIdList": _ARRAY,
    "navigateToMiniProgramAppIdList": _ANY,
    "groupIdList": _ANY,
    "supportedMaterials": _ANY,
    "multiSelectSupportedMaterials": _ANY,
    "staticPath": (str, list),
    "useAuthorizePage": _ANY,
    "disableSwipeBack": _ANY,
    "enablePassiveEvent": (bool, dict),
    "openDataContext": _TEXT,
    "openLocationPagePath": _TEXT,
    "cloud": _BOOLEAN,
    "cloudVersion": _TEXT,
    "cloudConfig": _OBJECT,
    "agent": _OBJECT,
    "chatTools": _ARRAY,
    "mimeTypeDeclarations": _OBJECT,
    "serviceProviderTicket": _TEXT,
    "accountCardPackage": _OBJECT,
    "xrEntryPagePath": _TEXT,
    "miniApp": _OBJECT,
    "static": _ARRAY,
    "mini-ios": _OBJECT,
    "mini-android": _OBJECT,
    "mini-ohos": _OBJECT,
    "mini-weixin": _OBJECT,
    "keepContextPageInCycleJump": _BOOLEAN,
    "__usePrivacyCheck__": _BOOLEAN,
    "__lazyCodeLoadingChunk": _ANY,
    "__warning__": _TEXT,
}


@dataclass(slots=True)
class Manifest:
    """`pages`: full paths, main package first. `main_size`: bytes of all files outside subpackages."""

    pages: list[str] = field(default_factory=list)
    entry_page: str = ""
    subpackages: list[Subpackage] = field(default_factory=list)
    main_size: int = 0


def static_folders(app: JsonFile) -> set[str]:
    """The folders that `staticPath` names, one or several: of these devices get every file, whatever its type."""
    value = app.root.get("staticPath", [])
    folders = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    named = [normal(each).removeprefix("./").strip("/") for each in folders if isinstance(each, str)]
    return {folder for folder in named if is_relative(folder)}


def read_manifest(
    app: JsonFile, contents: Contents, limits: Limits, *, read: Callable[[str], JsonFile | None]
) -> Manifest:
    """Check app.json against the files of the package, of which `read` gives one; findings go to `app.findings`."""
    values = _known_values(app)
    manifest = Manifest()
    main_pages = _read_main_pages(app, values, contents)
    manifest.subpackages = read_subpackages(app, values, contents, limits)
    roots = {subpackage.root: subpackage for subpackage in manifest.subpackages}
    _check_main_pages(app, main_pages, roots)
    manifest.pages = [
        *main_pages,
        *(page for subpackage in manifest.subpackages for page in subpackage.pages),
    ]
    manifest.entry_page = _entry_page(app, values, manifest.pages)
    check_tab_bar(app, values, main_pages, contents, limits, read=read)
    check_references(app, values, manifest.pages, manifest.subpackages, contents)
    _measure(manifest, roots, contents)
    return manifest


def _known_values(app: JsonFile) -> dict[str, Any]:
    """The members with a right type; unknown keys are a warning, wrong types an error."""
    values = {}
    for key, value in app.root.items():
        expected = KNOWN_KEYS.get(key)
        if expected is None:
            app.warning("unknown-key", (key,))
        elif isinstance(value, expected):
            values[key] = value
        else:
            app.wrong_type((key,), _type_names(expected))
    return values


def _type_names(types: tuple[type, ...]) -> str:
    words = {dict: _("an object"), list: _("an array"), bool: _("true or false"), str: _("a string")}
    return _(" or ").join(words[kind] for kind in types)


def _read_main_pages(app: JsonFile, values: dict[str, Any], contents: Contents) -> dict[str, Path]:
    """Main pages in order, each with its place in app.json."""
    rule = _("Pages")
    if not values.get("pages"):
        if "pages" in values or "pages" not in app.root:
            title, hint = (
                _("The mini program has no pages."),
                _("List at least one page under pages; the first one opens first."),
            )
            app.error("pages-missing", title, ("pages",) if "pages" in app.root else (), hint=hint, rule=rule)
        return {}
    return read_pages(app, ("pages",), values["pages"], "", contents)


def _check_main_pages(app: JsonFile, pages: dict[str, Path], roots: dict[str, Subpackage]) -> None:
    for page, place in pages.items():
        root = owner_of(page, roots)
        if root is not None:
            title = _("The main page %(page)s is in the subpackage %(root)s.") % {
                "page": shown(page),
                "root": shown(root.root),
            }
            hint = _("List it under the pages of the subpackage, or move its files.")
            app.error("page-in-subpackage", title, place, hint=hint, rule=_("Subpackages"))


def _entry_page(app: JsonFile, values: dict[str, Any], pages: list[str]) -> str:
    """The page that opens first: entryPagePath, else the first of pages."""
    if "entryPagePath" not in values:
        return pages[0] if pages else ""
    entry = normal(values["entryPagePath"])
    if entry in pages:
        return entry
    title = _("The entry page %(page)s is not a page of the mini program.") % {"page": shown(entry)}
    hint = _("Use one of the listed pages.")
    app.error("entry-page", title, ("entryPagePath",), hint=hint, rule=_("Entry page"))
    return ""


def _measure(manifest: Manifest, roots: dict[str, Subpackage], contents: Contents) -> None:
    for path in contents.files:
        owner = owner_of(path, roots)
        if owner is None:
            manifest.main_size += contents.size(path)
        else:
            owner.size += contents.size(path)
