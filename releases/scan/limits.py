"""What a look at a package may cost, and how much of what it finds is kept. Sizes are bytes."""

import msgspec

KB = 1024
MB = 1024 * KB


class Limits(msgspec.Struct, frozen=True):
    """The first group bounds the parsers, which run in processes of their own. Beyond it patterns do the work, whose
    time grows with the size of a file and with nothing else.

    A window is what is parsed at a time: a tree takes about seventy times the bytes of its source. The memory is the
    address space of one process.
    """

    parsers: int = 2
    window: int = 128 * KB
    parsed_size: int = 4 * MB  # of one file
    memory: int = 80 * MB
    file_seconds: float = 3.0  # processor time for one file
    seconds: float = 20.0  # processor time for all files
    crashes: int = 8  # of parsers, for all files
    candidates: int = (
        50_000  # places in one file that are looked up in its tree, addresses that are searched by patterns
    )

    searched_size: int = 24 * MB  # of one file; what is behind is not read
    places: int = 20  # of one find
    names: int = 2_000  # different ones of one kind, in a package
    secrets: int = 200
    name_length: int = 100
    manifest_size: int = 1 * MB
