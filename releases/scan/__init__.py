"""The scan: what the code of a package uses, whom it speaks to, and which secrets it holds (V-9).

Pure: no models, no settings, no files of its own; it returns facts, never sentences. The one verb is `scan`. Parsing
and following happen in processes of their own, see `parsing` and `flow`.
"""

from .facts import Open, OriginUse, Place, Scan, Secret, Suspect, Unread, Use
from .limits import Limits
from .parsers import printed
from .scanning import scan

__all__ = ["Limits", "Open", "OriginUse", "Place", "Scan", "Secret", "Suspect", "Unread", "Use", "printed", "scan"]
