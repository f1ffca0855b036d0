"""Who may ask: our own page from this machine, or whoever has the token."""

import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

COOKIE = "tirdata_review"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[int, str, str], App]


def new_token() -> str:
    """A random one, of 256 bits."""
    return secrets.token_urlsafe(32)


def is_local(host: str) -> bool:
    """Whether an address to listen at can only be reached from this machine."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


@dataclass(frozen=True)
class Rules:
    """What a request has to show."""

    port: int
    names: frozenset[str] = field(default_factory=frozenset)  # of this machine, beside localhost
    token: str | None = None
    local: bool = True  # bound to this machine only

    def known_host(self, host: str) -> bool:
        """Whether ``Host`` names us: only names can be made to point here, addresses cannot."""
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname, parts.port or 80
        except ValueError:
            return False
        if name is None or port != self.port or parts.username is not None or parts.path:
            return False
        address = _address(name)
        if address is not None:
            return address.is_loopback or not self.local
        return name == "localhost" or name in self.names

    @property
    def cookie(self) -> str:
        """The name of ours: browsers give cookies to all ports of a host."""
        return f"{COOKIE}_{self.port}"

    def known_token(self, given: str) -> bool:
        """Compared in constant time."""
        return self.token is None or hmac.compare_digest(given.encode(), self.token.encode())


class Guard:
    """Refuses what may not ask, before anything else sees it; adds our headers to every answer."""

    def __init__(self, app: App, rules: Rules, refuse: Refuse) -> None:
        self._app, self._rules, self._refuse = app, rules, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", ()), *own]
            await send(message)

        app = self._fault(scope) or self._app
        await app(scope, receive, guarded)

    def _fault(self, scope: Scope) -> App | None:
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        hosts = headers.get("host", [])
        if len(hosts) != 1 or not self._rules.known_host(hosts[0]):
            return self._refuse(
                403, "host", "this address is not one of ours; open the printed one"
            )
        if not _same_site(headers, hosts[0], scope["method"]):
            return self._refuse(403, "origin", "only our own page may ask this")
        given = ["", *_given_tokens(headers, scope, self._rules.cookie)]
        if not any(self._rules.known_token(each) for each in given):
            return self._refuse(401, "token", "no token, or a wrong one; open the printed address")
        return None


def _same_site(headers: dict[str, list[str]], host: str, method: str) -> bool:
    origins = headers.get("origin", [])
    if origins and origins != [f"http://{host}"]:
        return False
    sites = headers.get("sec-fetch-site", [])
    if not sites or sites in (["same-origin"], ["none"]):
        return True
    # A link on another site may open the page, and nothing but the page.
    return method == "GET" and headers.get("sec-fetch-mode") == ["navigate"] and not origins


def _given_tokens(headers: dict[str, list[str]], scope: Scope, cookie: str) -> list[str]:
    """In the header, the cookie and, for the page itself, the address."""
    given = [
        each[7:].strip()
        for each in headers.get("authorization", ())
        if each[:7].lower() == "bearer "
    ]
    try:
        cookies = SimpleCookie("; ".join(headers.get("cookie", ())))
        given += [cookies[cookie].value] if cookie in cookies else []
    except CookieError:
        pass
    if scope["path"] == "/" and scope["method"] == "GET":
        given += parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
    return given


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
