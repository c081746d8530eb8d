"""The scan: what the code of a package uses, whom it speaks to, and which secrets it holds (V-9).

Pure: no models, no settings, no files of its own; it returns facts, never sentences. The one verb is `scanning.scan`.
Parsing and following happen in processes of their own, see `parsing` and `flow`: each of them loads this module first,
so there are only facts in it, and a quarter less to load.
"""

from .facts import Open, OriginUse, Place, Scan, Secret, Suspect, Unread, Use
from .limits import Limits

__all__ = ["Limits", "Open", "OriginUse", "Place", "Scan", "Secret", "Suspect", "Unread", "Use"]
