"""The numbers of rule V-2, with their units."""

from dataclasses import dataclass

KB = 1024
MB = 1024 * KB


@dataclass(frozen=True, slots=True)
class Limits:
    """What a package may be at most. Sizes are bytes, 1 MB = 1,048,576 bytes.

    The first group is rule V-2: but for the upload and the ratio it counts what devices get. The second bounds what one
    look at an upload may cost, so that no upload takes over 2 s of processor time or 256 MB (V-3).
    """

    upload_size: int = 30 * MB
    unpacked_size: int = 100 * MB
    package_size: int = 2 * MB  # main package and each subpackage, unpacked
    total_size: int = 20 * MB  # all packages together, unpacked
    files: int = 5_000
    depth: int = 16  # segments of a path, the file name included
    path_bytes: int = 240  # UTF-8
    ratio: int = 100  # unpacked : packed, for anything that unpacks to more than `ratio_from`
    ratio_from: int = 8 * MB
    subpackages: int = 100
    tab_icon_size: int = 40 * KB

    entries: int = 20_000  # of the archive, also those that are left out
    folders: int = 5_000  # folder entries, which carry no data
    directory_size: int = 8 * MB  # the central directory as a whole
    json_size: int = 1 * MB  # one JSON file that the console itself has to read
    json_values: int = 20_000  # values in such a file
    json_depth: int = 32
    cpu_seconds: float = 1.8  # for one inspection; 0 switches the clock off
