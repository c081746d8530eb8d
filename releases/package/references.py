"""What app.json refers to besides pages and subpackages (rule V-5)."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from .contents import Contents
from .findings import shown
from .json_file import JsonFile, Path, dotted
from .names import normal
from .subpackages import Subpackage

_MAIN = "__APP__"
_FOREIGN = ("plugin://", "plugin-private://", "dynamicLib://", "ext://")


def check_references(
    app: JsonFile,
    values: dict[str, Any],
    pages: Iterable[str],
    subpackages: list[Subpackage],
    contents: Contents,
) -> None:
    """Check preloadRule, permission, requiredPrivateInfos, usingComponents, plugins, workers and named files."""
    _check_preload(app, values.get("preloadRule", {}), set(pages), subpackages)
    for name, value in values.get("permission", {}).items():
        _check_permission(app, ("permission", name), value)
    for key in ("requiredPrivateInfos", "requiredBackgroundModes"):
        for _place, _text in app.strings((key,), values.get(key, [])):
            pass
    for name, value in values.get("usingComponents", {}).items():
        _check_component(app, ("usingComponents", name), value, contents)
    for name, value in values.get("plugins", {}).items():
        _check_plugin(app, ("plugins", name), value)
    for key in ("sitemapLocation", "themeLocation"):
        if key in values:
            _check_file(app, (key,), values[key], contents)
    if "workers" in values:
        _check_workers(app, values["workers"], contents)
    if isinstance(values.get("staticPath"), list):
        for _place, _text in app.strings(("staticPath",), values["staticPath"]):
            pass


def _check_preload(app: JsonFile, rules: dict[str, Any], pages: set[str], subpackages: list[Subpackage]) -> None:
    rule = _("Preloading")
    packages = {
        _MAIN,
        *(item.root for item in subpackages),
        *(item.name for item in subpackages if item.name),
    }
    for page, value in rules.items():
        path: Path = ("preloadRule", page)
        if normal(page) not in pages:
            title = _("Preloading is set for %(page)s, which is not a page.") % {"page": shown(page)}
            app.error("preload-page", title, path, hint=_("Use one of the listed pages."), rule=rule)
        if not isinstance(value, dict):
            app.wrong_type(path, _("an object"))
            continue
        if value.get("network", "wifi") not in ("all", "wifi"):
            title = _("The network for preloading is neither all nor wifi.")
            app.error("preload-network", title, (*path, "network"), hint=_("Use all or wifi."), rule=rule)
        for place, name in app.strings((*path, "packages") if "packages" in value else path, value.get("packages")):
            if normal(name).strip("/") not in packages:
                title = _("Preloading refers to %(name)s, which is not a subpackage.") % {"name": shown(name)}
                app.error(
                    "preload-package",
                    title,
                    place,
                    hint=_("Use the root or name of a subpackage."),
                    rule=rule,
                )


def _check_permission(app: JsonFile, path: Path, value: Any) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("desc"), str) or not value["desc"].strip():
        title = _("%(key)s has no description.") % {"key": dotted(path)}
        hint = _("Explain in desc what the permission is for. Users see it.")
        app.error("permission-text", title, path, hint=hint, rule=_("Permissions"))


def _check_component(app: JsonFile, path: Path, value: Any, contents: Contents) -> None:
    text = app.text(path, value)
    if text is None or text.startswith(_FOREIGN):
        return
    target = normal(text).removeprefix("/").removeprefix("./")
    stems = (target, target + "/index", "miniprogram_npm/" + target, f"miniprogram_npm/{target}/index")
    if not any(stem + ".js" in contents.files for stem in stems):
        app.warning("component-missing", path, path=shown(text))


def _check_plugin(app: JsonFile, path: Path, value: Any) -> None:
    if not isinstance(value, dict):
        app.wrong_type(path, _("an object"))
        return
    for key in ("version", "provider"):
        if key not in value:
            title = _("The plugin %(name)s has no %(key)s.") % {"name": shown(str(path[-1]), 60), "key": key}
            app.error("plugin", title, path, hint=_("Each plugin needs a version and a provider."), rule=_("Plugins"))
        else:
            app.text((*path, key), value[key])


def _check_file(app: JsonFile, path: Path, value: str, contents: Contents) -> None:
    name = normal(value).removeprefix("/").removeprefix("./")
    if name not in contents.files:
        title = _("The file %(file)s is not in the package.") % {"file": shown(value) or '""'}
        app.error("file-missing", title, path, hint=_("Add the file, or correct the path."), rule=_("Referenced files"))


def _check_workers(app: JsonFile, value: str | dict[str, Any], contents: Contents) -> None:
    path: Path = ("workers",)
    text: str | None = value if isinstance(value, str) else None
    if isinstance(value, dict):
        path = ("workers", "path") if "path" in value else path
        text = app.text(path, value.get("path"))
    if text is None:
        return
    folder = normal(text).removeprefix("/").removesuffix("/") + "/"
    if not any(name.startswith(folder) for name in contents.files):
        title = _("The workers folder %(folder)s is not in the package.") % {"folder": shown(text) or '""'}
        app.error(
            "file-missing", title, path, hint=_("Add the folder, or correct the path."), rule=_("Referenced files")
        )
