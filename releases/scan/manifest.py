"""What app.json says that the mini program uses: private APIs and plugins."""

from __future__ import annotations

import json
import re
from typing import Any

from .facts import Finds
from .limits import Limits

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def read_manifest(source: bytes, limits: Limits) -> Finds:
    """Return `requiredPrivateInfos` as uses of the APIs that they name, and plugins as `plugin.<its App ID>`."""
    if len(source) > limits.manifest_size:
        return Finds(why="size")
    try:
        app = json.loads(source)
    except UnicodeDecodeError:
        return Finds(why="encoding")
    except (ValueError, RecursionError):
        return Finds(why="syntax")
    finds = Finds()
    if not isinstance(app, dict):
        return finds
    for name in _listed(app.get("requiredPrivateInfos")):
        finds.add(f"wx.{name}", 0, limits)
    packages = [app, *_objects(app.get("subPackages")), *_objects(app.get("subpackages"))]
    for package in packages:
        plugins = package.get("plugins")
        for plugin in plugins.values() if isinstance(plugins, dict) else ():
            for name in _listed([plugin.get("provider")] if isinstance(plugin, dict) else None):
                finds.add(f"plugin.{name}", 0, limits)
    return finds


def _listed(value: Any) -> list[str]:
    names = value if isinstance(value, list) else []
    return [name for name in names if isinstance(name, str) and len(name) <= 90 and _NAME.fullmatch(name)]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
