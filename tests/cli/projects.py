"""Projects as frameworks leave them after a build: small, and of our own making."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAGES = ("pages/index/index", "pages/about/about")
# The shape of a package, as Taro, uni-app and the IDE all have it.
PROGRAM: dict[str, str] = {
    "app.js": "App({})\n",
    "app.wxss": "page { color: black }\n",
    **{f"{page}.js": "Page({ onLoad() { console.log('hello') } })\n" for page in PAGES},
    **{f"{page}.wxml": "<view>Hello</view>\n" for page in PAGES},
    **{f"{page}.json": "{}\n" for page in PAGES},
}


def write(folder: Path, files: dict[str, Any]) -> Path:
    """Write files below a folder; what is no text is written as JSON. Returns the folder."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8")
    return folder


def program(**app: Any) -> dict[str, Any]:
    """Return the files of a mini program with two pages."""
    return {"app.json": {"pages": list(PAGES), **app}, **PROGRAM}


def built(place: str, **app: Any) -> dict[str, Any]:
    """Return the same below a folder, as a build leaves it."""
    return {f"{place}/{name}": content for name, content in program(**app).items()}


def taro(folder: Path, version: str = "1.4.0", **app: Any) -> Path:
    """Write a project of Taro: sources, packages of npm, and what `taro build --type weapp` has written to dist."""
    return write(
        folder,
        {
            "package.json": {"name": "bus", "version": version, "scripts": {"build:weapp": "taro build --type weapp"}},
            "project.config.json": {"miniprogramRoot": "./dist", "appid": "touristappid", "compileType": "miniprogram"},
            "src/app.ts": "export default {}\n",
            "node_modules/left-pad/index.js": "module.exports = 1\n",
            **built("dist", **app),
        },
    )
