"""`python -m releases.scan.flow`: follows values through the scripts that come by standard input, and answers once.

A process of its own, as those that parse: what hostile scripts make it take, in time or memory, ends with it.
"""

from __future__ import annotations

import gc
import math
import resource
import sys

import msgspec

from ..limits import Limits
from ..parsing import DEEPEST, Tree, limit, read, write
from .nodes import Node
from .uses import Follower


def main() -> None:
    """Take the limits, then trees until an empty message comes, and answer with what was found."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    limits = msgspec.msgpack.decode(read(requests), type=Limits)
    limit(resource.RLIMIT_AS, limits.follow_memory)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_CPU, math.ceil(2 * limits.follow_seconds) + 5)  # It looks at the clock by itself.
    gc.disable()  # The trees are cycles that stay to the end; looking for others takes longer than all the rest.
    sys.setrecursionlimit(DEEPEST)
    follower = Follower(limits)
    while message := read(requests):
        tree = msgspec.msgpack.decode(message, type=Tree)
        if tree.bound:
            follower.bind(tree.path, tree.bound)
        else:
            follower.add(tree.path, msgspec.msgpack.decode(tree.root, type=Node), tree.framework)
    write(answers, follower.follow())


if __name__ == "__main__":
    main()
