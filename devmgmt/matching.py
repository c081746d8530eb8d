"""Which hosts a mini program may speak to: reading what people type, and judging a URL (D-1).

Pure, and the only place that knows: the form, the tester, the devices' policy and the package report all ask here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Protocol

import idna
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from publicsuffixlist import PublicSuffixList

from console.base.core.errors import ActionRefused
from console.base.core.fields import JOINERS
from console.base.core.text import all_of, full_stop, listed
from devmgmt.states import MOST_DOMAINS, DomainType

LONGEST_HOST, LONGEST_LABEL, HIGHEST_PORT = 253, 63, 65535
DEFAULT_PORT = 443  # of https and of wss
QUOTED = 60
BLANKS = " \t\u00a0\u3000"  # what people paste around a line

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LAZY_SCHEME = re.compile(r"(https?:|wss?:)?/|(https?|wss?):", re.IGNORECASE)
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # as the last label it makes a host an IP address, however it is spelt
_IPV6 = re.compile(r"[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:")
_LINE_END = re.compile(r"\r\n|\r|\n")
# Names that public DNS never has: RFC 6761, 6762, 7686, 8375, 9476, ICANN's .internal, and what local networks use.
_PRIVATE = re.compile(
    r"(.+\.)?(local|internal|arpa|svc|lan|intranet|corp|private|home|localdomain|test|invalid|onion|alt)"
)
# Marks that UTS 46 drops without a word: joiner of graphemes, Mongolian and other variation selectors.
_DROPPED = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


class Allowed(Protocol):
    """A host that a mini program may speak to: a Domain or the row that keeps it."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int | None: ...


@dataclass(frozen=True)
class Domain:
    """A host in ASCII and lower case, and the only port that is allowed; without: the scheme's own."""

    host: str
    port: int | None = None

    def origin(self, kind: DomainType) -> str:
        """As devices read it: `https://api.example.com:8443`."""
        return origin_of(self, kind)


@dataclass(frozen=True)
class Problem:
    """A line that can't be taken: its number from 1, and why."""

    line: int
    words: str

    def __str__(self) -> str:
        return _("Line %(line)d: %(words)s") % {"line": self.line, "words": self.words}


@dataclass(frozen=True)
class Check:
    """One thing that a URL was held against."""

    ok: bool
    words: str


@dataclass(frozen=True)
class Verdict:
    """Whether a mini program may open a URL, why in a sentence, and each check in its order."""

    allowed: bool
    words: str
    checks: Sequence[Check] = ()


def origin_of(domain: Allowed, kind: DomainType, *, host: str = "") -> str:
    """Return the scheme, host and port of an allowed host; `host` is another spelling of the same one."""
    port = "" if domain.port is None else f":{domain.port}"
    return f"{kind.scheme}://{host or domain.host}{port}"


def in_letters(host: str) -> str:
    """Return a host as its readers write it: `bücher.example`; the same for one that is ASCII."""
    return ".".join(idna.ulabel(label) if label.startswith("xn--") else label for label in host.split("."))


def fingerprint(lists: Mapping[str, Iterable[Allowed]]) -> str:
    """Return a mark that changes when somebody changes the hosts: one word per type, in their order."""
    return " ".join(_word_of(lists.get(kind, ())) for kind in DomainType.values)


def _word_of(domains: Iterable[Allowed]) -> str:
    lines = sorted(f"{domain.host}:{domain.port}" for domain in domains)
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


# Reading -----------------------------------------------------------------------------------------------------------


def read_list(text: str, kind: DomainType, own_host: str) -> tuple[list[Domain], list[Problem]]:
    """Read one host per line; empty lines count but say nothing. Every bad line is named, repeated ones too."""
    rows = [(number, line) for number, line in enumerate(_LINE_END.split(text), 1) if line.strip(BLANKS)]
    first: dict[Domain, int] = {}
    problems = []
    for number, line in rows[:MOST_DOMAINS]:
        try:
            domain = normalise(line, kind, own_host)
        except ActionRefused as refused:
            problems.append(Problem(number, refused.message))
            continue
        if domain in first:
            words = _("Duplicate of line %(first)d: %(origin)s.")
            words %= {"origin": domain.origin(kind), "first": first[domain]}
            problems.append(Problem(number, words))
        first.setdefault(domain, number)
    if len(rows) > MOST_DOMAINS:
        words = _("Too many domains from this line on: %(count)s entered, at most %(most)d allowed.")
        words %= {"most": MOST_DOMAINS, "count": f"{len(rows):,}"}
        problems.append(Problem(rows[MOST_DOMAINS][0], words))
    return list(first), problems


def normalise(line: str, kind: DomainType, own_host: str) -> Domain:
    """Return the host that a line names; raises ActionRefused with what is wrong with it (D-1)."""
    line = line.strip(BLANKS)
    _refuse_unreadable(line)
    scheme, rest = _split_scheme(line)
    if scheme and scheme != kind.scheme:
        words = _("%(kind)s domains use %(right)s, not %(wrong)s.")
        raise ActionRefused(words % {"kind": kind.value, "right": kind.scheme, "wrong": _quoted(scheme)})
    authority, tail = _split_tail(rest)
    if tail not in ("", "/"):
        raise ActionRefused(_why_not_tail(tail))
    host, port = _split_port(authority)
    if port is not None and kind is DomainType.SOCKET:
        raise ActionRefused(_("Remove the port. Socket domains allow any port."))
    ascii_host = to_ascii(host)
    if ascii_host == own_host:
        raise ActionRefused(_("This is the console’s own domain. Mini programs can’t access it."))
    _refuse_nobodys(ascii_host)
    number = None if port is None else _port_number(port)
    return Domain(ascii_host, None if number == DEFAULT_PORT else number)


def to_ascii(host: str) -> str:
    """Return a host name in ASCII and lower case, by IDNA 2008; raises ActionRefused for what is none (D-1)."""
    if "*" in host:
        raise ActionRefused(_("Wildcards aren’t supported. Enter each domain."))
    if not host:
        raise ActionRefused(_("The domain is missing."))
    if len(host) > LONGEST_HOST:
        raise ActionRefused(_too_long())
    try:
        mapped = idna.uts46_remap(host, std3_rules=False)
    except idna.IDNAError:
        raise ActionRefused(_not_a_name(host)) from None
    if len(mapped) > LONGEST_HOST:
        raise ActionRefused(_too_long())
    labels = mapped.split(".")
    _refuse_addresses(labels)
    name = ".".join(_ascii_label(label) for label in labels)
    if len(name) > LONGEST_HOST:
        raise ActionRefused(_too_long())
    if len(labels) == 1:
        raise ActionRefused(_("“%(host)s” has no dot. Enter the full domain.") % {"host": _quoted(host)})
    return name


def _refuse_nobodys(name: str) -> None:
    """Refuse names that no device can find, and those under which anybody may have a host."""
    if _PRIVATE.fullmatch(name):
        words = _("“%(host)s” only exists on a local network. Enter a domain that devices can reach over the internet.")
        raise ActionRefused(words % {"host": _quoted(name)})
    if _suffixes().is_public(name):
        words = _("“%(host)s” is only a domain suffix. Enter a domain under it, such as api.example.%(host)s.")
        raise ActionRefused(words % {"host": _quoted(name)})


@cache
def _suffixes() -> PublicSuffixList:
    """Return the list of suffixes; reading its ten thousand lines is for processes that are asked."""
    return PublicSuffixList(only_icann=True, accept_unknown=False)


def _refuse_addresses(labels: list[str]) -> None:
    if labels[-1] == "localhost":
        raise ActionRefused(_("localhost is the device itself. Enter a domain that devices can reach."))
    if _NUMBER.fullmatch(labels[-1]):
        raise ActionRefused(_no_address())
    if not labels[-1] and len(labels) > 1:
        raise ActionRefused(_("Remove the dot at the end."))
    if not all(labels):
        raise ActionRefused(
            _("Part of the domain is missing: there is nothing before the first dot or between two dots.")
        )


def _ascii_label(label: str) -> str:
    """Return one part of a host name in ASCII; what is ASCII already need only be a part that DNS takes."""
    try:
        encoded = label if label.isascii() else idna.alabel(label).decode()
        if encoded.startswith("xn--") and idna.alabel(idna.ulabel(encoded)).decode() != encoded:
            raise ActionRefused(_not_a_name(label))
    except UnicodeError as error:  # IDNAError is one
        too_long = len(label) > LONGEST_LABEL or "too long" in str(error)
        raise ActionRefused(_label_too_long() if too_long else _not_a_name(label)) from None
    if len(encoded) > LONGEST_LABEL:
        raise ActionRefused(_label_too_long())
    if not _LABEL.fullmatch(encoded):
        raise ActionRefused(_not_a_name(label))
    return encoded


def _refuse_unreadable(text: str) -> None:
    """Refuse what nobody sees, and what programs read in different ways."""
    if _DROPPED.search(text) or any(_is_invisible(letter) for letter in text):
        raise ActionRefused(_("This contains an invisible character. Type it again."))
    if any(letter.isspace() for letter in text):
        raise ActionRefused(_("Remove the space. Enter one domain per line."))


def _is_invisible(letter: str) -> bool:
    return letter not in JOINERS and unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _split_scheme(text: str) -> tuple[str, str]:
    if found := _SCHEME.match(text):
        return found[1].lower(), text[found.end() :]
    if _LAZY_SCHEME.match(text):
        raise ActionRefused(_("Enter the scheme as in https://api.example.com, or omit it."))
    return "", text


def _split_tail(rest: str) -> tuple[str, str]:
    """Split off what follows host and port."""
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    return authority, rest[len(authority) :]


def _why_not_tail(tail: str) -> str:
    if "#" in tail:
        return _("Remove the # and everything after it. Only the domain is needed.")
    if "?" in tail:
        return _("Remove the ? and everything after it. Only the domain is needed.")
    return _("Remove the path. A domain is allowed as a whole.")


def _split_port(authority: str) -> tuple[str, str | None]:
    """Split host and port, as text; raises ActionRefused for a user name and for IPv6 addresses."""
    if "@" in authority:
        raise ActionRefused(_("Remove the user name, the password and the @."))
    if "[" in authority or "]" in authority or _IPV6.match(authority):
        raise ActionRefused(_no_address())
    host, colon, port = authority.partition(":")
    return host, port if colon else None


def _port_number(port: str) -> int:
    if not port:
        raise ActionRefused(_("Enter a port after the colon."))
    if not _PORT.fullmatch(port) or int(port) > HIGHEST_PORT:
        words = _("“%(port)s” isn’t a valid port. Enter a number from 1 to %(highest)d without leading zeros.")
        raise ActionRefused(words % {"port": _quoted(port), "highest": HIGHEST_PORT})
    return int(port)


def _quoted(text: str) -> str:
    return Truncator(text).chars(QUOTED)


def _not_a_name(text: str) -> str:
    words = _(
        "“%(text)s” can’t be used in a domain. Use letters, digits and inner hyphens, with dots between the parts."
    )
    return words % {"text": _quoted(text)}


def _no_address() -> str:
    return _("IP addresses aren’t supported. Enter a domain.")


def _too_long() -> str:
    return _("A domain can have at most %(most)d characters.") % {"most": LONGEST_HOST}


def _label_too_long() -> str:
    return _("Each part of a domain can have at most %(most)d characters.") % {"most": LONGEST_LABEL}


# Judging -----------------------------------------------------------------------------------------------------------


def verdict(url: str, kind: DomainType, domains: Iterable[Allowed]) -> Verdict:
    """Return whether a URL in the mini program's code may be opened, by scheme, host and port in this order (D-1).

    https: a host with a port allows that port only, one without allows no port in the URL. wss: any port of the host.
    What programs read in different ways (backslashes, control characters, user names) is never allowed.
    """
    url = url.strip(BLANKS)
    try:
        scheme, host, port = _read_url(url)
    except ActionRefused as refused:
        return Verdict(False, refused.message)
    checks = [_check_scheme(scheme, kind)]
    try:
        _refuse_unreadable(host)
        name, why_not = to_ascii(host), ""
    except ActionRefused as refused:
        name, why_not = host, refused.message
    ports = {domain.port for domain in domains if domain.host == name and not why_not}
    checks.append(_check_host(name, kind, bool(ports), why_not))
    if ports:
        checks.append(_check_port(port, kind, ports))
    refusals = [check.words for check in checks if not check.ok]
    if not refusals:
        return Verdict(True, _("The domain is in the %(kind)s list.") % {"kind": kind.value}, checks)
    if ports and checks[0].ok:
        return Verdict(False, _port_words(port, ports), checks)
    return Verdict(False, full_stop(refusals[0]), checks)


def _read_url(url: str) -> tuple[str, str, int | None]:
    if any(unicodedata.category(letter) == "Cc" for letter in url):
        raise ActionRefused(_("Remove the control character. Different programs interpret it differently."))
    found = _SCHEME.match(url)
    if not found:
        raise ActionRefused(_("A URL must start with its scheme, such as https://api.example.com/path."))
    if "\\" in url:
        raise ActionRefused(_("Remove the backslash. Different programs interpret it differently."))
    authority, _tail = _split_tail(url[found.end() :])
    host, port = _split_port(authority)
    number = _port_number(port) if port else None
    return found[1].lower(), host, None if number == DEFAULT_PORT else number


def _check_scheme(scheme: str, kind: DomainType) -> Check:
    words = {"right": kind.scheme, "wrong": _quoted(scheme), "interface": kind.interface}
    if scheme == kind.scheme:
        return Check(True, _("Scheme is %(right)s") % words)
    return Check(False, _("Scheme is %(wrong)s, but %(interface)s only supports %(right)s") % words)


def _check_host(name: str, kind: DomainType, found: bool, why_not: str) -> Check:
    if found:
        return Check(True, _("Domain is in the %(kind)s list") % {"kind": kind.value})
    if why_not:
        return Check(False, why_not.removesuffix("."))
    return Check(False, _("%(host)s is not in the %(kind)s list") % {"host": _quoted(name), "kind": kind.value})


def _check_port(port: int | None, kind: DomainType, ports: set[int | None]) -> Check:
    if kind is DomainType.SOCKET:
        return Check(True, _("Any port is allowed"))
    words = _("No port in the URL") if port is None else _("Port %(port)d") % {"port": port}
    if port in ports:
        return Check(True, words if port is None else _("Port %(port)d is allowed") % {"port": port})
    return Check(
        False, _("The port is missing") if port is None else _("Port %(port)d is not allowed") % {"port": port}
    )


def _port_words(port: int | None, ports: set[int | None]) -> str:
    numbers = sorted(number for number in ports if number is not None)
    named = ngettext("with port %(ports)s", "with ports %(ports)s", len(numbers))
    allowed = [_("without a port")] if None in ports else []
    if numbers:
        allowed.append(named % {"ports": listed(numbers)})
    words = {"allowed": all_of(allowed), "port": port}
    if port is None:
        return _("This domain is only allowed %(allowed)s, but the URL has no port.") % words
    return _("This domain is only allowed %(allowed)s, but the URL has port %(port)d.") % words
