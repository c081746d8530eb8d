"""Follows scripts in the test's own process, where a failure has a traceback."""

from __future__ import annotations

import msgspec

from releases.scan import Limits
from releases.scan.facts import Followed
from releases.scan.flow.nodes import Node
from releases.scan.flow.uses import Follower
from releases.scan.scripts import read_script


def follow(limits: Limits | None = None, **files: str) -> Followed:
    """Return what is found in scripts; `a__b` is the file a/b.js."""
    follower = Follower(limits or Limits())
    for name, source in files.items():
        finds = read_script(source.encode(), Limits())
        assert finds.why == ""
        root = msgspec.msgpack.decode(finds.root, type=Node)
        follower.add(name.replace("__", "/") + ".js", root, finds.framework)
    return follower.follow()


def apis(**files: str) -> dict[str, list[int]]:
    """Return the APIs that are called, with the lines; nothing may stay open."""
    followed = follow(**files)
    assert followed.open == []
    found: dict[str, list[int]] = {}
    for one in followed.apis:
        found.setdefault(one.name, []).append(one.line)
    return {name: sorted(lines) for name, lines in found.items()}
