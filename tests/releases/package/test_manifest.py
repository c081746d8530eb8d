"""app.json: what is accepted and how findings point at their place (rule V-5)."""

import io
import json

from releases.package import Finding, Inspection, Limits, Subpackage, inspect

from .builder import package, project

PNG = b"\x89PNG\r\n\x1a\n"
APP_ID = "mp0123456789abcd"
OURS = {APP_ID, "mpz6nb4g8lt0duw3"}


def _inspect(files: dict[str, bytes], limits: Limits | None = None) -> Inspection:
    return inspect(io.BytesIO(package(files)), app_id=APP_ID, is_ours=OURS.__contains__, limits=limits)


def _page(path: str) -> dict[str, bytes]:
    return {f"{path}.js": b"Page({})", f"{path}.wxml": b"<view/>"}


FULL = {
    "pages": ["pages/index/index", "pages/map/map"],
    "entryPagePath": "pages/map/map",
    "window": {"navigationBarTitleText": "City Bus"},
    "tabBar": {
        "list": [
            {
                "pagePath": "pages/index/index",
                "text": "Home",
                "iconPath": "images/a.png",
                "selectedIconPath": "/images/a.png",
            },
            {"pagePath": "pages/map/map", "text": "Map"},
        ],
        "position": "bottom",
    },
    "subPackages": [
        {"root": "tickets/", "name": "tickets", "pages": ["list/list"], "independent": True},
        {"root": "help", "pages": ["faq"]},
    ],
    "preloadRule": {"pages/index/index": {"network": "all", "packages": ["tickets", "__APP__"]}},
    "permission": {"scope.userLocation": {"desc": "Shows the next stop"}},
    "requiredPrivateInfos": ["getLocation"],
    "usingComponents": {"stop-list": "/components/stop/stop", "far": "plugin://map/list"},
    "plugins": {"map": {"version": "1.0.0", "provider": "mp0000000000000000"}},
    "workers": "workers",
    "sitemapLocation": "sitemap.json",
    "lazyCodeLoading": "requiredComponents",
}
FULL_FILES = project(
    _page("pages/map/map")
    | _page("tickets/list/list")
    | _page("help/faq")
    | {
        "images/a.png": PNG,
        "components/stop/stop.js": b"Component({})",
        "workers/task.js": b"",
        "sitemap.json": b"{}",
        "project.config.json": json.dumps({"appid": APP_ID}).encode(),
    },
    FULL,
)


def test_full_manifest() -> None:
    result = _inspect(FULL_FILES)
    assert result.findings == []
    assert result.accepted
    assert result.pages == ["pages/index/index", "pages/map/map", "tickets/list/list", "help/faq"]
    assert result.entry_page == "pages/map/map"
    assert result.subpackages == [
        Subpackage("tickets", "tickets", True, ["tickets/list/list"], size=15),
        Subpackage("help", "", False, ["help/faq"], size=15),
    ]
    assert result.main_size + 30 == result.unpacked_size


def test_first_page_is_the_entry() -> None:
    assert _inspect(project()).entry_page == "pages/index/index"


def test_findings_of_the_picture() -> None:
    app = """{
  "pages": [
    "pages/index/index",
    "pages/route/detail"
  ],
  "tabBar": {"list": [
    {"pagePath": "pages/index/index"},
    {"pagePath": "pages/route/detail",
     "iconPath": "images/stops.png"}
  ]},
  "subpackages": [{"root": "tickets", "pages": []}]
}"""
    files = project(
        {
            "pages/route/detail.js": b"",
            "pages/route/detail.wxss": b"",
            "images/stops.png": bytes(53_555),
            "images/Logo.png": b"",
            "images/logo.png": b"",
            "tickets/map-tiles.json": bytes(1_174_405),
            "tickets/font.ttf": bytes(1_246_167),
            "project.config.json": b'{\n "a": 1,\n "appid": "mpz6nb4g8lt0duw3"\n}',
            "docs/plan.pdf": b"",
        },
        app.encode(),
    )
    result = _inspect(files)
    found = {finding.code: finding for finding in result.findings}
    assert set(found) == {"page-files", "tab-icon-size", "subpackage-size", "name-case", "app-id", "development-files"}
    page = found["page-files"]
    assert page.title == "The page pages/route/detail has no .wxml file."
    assert (page.where, page.detail, page.rule) == ("app.json", "line 4, pages[1]", "Page files")
    assert page.hint == "Each page needs its .js and its .wxml. Found: pages/route/detail.js, .wxss."
    icon = found["tab-icon-size"]
    assert icon.title == "The icon images/stops.png is 52.3 KB. The limit is 40 KB."
    assert (icon.detail, icon.rule) == ("line 9, tabBar.list[1].iconPath", "Tab bar icon, 40 KB")
    size = found["subpackage-size"]
    assert (size.title, size.where, size.detail) == (
        "The subpackage tickets is larger than 2 MB.",
        "tickets/",
        "2.31 MB",
    )
    assert size.hint == "Largest files: font.ttf 1.19 MB, map-tiles.json 1.12 MB."
    assert found["name-case"].where == "images/Logo.png and images/logo.png"
    assert (found["app-id"].where, found["app-id"].detail) == ("project.config.json", "line 3, appid")
    assert "mpz6nb4g8lt0duw3" in found["app-id"].title
    assert APP_ID in found["app-id"].hint
    left_out = found["development-files"]
    assert (left_out.severity, left_out.title) == ("note", "2 development files are left out.")
    assert result.left_out == ["docs/plan.pdf", "project.config.json"]


def test_unknown_key_is_a_warning() -> None:
    result = _inspect(project({}, {"pages": ["pages/index/index"], "pagez": []}))
    assert result.accepted
    assert [(finding.code, finding.detail) for finding in result.warnings] == [("unknown-key", "line 1, pagez")]


def test_long_lists_end_with_the_number_of_the_rest() -> None:
    app = {"pages": ["pages/index/index", *(f"pages/{number}" for number in range(500))]}
    findings = _inspect(project({}, app)).findings
    assert len(findings) == 200
    assert (findings[-1].code, findings[-1].severity, findings[-1].title) == ("more", "error", "And 301 more findings.")


def test_limits_can_be_set() -> None:
    limits = Limits(package_size=20, files=3)
    codes = {finding.code for finding in _inspect(project(), limits).errors}
    assert codes == {"too-many-files", "main-package-size"}


def test_hostile_names_are_printable() -> None:
    finding: Finding = _inspect(project({"a\x1b[31m\u202e.js": b""})).errors[0]
    assert finding.where == "a\\x1b[31m\\u202e.js"


DOCUMENTED = {
    "navigateToMiniProgramAppIdList": ["wx0000000000000000"],
    "groupIdList": ["g"],
    "supportedMaterials": [{"materialType": "text/html", "name": "a", "desc": "b", "path": "pages/index/index"}],
    "darkmode": True,
    "entranceDeclare": {"locationMessage": {"path": "pages/index/index", "query": ""}},
    "embeddedAppIdList": ["wx0000000000000000"],
    "requiredBackgroundModes": ["audio"],
    "useExtendedLib": {"weui": True},
    "singlePage": {"navigationBarFit": "squeezed"},
    "rendererOptions": {"skyline": {"defaultDisplayBlock": True}},
    "componentFramework": "glass-easel",
    "networkTimeout": {"request": 10000},
    "functionalPages": {"independent": True},
    "serviceProviderTicket": "",
}


def test_keys_that_documents_name_are_no_warnings() -> None:
    result = _inspect(project({}, {"pages": ["pages/index/index"], **DOCUMENTED}))
    assert (result.accepted, result.findings) == (True, [])


def _themed(theme: object, *names: str, location: str = "theme.json", icon: bytes = PNG) -> Inspection:
    tabs = [{"pagePath": page, "text": page, "iconPath": name} for page, name in zip(FULL["pages"], names, strict=True)]
    app = {"pages": FULL["pages"], "darkmode": True, "themeLocation": location, "tabBar": {"list": tabs}}
    app["window"] = {"navigationBarBackgroundColor": "@navBgColor"}
    files = {"theme.json": json.dumps(theme).encode(), "images/a.png": PNG, "images/b.png": icon}
    return _inspect(project(_page("pages/map/map") | files, app))


BOTH = {"light": {"a": "images/a.png", "b": "images/a.png"}, "dark": {"a": "/images/b.png", "b": "images/b.png"}}


def test_icons_may_be_variables_of_the_theme() -> None:
    result = _themed(BOTH, "@a", "@b")
    assert (result.accepted, result.findings) == (True, [])


def test_each_theme_has_to_name_a_good_icon() -> None:
    result = _themed(
        {"light": BOTH["light"], "dark": {"a": "none.png", "b": "images/b.png"}}, "@a", "@b", icon=bytes(50_000)
    )
    assert [(finding.code, finding.detail) for finding in result.errors] == [
        ("tab-icon-missing", "line 1, tabBar.list[0].iconPath"),
        ("tab-icon-size", "line 1, tabBar.list[1].iconPath"),
    ]


def test_variables_have_to_be_defined() -> None:
    result = _themed({"light": {"a": "images/a.png"}, "dark": []}, "@a", "@none")
    assert [(finding.severity, finding.code) for finding in result.findings] == [
        ("error", "theme-variable"),
        ("warning", "theme-variable"),
    ]


def test_a_broken_theme_is_told_once() -> None:
    result = _themed("no object", "@a", "@b")
    assert [finding.code for finding in result.errors].count("json-type") == 1
