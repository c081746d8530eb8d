"""Reading a script: to the small tree that is followed, and by patterns for when it can't be."""

from __future__ import annotations

import time

import msgspec
from tree_sitter import Language, Node, Parser
from tree_sitter_javascript import language

from .facts import Finds
from .flow.frameworks import framework_of
from .flow.lowering import TooDeepError, lower
from .limits import KB, Limits
from .patterns import search

_JAVASCRIPT = Language(language())
_PART = 64 * KB
_CHECKED = 256  # callbacks between two looks at the clock


class OutOfTimeError(Exception):
    """The file has used the processor time that it may take."""


def read_script(source: bytes, limits: Limits, *, typed: bool = False) -> Finds:
    """Return what a script holds. `why` says why it could not be read: then only what patterns found is known.

    What is `typed`, TypeScript, is read as far as it is JavaScript. In any other script an error is reason enough to
    believe nothing.
    """
    finds = search(source, limits)
    finds.framework = framework_of(source)
    if len(source) > limits.parsed_size:
        finds.why = "size"
        return finds
    try:
        source.decode()
        finds.root = msgspec.msgpack.encode(lower(parsed(source, limits, typed=typed), source))
    except UnicodeDecodeError:
        finds.why = "encoding"
    except OutOfTimeError:
        finds.why = "time"
    except (TooDeepError, RecursionError):
        finds.why = "size"
    except SyntaxError:
        finds.why = "syntax"
    return finds


def parsed(source: bytes, limits: Limits, *, typed: bool) -> Node:
    """Return the root of the parser's tree. Raises OutOfTimeError, and SyntaxError where errors count."""
    end, callbacks = time.process_time() + limits.file_seconds, 0

    def part(offset: int, _point: object) -> bytes:
        return source[offset : offset + _PART]

    def tick(_offset: int, _has_error: bool) -> bool:
        nonlocal callbacks
        callbacks += 1
        if callbacks % _CHECKED == 0 and time.process_time() >= end:
            raise OutOfTimeError
        return False

    root = Parser(_JAVASCRIPT).parse(part, progress_callback=tick).root_node
    if root.type == "ERROR" or (root.has_error and not typed):
        raise SyntaxError
    return root
