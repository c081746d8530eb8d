"""A gateway to try the console with: it plays the server of a host application.

What it does is in the path: /good answers 204, /slow after `?seconds=`, /failing 503, /limiting 429 with `?seconds=` as
Retry-After, /gone 410, /lying/garbage no HTTP, /lying/close nothing, /lying/redirect 302, /lying/short a body that
breaks off. GET / shows what came. Whatever is not signed by its secret gets 401.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

NEWEST = 200  # messages that are kept to be shown
STATUSES = {"/good": 204, "/slow": 204, "/failing": 503, "/limiting": 429, "/gone": 410}


class Stub:
    """What it has received: `seen` counts by webhook-id what was signed well, `paths` by path, `refused` the rest.

    Any of its secrets will do: there are several in a rotation. `ask` gives them anew for what none of them has signed.
    """

    def __init__(
        self,
        secrets: list[str],
        say: Callable[[str], object] | None = None,
        ask: Callable[[], list[str]] | None = None,
    ) -> None:
        self.webhooks = [Webhook(secret) for secret in secrets]
        self.ask = ask
        self.say = say
        self.url = ""
        self.seen: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()
        self.order: list[str] = []
        self.newest: deque[dict[str, Any]] = deque(maxlen=NEWEST)
        self.refused = 0

    @property
    def duplicates(self) -> int:
        """How many messages came more than once."""
        return sum(count > 1 for count in self.seen.values())

    async def start(self, host: str, port: int) -> web.ServerRunner:
        """Listen; `url` says where, without a slash in the end."""
        runner = web.ServerRunner(web.Server(self.answer, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, host, port, backlog=1024).start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        return runner

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request as its path says."""
        if request.method == "GET":
            return web.json_response(self.report())
        body, headers = await request.read(), request.headers
        if not self.is_signed(body, dict(headers)) and not await self.is_signed_anew(body, dict(headers)):
            self.refused += 1
            return web.Response(status=401)
        webhook_id, path = headers["webhook-id"], request.path
        self.note(webhook_id, path, body)
        seconds = float(request.query.get("seconds", 1)) if request.query_string else 1.0
        if path == "/slow":
            await asyncio.sleep(seconds)
        self.order.append(webhook_id)
        if path.startswith("/lying"):
            return await self.lie(request, path)
        retry = {"Retry-After": f"{seconds:.0f}"} if path == "/limiting" else None
        return web.Response(status=STATUSES.get(path, 404), headers=retry)

    def is_signed(self, body: bytes, headers: dict[str, str]) -> bool:
        """Whether one of the secrets signed it."""
        for webhook in self.webhooks:
            try:
                webhook.verify(body, headers, json_parse=False)
            except (WebhookVerificationError, ValueError):
                continue
            return True
        return False

    async def is_signed_anew(self, body: bytes, headers: dict[str, str]) -> bool:
        """Whether a secret signed it that was made after the stub had started."""
        if self.ask is None:
            return False
        self.webhooks = [Webhook(secret) for secret in await asyncio.to_thread(self.ask)]
        return self.is_signed(body, headers)

    def note(self, webhook_id: str, path: str, body: bytes) -> None:
        """Remember a message, and say so."""
        self.seen[webhook_id] += 1
        self.paths[path] += 1
        self.newest.append({"id": webhook_id, "path": path, "body": body})
        if self.say:
            message = json.loads(body)
            title = message["data"].get("title", "")
            words = f"{path} {webhook_id} {message['type']} {title}".rstrip()
            again = f" (again: {self.seen[webhook_id]} times)" if self.seen[webhook_id] > 1 else ""
            self.say(words + again)

    def report(self) -> dict[str, Any]:
        """Return what GET / shows: the newest message first, each once."""
        shown = {kept["id"]: kept for kept in reversed(self.newest)}
        return {
            "messages": len(self.seen),
            "duplicates": self.duplicates,
            "refused": self.refused,
            "newest": [
                {"id": key, "path": kept["path"], "times": self.seen[key], "message": json.loads(kept["body"])}
                for key, kept in shown.items()
            ],
        }

    async def lie(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer what no gateway should."""
        if path == "/lying/redirect":
            return web.Response(status=302, headers={"Location": f"{self.url}/good"})
        transport = request.transport
        if transport is not None:
            if path == "/lying/garbage":
                transport.write(b"no HTTP at all\r\n\r\n")
            elif path == "/lying/short":
                transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
            transport.close()
        return web.Response()


@contextmanager
def serving(*secrets: str, host: str = "127.0.0.1", port: int = 0) -> Iterator[Stub]:
    """Run a stub in a thread of its own while the block runs; for tests."""
    stub, loop = Stub(list(secrets)), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(stub.start(host, port), loop).result(timeout=20)
    try:
        yield stub
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(timeout=20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
