"""Honest archives that are no mini program: app.json and what it names (rule V-5)."""

import json
from collections.abc import Callable
from typing import Any

from .builder import package, project

OTHER_APP_ID = "mp0000other000000"
PNG = b"\x89PNG\r\n\x1a\n"


def _app(text: str | bytes, **files: bytes | None) -> Callable[[], bytes]:
    raw = text.encode() if isinstance(text, str) else text
    return lambda: package(project(files, raw))


def _with(files: dict[str, bytes | str | None] | None = None, **app: Any) -> Callable[[], bytes]:
    """An honest project with these members of app.json and these files."""
    return lambda: package(project(files, {"pages": ["pages/index/index"], **app}))


def _tabs(*items: Any, files: dict[str, bytes | str | None] | None = None, **members: Any) -> Callable[[], bytes]:
    pages = {f"pages/{n}.{kind}": b"" for n in "abcdef" for kind in ("js", "wxml")}
    app = {
        "pages": ["pages/index/index", *(f"pages/{n}" for n in "abcdef")],
        "tabBar": {"list": list(items), **members},
    }
    return lambda: package(project({**pages, **(files or {})}, app))


def _subs(
    *items: Any, key: str = "subpackages", files: dict[str, bytes | str | None] | None = None, **app: Any
) -> Callable[[], bytes]:
    sub = {f"{root}/p.{kind}": b"" for root in ("one", "one/two", "three") for kind in ("js", "wxml")}
    return _with({**sub, **(files or {})}, **{key: list(items)}, **app)


def _tab(page: str, **more: Any) -> dict[str, Any]:
    return {"pagePath": page, "text": page, **more}


ONE, THREE = {"root": "one", "pages": ["p"]}, {"root": "three", "pages": ["p"]}
HOME, A = _tab("pages/index/index"), _tab("pages/a")
PAGES = '"pages": ["pages/index/index"]'

MANIFESTS: dict[str, tuple[str, Callable[[], bytes]]] = {
    # files that have to be there
    "no-app-json": ("app-json-missing", lambda: package(project({"app.json": None}))),
    "no-app-js": ("app-js-missing", lambda: package(project({"app.js": None}))),
    "two-wrapping-folders": (
        "app-json-missing",
        lambda: package({f"a/b/{name}": data for name, data in project().items()}),
    ),
    "wrapping-folder-and-file": (
        "app-json-missing",
        lambda: package({f"a/{n}": d for n, d in project().items()} | {"b.js": b""}),
    ),
    "app-json-upper-case": (
        "app-json-missing",
        lambda: package({n.replace("app", "App"): d for n, d in project().items()}),
    ),
    # JSON
    "json-empty": ("json-syntax", _app("")),
    "json-bom": ("json-bom", _app(b"\xef\xbb\xbf{" + PAGES.encode() + b"}")),
    "json-utf16": ("json-encoding", _app(("{" + PAGES + "}").encode("utf-16"))),
    "json-latin1": ("json-encoding", _app(("{" + PAGES + ', "style": "é"}').encode("latin-1"))),
    "json-lone-surrogate": ("json-encoding", _app("{" + PAGES + r', "style": "\ud800"}')),
    "json-comment": ("json-syntax", _app("{" + PAGES + "} // done")),
    "json-block-comment": ("json-syntax", _app("/* app */ {" + PAGES + "}")),
    "json-trailing-comma": ("json-syntax", _app("{" + PAGES + ",}")),
    "json-trailing-comma-in-array": ("json-syntax", _app('{"pages": ["pages/index/index",]}')),
    "json-missing-comma": ("json-syntax", _app("{" + PAGES + ' "style": "v2"}')),
    "json-missing-colon": ("json-syntax", _app('{"pages" ["pages/index/index"]}')),
    "json-single-quotes": ("json-syntax", _app("{'pages': ['pages/index/index']}")),
    "json-unquoted-key": ("json-syntax", _app('{pages: ["pages/index/index"]}')),
    "json-cut-off": ("json-syntax", _app("{" + PAGES)),
    "json-control-character": ("json-syntax", _app("{" + PAGES + ', "style": "a\nb"}')),
    "json-bad-escape": ("json-syntax", _app("{" + PAGES + r', "style": "\x41"}')),
    "json-leading-zero": ("json-syntax", _app("{" + PAGES + ', "static": [012]}')),
    "json-plus-sign": ("json-syntax", _app("{" + PAGES + ', "static": [+1]}')),
    "json-two-values": ("json-syntax", _app("{" + PAGES + "}{}")),
    "json-nul": ("json-syntax", _app("{" + PAGES + "}\x00")),
    "json-nan": ("json-constant", _app("{" + PAGES + ', "static": [NaN]}')),
    "json-infinity": ("json-constant", _app("{" + PAGES + ', "static": [-Infinity]}')),
    "json-number-overflow": ("json-number", _app("{" + PAGES + ', "static": [1e999]}')),
    "json-number-long": ("json-number", _app("{" + PAGES + ', "static": [' + "9" * 100_000 + "]}")),
    "json-duplicate-key": ("json-duplicate-key", _app("{" + PAGES + "," + PAGES + "}")),
    "json-duplicate-escaped-key": ("json-duplicate-key", _app("{" + PAGES + r', "p\u0061ges": []}')),
    "json-duplicate-inner-key": ("json-duplicate-key", _app("{" + PAGES + ', "window": {"a": 1, "a": 1}}')),
    "json-too-deep": ("json-depth", _app("{" + PAGES + ', "static": ' + "[" * 32 + "]" * 32 + "}")),
    "json-absurdly-deep": ("json-depth", _app("[" * 500_000)),
    "json-too-many-values": ("json-size", _app("{" + PAGES + ', "static": [' + "0," * 200_000 + "0]}")),
    "json-too-large": ("json-size", _app("{" + PAGES + "}" + " " * (1 << 20))),
    "json-array": ("json-type", _app('["pages/index/index"]')),
    "json-text": ("json-type", _app('"pages"')),
    "json-null": ("json-type", _app("null")),
    # pages
    "pages-absent": ("pages-missing", _app("{}")),
    "pages-empty": ("pages-missing", _app('{"pages": []}')),
    "pages-object": ("json-type", _app('{"pages": {}}')),
    "pages-null": ("json-type", _app('{"pages": null}')),
    "page-number": ("json-type", _app('{"pages": ["pages/index/index", 7]}')),
    "page-twice": ("page-twice", _app('{"pages": ["pages/index/index", "pages/index/index"]}')),
    "page-empty": ("page-path", _app('{"pages": ["pages/index/index", ""]}')),
    "page-absolute": ("page-path", _app('{"pages": ["/pages/index/index"]}')),
    "page-parent": ("page-path", _app('{"pages": ["pages/../pages/index/index"]}')),
    "page-control-character": ("page-path", _app(r'{"pages": ["pages/index/index", "a\u0000b"]}')),
    "page-with-suffix": ("page-files", _app('{"pages": ["pages/index/index.wxml"]}')),
    "page-without-js": ("page-files", lambda: package(project({"pages/index/index.js": None}))),
    "page-without-wxml": ("page-files", lambda: package(project({"pages/index/index.wxml": None}))),
    "page-in-other-case": ("page-files", _app('{"pages": ["pages/Index/index"]}')),
    "entry-page-unknown": ("entry-page", _with(entryPagePath="pages/none/none")),
    "entry-page-number": ("json-type", _with(entryPagePath=1)),
    # types
    "window-array": ("json-type", _with(window=[])),
    "debug-text": ("json-type", _with(debug="true")),
    "style-boolean": ("json-type", _with(style=True)),
    "permission-array": ("json-type", _with(permission=[])),
    "permission-without-text": ("permission-text", _with(permission={"scope.userLocation": {}})),
    "private-infos-text": ("json-type", _with(requiredPrivateInfos="getLocation")),
    "private-infos-number": ("json-type", _with(requiredPrivateInfos=[1])),
    "component-number": ("json-type", _with(usingComponents={"a-b": 1})),
    "plugin-without-provider": ("plugin", _with(plugins={"map": {"version": "1.0.0"}})),
    "plugin-text": ("json-type", _with(plugins={"map": "1.0.0"})),
    "workers-number": ("json-type", _with(workers=1)),
    "workers-missing": ("file-missing", _with(workers="workers")),
    "workers-object-without-path": ("json-type", _with(workers={"isSubpackage": True})),
    "sitemap-missing": ("file-missing", _with(sitemapLocation="sitemap.json")),
    "theme-missing": ("file-missing", _with(themeLocation="theme.json")),
    # tab bar
    "tab-bar-array": ("json-type", _with(tabBar=[])),
    "tab-bar-without-list": ("json-type", _with(tabBar={})),
    "tab-item-text": ("json-type", _tabs(HOME, "pages/a")),
    "tab-one": ("tab-count", _tabs(HOME)),
    "tab-six": ("tab-count", _tabs(*(_tab(f"pages/{name}") for name in "abcdef"))),
    "tab-without-page": ("json-type", _tabs(HOME, {"text": "a"})),
    "tab-page-unknown": ("tab-page", _tabs(HOME, _tab("pages/none"))),
    "tab-page-twice": ("tab-page-twice", _tabs(HOME, HOME)),
    "tab-text-number": ("json-type", _tabs(HOME, _tab("pages/a") | {"text": 1})),
    "tab-icon-missing": ("tab-icon-missing", _tabs(HOME, A | {"iconPath": "images/a.png"})),
    "tab-icon-svg": ("tab-icon-type", _tabs(HOME, A | {"iconPath": "a.svg"}, files={"a.svg": b"<svg/>"})),
    "tab-icon-large": (
        "tab-icon-size",
        _tabs(HOME, A | {"iconPath": "a.png"}, files={"a.png": PNG + bytes(40 * 1024)}),
    ),
    "tab-selected-icon-large": (
        "tab-icon-size",
        _tabs(HOME, A | {"selectedIconPath": "/a.jpg"}, files={"a.jpg": bytes(40 * 1024 + 1)}),
    ),
    "tab-position": ("tab-position", _tabs(HOME, A, position="left")),
    "tab-custom": ("json-type", _tabs(HOME, A, custom="yes")),
    "tab-page-in-subpackage": (
        "tab-page",
        _subs(ONE, tabBar={"list": [HOME, _tab("one/p")]}),
    ),
    # subpackages
    "subpackages-object": ("json-type", _with(subpackages={})),
    "subpackage-text": ("json-type", _subs("one")),
    "subpackages-two-spellings": ("subpackages-twice", _subs(ONE, subPackages=[THREE])),
    "subpackage-without-root": ("json-type", _subs({"pages": ["p"]})),
    "subpackage-without-pages": ("json-type", _subs({"root": "one"})),
    "subpackage-root-empty": ("subpackage-root", _subs({"root": "", "pages": ["p"]})),
    "subpackage-root-slash": ("subpackage-root", _subs({"root": "/", "pages": ["p"]})),
    "subpackage-root-parent": ("subpackage-root", _subs({"root": "../one", "pages": ["p"]})),
    "subpackage-root-missing": ("subpackage-missing", _subs({"root": "four", "pages": ["p"]})),
    "subpackage-root-is-file": ("subpackage-missing", _subs({"root": "app.js", "pages": ["p"]})),
    "subpackage-twice": ("subpackage-twice", _subs(ONE, {"root": "one/", "pages": ["p"]})),
    "subpackage-nested": ("subpackage-nested", _subs(ONE, {"root": "one/two", "pages": ["p"]})),
    "subpackage-nested-outer-last": (
        "subpackage-nested",
        _subs({"root": "one/two", "pages": ["p"]}, ONE, key="subPackages"),
    ),
    "subpackage-page-missing": ("page-files", _subs({"root": "one", "pages": ["q"]})),
    "subpackage-page-twice": ("page-twice", _subs({"root": "one", "pages": ["p", "p"]})),
    "subpackage-name-twice": ("subpackage-name", _subs(ONE | {"name": "x"}, THREE | {"name": "x"})),
    "subpackage-independent-text": ("json-type", _subs(ONE | {"independent": "yes"})),
    "subpackage-holds-main-page": ("page-in-subpackage", _subs({"root": "pages", "pages": ["index/index"]})),
    "subpackages-too-many": (
        "too-many-subpackages",
        _with(
            {f"s{n}/p.{kind}": b"" for n in range(101) for kind in ("js", "wxml")},
            subpackages=[{"root": f"s{n}", "pages": ["p"]} for n in range(101)],
        ),
    ),
    # preloading
    "preload-page-unknown": ("preload-page", _subs(ONE, preloadRule={"pages/none": {"packages": ["one"]}})),
    "preload-package-unknown": (
        "preload-package",
        _subs(ONE, preloadRule={"pages/index/index": {"packages": ["two"]}}),
    ),
    "preload-network": (
        "preload-network",
        _subs(ONE, preloadRule={"pages/index/index": {"packages": ["one"], "network": "5g"}}),
    ),
    "preload-text": ("json-type", _subs(ONE, preloadRule={"pages/index/index": "one"})),
    "preload-without-packages": ("json-type", _subs(ONE, preloadRule={"pages/index/index": {}})),
    # project.config.json
    "app-id-other": ("app-id", _with({"project.config.json": json.dumps({"appid": OTHER_APP_ID})})),
    "app-id-number": ("json-type", _with({"project.config.json": '{"appid": 7}'})),
    "project-config-broken": ("json-syntax", _with({"project.config.json": "{"})),
    "project-config-duplicate-app-id": (
        "json-duplicate-key",
        _with({"project.config.json": '{"appid": "", "appid": ""}'}),
    ),
    "project-config-array": ("json-type", _with({"project.config.json": "[]"})),
}
