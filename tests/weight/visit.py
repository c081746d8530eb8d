"""One visit of a page in Chromium: what came over the wire for it, and when something was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext

FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@dataclass
class Weight:
    """Of the requests that a server answered: addresses and bytes as they were sent, heads of the answers included.

    `milliseconds` lie between the click and the first text or picture.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    milliseconds: float = 0

    @property
    def requests(self) -> int:
        """How many there were."""
        return len(self.sizes)

    @property
    def bytes(self) -> int:
        """How much came."""
        return sum(self.sizes.values())


def visit(context: BrowserContext, address: str, *, network: dict[str, Any] | None = None) -> Weight:
    """Open a page in a new tab and wait until nothing more comes; `network` is what CDP emulates."""
    page = context.new_page()
    cdp, weight, addresses, kept = context.new_cdp_session(page), Weight(), {}, set()

    def answered(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["response"]["url"]
        if event["response"].get("fromDiskCache"):
            kept.add(event["requestId"])

    def came(event: dict[str, Any]) -> None:
        asked = event["requestId"]
        if asked in addresses and asked not in kept and addresses[asked].startswith("http"):
            weight.sizes[f"{addresses[asked]} {asked}"] = int(event["encodedDataLength"])

    cdp.on("Network.requestServedFromCache", lambda event: kept.add(event["requestId"]))
    cdp.on("Network.responseReceived", answered)
    cdp.on("Network.loadingFinished", came)
    cdp.send("Network.enable")
    if network:
        cdp.send("Network.emulateNetworkConditions", {"offline": False, **network})
    page.goto(address, wait_until="networkidle")
    weight.milliseconds = page.wait_for_function(FIRST_PAINT).json_value()
    page.close()
    return weight
