"""The package reader: judges an uploaded zip and writes the canonical package (rules V-2 to V-6).

Pure: no models, no settings, no files of its own. The one verb is `inspect`.
"""

from .findings import ERROR, NOTE, WARNING, Finding
from .inspection import Inspection, inspect
from .limits import Limits
from .subpackages import Subpackage
from .writer import PackedFile

__all__ = ["ERROR", "NOTE", "WARNING", "Finding", "Inspection", "Limits", "PackedFile", "Subpackage", "inspect"]
