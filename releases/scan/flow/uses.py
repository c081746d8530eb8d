"""What comes of following the API object: which APIs are called, which addresses are asked, and what stays open."""

from __future__ import annotations

import re
import time

from ..addresses import AUTHORITY, BEGIN, origin_of, origins_in
from ..facts import Address, Bound, Called, Followed, How, Open, Reason
from ..limits import Limits
from ..markup import given_by
from .api_names import API_NAMES
from .backward import Text
from .data import Data
from .folded import FoldedSecrets
from .frameworks import BY_NAME
from .modules import Modules
from .nodes import Node, Op
from .package import Package, file_of, value_of
from .things import Thing, arguments_of, is_something, is_unknown
from .tracing import OutOfTimeError, Tracer
from .values import BUILT

_KINDS = {"request": "request", "uploadFile": "uploadFile", "downloadFile": "downloadFile", "connectSocket": "socket"}
_SOCKETS = {"createTCPSocket": "tcp", "createUDPSocket": "udp"}
_SENDING = frozenset(["connect", "send", "write"])
_ASKING = frozenset(["request", "fetch", "get", "post", "put", "delete", "patch", "head", "ajax"])
_BASES = frozenset(["baseURL", "baseUrl"])
_AUTHORITY = re.compile(AUTHORITY)
_SCHEME = re.compile(r"(?:https?|wss?):\Z", re.IGNORECASE)
_PATH = re.compile(r"[/?#&{]")  # and what is put in, as `{Region}`
_OPEN_TYPES = frozenset(["openType", "open-type"])
_OWN = re.compile(r"webpack\w*|__\w+")  # what bundlers keep on the API object
_OF_PAGES = frozenset(["createIntersectionObserver", "createMediaQueryObserver", "createSelectorQuery"])
_SHOWN = 100  # characters of an address that is put together


class Follower:
    """Follows the API object through scripts, given one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._package = Package()
        self._limits = limits
        self._frameworks: dict[str, str] = {}
        self._bound: list[tuple[str, list[Bound]]] = []
        self._known: set[Open] = set()
        self._hosts: set[tuple[str, int, Text]] = set()  # that are open, by place
        self._has_unknown = False  # calls by the names of APIs, of what is not known
        self._passing: set[str] = set()  # the frameworks through which the API object came into other files
        self.found = Followed()

    def add(self, path: str, root: Node, framework: str) -> None:
        """Add a script, and the framework whose runtime is in it."""
        self._package.add(path, root)
        self._frameworks[path] = framework

    def bind(self, path: str, bound: list[Bound]) -> None:
        """Add what a template lets its page's data choose."""
        self._bound.append((path, bound))

    def follow(self) -> Followed:
        """Return what was found; `is_whole` is false when there was not time enough to follow everything."""
        end = time.process_time() + self._limits.follow_seconds
        self._package.link_getters()
        tracer = Tracer(self._package, Modules(self._package), wrapper_of=self._framework_of, names=API_NAMES, end=end)
        try:
            tracer.run()
        except OutOfTimeError:
            self.found.is_whole = False
        self._note_apis(tracer)
        self._note_named(tracer)
        self._note_open(tracer)
        asked = self._note_calls(tracer)
        self._note_other_calls(tracer, asked)
        self._note_sockets(tracer)
        data = Data(self._package, tracer.backward)
        for path, bound in self._bound:
            for one in bound:
                self._note_bound(path, one, data, tracer)
        self._note_strings()
        FoldedSecrets(self._package, tracer.backward, self._limits).look(self.found)
        return self.found

    def _framework_of(self, path: str) -> str:
        return self._frameworks.get(path, "")

    def _owner_of(self, node: Node, name: str) -> str:
        """Return the framework whose own an API is at a node, "" for none."""
        framework = BY_NAME.get(self._framework_of(file_of(node).name))
        if framework is not None and name in framework.apis:
            return framework.name
        added = (
            one.name for one in map(BY_NAME.get, self._frameworks.values()) if one is not None and name in one.adds
        )
        return next(added, "")

    # APIs -----------------------------------------------------------------------------------------------------------

    def _note_apis(self, tracer: Tracer) -> None:
        for use in tracer.uses.values():
            if _OWN.fullmatch(use.name):
                continue
            how: How = "written" if not use.via else "built" if use.via == BUILT else "wrapper"
            through = use.via if how == "wrapper" else ""
            if owner := self._owner_of(use.node, use.name):
                how, through = "framework", owner
            self._add_api(f"wx.{use.name}", use.node, how, through)
        for prop in (prop for node in self._package.objects for prop in node.kids):
            if prop.op == Op.PROP and prop.name in _OPEN_TYPES and prop.kids:
                how = "written" if prop.kids[0].op == Op.STRING else "built"
                for text in tracer.backward.texts(prop.kids[0]):
                    for name in given_by(text or ""):
                        self._add_api(name, prop, how, "")

    def _note_named(self, tracer: Tracer) -> None:
        """Note calls by the name of an API of what is not known: a wrapper that could not be followed may be behind it.

        So may one be behind what is known where it has no such member. Names of one word are everybody's, and so are
        those that the program gives to functions of its own: these are not noted, but what is behind them may be a
        framework, too.
        """
        props = [prop for node in self._package.objects for prop in node.kids if prop.op == Op.PROP]
        defined = {prop.name for prop in props} | self._package.writes.keys()
        defined.update(kid.name for prop in props if prop.name == "key" for kid in prop.kids if kid.op == Op.STRING)
        for call in self._package.calls:
            callee = _callee_of(call)
            name = callee.name if callee.op == Op.MEMBER else ""
            if name not in API_NAMES or (name, call) in tracer.uses or self._framework_of(file_of(call).name):
                continue
            is_own = name.islower() or name in defined
            if tracer.is_known(callee.kids[0]) and (is_own or name in _OF_PAGES or _has_member(callee, tracer)):
                continue
            self._has_unknown = True
            if not is_own:
                self._add_api(f"wx.{name}", call, "named", "")

    def _add_api(self, name: str, node: Node, how: How, through: str) -> None:
        self._keep_api(Called(name, file_of(node).name, node.line, how, through))

    def _keep_api(self, called: Called) -> None:
        if len(self.found.apis) >= self._limits.candidates:
            self.found.left_out += 1
        elif len(called.name) <= self._limits.name_length:
            self.found.apis.append(called)

    def _note_open(self, tracer: Tracer) -> None:
        for node, via in tracer.passed_on():
            if via in BY_NAME and via not in self._passing and self._framework_of(file_of(node).name) != via:
                self._passing.add(via)
        for path, name in self._frameworks.items():
            if name and not BY_NAME[name].is_followed:
                self._add_open(self._package.files[path], "handed", "")
        for node, reason in tracer.open:
            self._add_open(node, reason, "")

    def _add_open(self, node: Node, reason: Reason, detail: str) -> None:
        path = file_of(node).name
        framework = BY_NAME.get(self._framework_of(path))
        is_own = framework is not None and reason in framework.open and not detail
        if framework is not None and framework.apis and framework.name not in self._passing and self._has_unknown:
            is_own = False  # What it passes on to the program has been lost in it.
        self._keep_open(Open(path, node.line, reason, detail, framework.name if framework and is_own else ""))

    def _keep_open(self, one: Open) -> None:
        if one not in self._known:
            self._known.add(one)
            self.found.open.append(one)

    # Addresses ------------------------------------------------------------------------------------------------------

    def _note_calls(self, tracer: Tracer) -> set[Node]:
        """Note what the network's APIs are called with; return the objects that they are given."""
        asked: set[Node] = set()
        for name, call in tracer.calls:
            if name not in _KINDS:
                asked.update(
                    thing for arg in call.kids[1:2] for thing in tracer.backward.things(arg) if isinstance(thing, Node)
                )
                continue
            things = [thing for arg in arguments_of(call)[:1] for thing in tracer.backward.things(arg)]
            asked.update(thing for thing in things if isinstance(thing, Node))
            is_given = [self._note_asked(thing, call, name, tracer) for thing in things]
            if not any(is_given) and not self._owner_of(call, name):
                self._add_open(call, "address", "")
        return asked

    def _note_asked(self, thing: Thing, call: Node, name: str, tracer: Tracer) -> bool:
        """Note the address that options give, open where it has no host; False for options without one."""
        values = list(filter(is_something, tracer.backward.member(thing, "url")))
        texts = [(text, value) for value in values for text in tracer.backward.folded(value)]
        has_host = [self._note_text(text, value, _KINDS[name]) for text, value in texts]
        if texts and not any(has_host) and not self._owner_of(call, name):
            text, value = texts[0]
            self._add_open_host(value, text)
        return bool(texts)

    def _note_text(self, text: Text, node: Node, kind: str) -> bool:
        """Note an address, open where its host is not known; False for a text that has none."""
        first = text[0] if text else None
        begin = BEGIN.match(first) if first else None
        if first is None or (begin is None and len(text) > 1 and _is_begun(first)):
            self._add_open_host(node, text)
        elif begin is None:
            return False
        else:
            authority = _AUTHORITY.match(first, begin.end())
            host = authority[0] if authority else ""
            is_cut = len(text) > 1 and begin.end() + len(host) == len(first)
            if _SCHEME.search(host) and not is_cut:  # two addresses, one behind the other
                return False
            origin = origin_of((begin[1] or "https").lower(), host)
            if origin:
                is_built = len(text) > 1 or node.op != Op.STRING
                self._add_address(origin, node, kind, "built" if is_built else "written", is_called=True)
            if is_cut or not origin:
                self._add_open_host(node, text)
        return True

    def _add_open_host(self, node: Node, text: Text) -> None:
        """Note an address whose host is not known; of those that differ in their paths only, one at a place."""
        place = file_of(node).name, node.line, _to_path(text)
        if place not in self._hosts:
            self._hosts.add(place)
            self._add_open(node, "address", _shown(text))

    def _note_other_calls(self, tracer: Tracer, asked: set[Node]) -> None:
        """Note addresses that are given to what looks like a way to ask for them: axios, flyio, Mpx's xfetch."""
        for node in self._package.objects:
            up = node.up
            if node in asked or up is None:
                continue
            is_argument = up.op in (Op.CALL, Op.NEW) and node.slot > 0
            for prop in node.kids:
                is_given = prop.name == "url" and is_argument and not self._is_followed(up, tracer)
                if prop.op == Op.PROP and prop.kids and (prop.name in _BASES or is_given):
                    self._note_likely(prop.kids[0], _KINDS.get(up.kids[0].name, ""), tracer)
        for write in (write for name in _BASES for write in self._package.writes.get(name, ())):
            self._note_likely(write.kids[1], "", tracer)
        for call in self._package.calls:
            callee = call.kids[0]
            is_asking = callee.op == Op.MEMBER and callee.name in _ASKING and len(call.kids) > 1
            if callee.op == Op.MEMBER and callee.name == "open" and len(call.kids) > 2:  # of XMLHttpRequest
                self._note_likely(call.kids[2], "", tracer)
            if is_asking and not self._is_followed(call, tracer):
                self._note_likely(call.kids[1], "", tracer)

    def _is_followed(self, call: Node, tracer: Tracer) -> bool:
        """Whether a call is of the program's own function: what that one asks for is known by itself."""
        called = [thing for thing in tracer.backward.called(call) if isinstance(thing, Node)]
        return bool(called) and not any(self._framework_of(file_of(thing).name) for thing in called)

    def _note_likely(self, value: Node, kind: str, tracer: Tracer) -> None:
        for text in tracer.backward.folded(value):
            if text and text[0] and BEGIN.match(text[0]):
                self._note_text(text, value, kind)

    def _note_sockets(self, tracer: Tracer) -> None:
        """Note what sockets are connected with and send to; where no address is found, each socket is open."""
        sockets = {call: _SOCKETS[name] for name, call in tracer.calls if name in _SOCKETS}
        found = False
        for call in self._package.calls if sockets else ():
            callee = call.kids[0]
            if callee.op != Op.MEMBER or callee.name not in _SENDING or tracer.backward.things(callee.kids[0]):
                continue
            is_tcp = callee.name == "connect" and "tcp" in sockets.values()
            scheme = sockets.get(value_of(callee.kids[0]), "tcp" if is_tcp else "udp")
            for thing in (thing for arg in arguments_of(call)[:1] for thing in tracer.backward.things(arg)):
                ports = list(filter(is_something, tracer.backward.member(thing, "port")))
                for value in filter(is_something, tracer.backward.member(thing, "address")):
                    found = True
                    self._note_peer(scheme, value, ports, tracer)
        for socket in sockets if not found else ():
            self._add_open(socket, "address", "")

    def _note_peer(self, scheme: str, address: Node, ports: list[Node], tracer: Tracer) -> None:
        """Note the host that a socket speaks to, with the port if there is but one."""
        numbers = {text for port in ports for text in tracer.backward.texts(port)}
        port = numbers.pop() if len(numbers) == 1 else None
        for text in tracer.backward.folded(address):
            host = text[0] if len(text) == 1 else None
            origin = origin_of(scheme, f"{host}:{port}" if port else host) if host else ""
            if origin:
                how: How = "written" if address.op == Op.STRING else "built"
                self._add_address(origin, address, "", how, is_called=True)
            else:
                self._add_open_host(address, text)

    # Templates ------------------------------------------------------------------------------------------------------

    def _note_bound(self, path: str, bound: Bound, data: Data, tracer: Tracer) -> None:
        """Note what a page's data can be where its template uses them; open where not all is known."""
        values = data.values(f"{path.rpartition('.')[0]}.js", bound.name)
        is_known, has_address = bool(values), bound.reason != "address"
        for text in (text for value in values for text in tracer.backward.folded(value)):
            if bound.reason == "address":
                is_address = self._note_bound_address(text, path, bound)
                is_known, has_address = is_known and (is_address or text == ("",)), has_address or is_address
            elif text and text[0] is not None and len(text) == 1:
                for name in given_by(text[0]):
                    self._keep_api(Called(name, path, bound.line, "built"))
            else:
                is_known = False
        if not (is_known and has_address):
            self._keep_open(Open(path, bound.line, bound.reason))

    def _note_bound_address(self, text: Text, path: str, bound: Bound) -> bool:
        """Note the address that a component asks for; False where it is not known."""
        first = text[0] if text else None
        if first is None:
            return False
        for origin in origins_in(first):
            self._keep_address(Address(origin, path, bound.line, bound.kind, "built", is_called=True))
            return True
        return False

    def _note_strings(self) -> None:
        for node in self._package.strings:
            for origin in origins_in(node.name):
                self._add_address(origin, node, "", "written", is_called=False)

    def _add_address(self, origin: str, node: Node, kind: str, how: How, *, is_called: bool) -> None:
        path = file_of(node).name
        framework = BY_NAME.get(self._framework_of(path))
        if framework is not None and origin.partition("://")[2].partition(":")[0] in framework.hosts:
            how = "framework"
        self._keep_address(Address(origin, path, node.line, kind, how, is_called))

    def _keep_address(self, address: Address) -> None:
        if len(self.found.addresses) >= self._limits.candidates:
            self.found.left_out += 1
        else:
            self.found.addresses.append(address)


def _callee_of(call: Node) -> Node:
    """Return what a call calls: `a.b` in `(0, a.b)()` and `Object(a.b)()`, too, as compilers write it."""
    callee = call.kids[0]
    if callee.op == Op.SEQUENCE and callee.kids:
        return callee.kids[-1]
    is_object = callee.op == Op.CALL and callee.kids[0].name == "Object" and len(callee.kids) == 2
    return callee.kids[1] if is_object else callee


def _has_member(callee: Node, tracer: Tracer) -> bool:
    """Whether what is known to be called has the member, or one of the classes that it extends."""
    things = list(tracer.backward.things(callee.kids[0]))
    if tracer.is_known(callee) or callee.kids[0] in things:  # What is written right there has got no other members.
        return True
    for thing in things:
        if is_unknown(thing) or tracer.backward.member(thing, callee.name):
            return not is_unknown(thing)
        if isinstance(thing, Node) and thing.op == Op.CLASS:
            things += [one for one in tracer.backward.things(thing.kids[0]) if one not in things]
    return not things


def _to_path(text: Text) -> Text:
    """Return what is known of an address up to its path."""
    scheme = BEGIN.match(text[0] or "") if text else None
    found: list[str | None] = []
    for part in text:
        path = _PATH.search(part, 0 if found or scheme is None else scheme.end()) if part else None
        found.append(part[: path.start()] if part and path else part)
        if path:
            break
    known = [part for part in found if part != ""]
    while known and known[-1] is None:
        known.pop()
    return tuple(known)


def _is_begun(text: str) -> bool:
    """Whether an address may begin with a text: `https:/` and what is known at run time only."""
    return "https://".startswith(text.lower()) or "wss://".startswith(text.lower())


def _shown(text: Text) -> str:
    """Return an address that is put together, as people write it: 'https://' + … + '/v2'."""
    parts = ["…" if part is None else f"'{part[:_SHOWN]}'" for part in text if part != ""]
    return "" if parts == ["…"] else " + ".join(parts)
