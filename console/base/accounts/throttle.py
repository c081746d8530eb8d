"""How often sign-in may fail (P-6): guessing is stopped, and the owner of the account is not locked out.

A failure counts against who made it, not against the account alone: in a browser that signed this person in before,
against that browser; elsewhere against the account *from that network*, against the network, and, unless the person
signed in from that network lately, against the account as guessed at from anywhere. So neither wrong passwords from
elsewhere nor a busy office stop a person where they are known. Where they are not, a new password by the mailed link
opens the account: it empties the account's own counts, and the browser that set it is known.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from console.base.accounts import devices
from console.base.accounts.models import SecurityEntry, User
from console.base.accounts.states import SecurityKind
from console.base.core.proxies import client_address

KNOWN_DAYS = 90  # a network from which the person signed in within so many days is theirs


@dataclass(frozen=True)
class Budget:
    """`amount` failures within `seconds` of the first one."""

    name: str
    amount: int
    seconds: int

    def take(self, key: str) -> int:
        """Take one; return how many that were within the time."""
        entry = self._entry(key)
        cache.add(entry, 0, self.seconds)
        try:
            return int(cache.incr(entry))
        except ValueError:  # It ended between the two.
            cache.add(entry, 1, self.seconds)
            return 1

    def give_back(self, key: str) -> None:
        """Give one back: it was no failure."""
        try:
            cache.decr(self._entry(key))
        except ValueError:
            return

    def clear(self, key: str) -> None:
        """Begin anew."""
        cache.delete(self._entry(key))

    def _entry(self, key: str) -> str:
        return f"throttle:{self.name}:{hashlib.sha256(key.encode()).hexdigest()}"


MINUTE, HOUR = 60, 3600
BROWSER = Budget("browser", 10, 5 * MINUTE)
ACCOUNT_HERE = Budget("account-here", 5, 5 * MINUTE)
NETWORK = Budget("network", 60, 5 * MINUTE)  # of all accounts: an office behind one address
ACCOUNT = Budget("account", 50, HOUR)  # from networks that are not the person's
SECOND_STEPS = Budget("second-steps", 20, HOUR)  # who tries codes knows the password: fewer
PROVIDER_STARTS = Budget("provider-starts", 600, 5 * MINUTE)  # of one network: each keeps a row for some hours
RESET_MAILS = Budget("reset-mails", 5, HOUR)
RESETS_OF_NETWORK = Budget("resets-of-network", 30, HOUR)  # to any address, which need not be anybody's


@dataclass
class Attempt:
    """One try to sign in: what it took from which budget, and whether that is too much."""

    taken: list[tuple[Budget, str]] = field(default_factory=list)
    refused: bool = False
    just_now: bool = False  # refused, and the one before was not

    def take(self, budget: Budget, key: str) -> None:
        """Count the try."""
        count = budget.take(key)
        self.taken.append((budget, key))
        self.refused |= count > budget.amount
        self.just_now |= count == budget.amount + 1

    def succeeded(self) -> None:
        """Give back what it took; earlier failures stay counted."""
        for budget, key in self.taken:
            budget.give_back(key)


def begin(request: HttpRequest, *, email: str, user: User | None, step: int = 1) -> Attempt:
    """Count a try to sign in as `email`, before it is known whether it is right: two at the same time count twice.

    `user` is who has that address, or None, which makes no difference that anyone could see. `step` 2 is a code.
    """
    attempt, account = Attempt(), f"{email.strip().lower()} {step}"
    if browser := devices.name_for(request, user):
        attempt.take(BROWSER, f"{account} {browser}")
        return attempt
    network = devices.network_of(client_address(request.META))
    attempt.take(ACCOUNT_HERE, f"{account} {network}")
    attempt.take(NETWORK, network)
    if not _is_known(user, network):
        attempt.take(SECOND_STEPS if step == 2 else ACCOUNT, account)
    return attempt


def _is_known(user: User | None, network: str) -> bool:
    since = timezone.now() - timedelta(days=KNOWN_DAYS)
    entries = SecurityEntry.objects.filter(user=user, kind=SecurityKind.SIGNED_IN, network=network, at__gt=since)
    return user is not None and bool(network) and entries.exists()


def forgive(request: HttpRequest, *, email: str) -> None:
    """Begin anew for an account whose person has set a new password by the mailed link."""
    network = devices.network_of(client_address(request.META))
    for step in (1, 2):
        account = f"{email.strip().lower()} {step}"
        ACCOUNT_HERE.clear(f"{account} {network}")
        (SECOND_STEPS if step == 2 else ACCOUNT).clear(account)


def may_start(request: HttpRequest) -> bool:
    """Whether one more sign-in by an identity provider may begin from the network."""
    return PROVIDER_STARTS.take(devices.network_of(client_address(request.META))) <= PROVIDER_STARTS.amount


def may_mail(email: str, request: HttpRequest) -> bool:
    """Whether one more mail about a new password goes to the address; the ones before still work."""
    network = devices.network_of(client_address(request.META))
    if RESETS_OF_NETWORK.take(network) > RESETS_OF_NETWORK.amount:
        return False
    return RESET_MAILS.take(email.strip().lower()) <= RESET_MAILS.amount
