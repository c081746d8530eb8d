"""All actions of the SDK that the console knows, by what they are about."""

from console.api.tcsas.sections import audits, domains, inbox, keys, offline, previews, programs, releases, versions

__all__ = ["audits", "domains", "inbox", "keys", "offline", "previews", "programs", "releases", "versions"]
