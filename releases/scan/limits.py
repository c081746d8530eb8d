"""What a look at a package may cost, and how much of what it finds is kept. Sizes are bytes."""

import msgspec

KB = 1024
MB = 1024 * KB


class Limits(msgspec.Struct, frozen=True):
    """The first group bounds the processes that parse, and the one that follows. Beyond it patterns do the work, whose
    time grows with the size of a file and with nothing else.

    A parser's tree takes about sixty times the bytes of its source, and the small one thirty: so only so much is parsed
    at a time. The memory is the address space of one process.
    """

    parsers: int = 2
    parsed_size: int = 2 * MB  # of one file, and of all that are parsed at a time
    kept_size: int = 256 * KB  # a parser that read a larger file ends, as it gives no memory back
    memory: int = 256 * MB
    file_seconds: float = 3.0  # processor time for one file
    printed_size: int = 4 * MB  # of a script with lines, which are indented
    seconds: float = 20.0  # processor time for all files
    crashes: int = 8  # of parsers, for all files
    candidates: int = 50_000  # finds in one file
    followed_size: int = 4 * MB  # of all scripts that are followed
    follow_memory: int = 256 * MB
    follow_seconds: float = 6.0  # processor time for following what is in all files

    folded: int = 10_000  # expressions in which secrets are looked for
    fold_seconds: float = 1.5  # processor time for that

    searched_size: int = 24 * MB  # of one file; what is behind is not read
    places: int = 20  # of one find
    names: int = 2_000  # different ones of one kind, in a package
    secrets: int = 200
    name_length: int = 100
    manifest_size: int = 1 * MB
