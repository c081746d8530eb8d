"""The words of development management."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DomainType(models.TextChoices):
    """What a server domain is for (D-1); the values are WeChat's words, in code, pages and the device policy."""

    REQUEST = "request", "request"
    UPLOAD_FILE = "uploadFile", "uploadFile"
    DOWNLOAD_FILE = "downloadFile", "downloadFile"
    SOCKET = "socket", "socket"
    BUSINESS = "business", "business"

    @property
    def scheme(self) -> str:
        """The only scheme that addresses of this type may have."""
        return "wss" if self is DomainType.SOCKET else "https"

    @property
    def interface(self) -> str:
        """What opens such an address in a mini program."""
        return {DomainType.SOCKET: "wx.connectSocket", DomainType.BUSINESS: "web-view"}.get(self, f"wx.{self.value}")


MOST_DOMAINS = 200  # of one type
EXPIRES_SOON = 7  # days before the end of a grant from which pages warn
NOTIFIED_BEFORE = (7, 1)  # days before the end of a grant at which its people are notified
MOST_ASKED = 100  # APIs in one submission: its page has some fields for each
MOST_GRANTED = 3650  # days for which something may be granted, unless it is without end
SHOWN_PAST = 50  # exemptions or permissions that have ended, on a page
MOST_SAVED_QUERIES = 50  # of one person for one program
MOST_SHARED_QUERIES = 50  # of a team for one program
MOST_CHANGES = 50  # saved changes of a program's domains in a calendar month


class Level(models.IntegerChoices):
    """The level of a log line; an entry's level is the OR of its lines' (D-5)."""

    INFO = 2, _("info")
    WARN = 4, _("warn")
    ERROR = 8, _("error")

    @property
    def code(self) -> str:
        """As URLs, files, devices and style sheets write it."""
        return self.name.lower()

    @classmethod
    def of(cls, bits: int) -> "Level":
        """The highest level in an entry; one without lines counts as info."""
        return cls.ERROR if bits & cls.ERROR else cls.WARN if bits & cls.WARN else cls.INFO
