"""An address given by others leads nowhere but where the operator agreed: every way round it is refused."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.client.webhook import FRESH, is_genuine
from rempart.gateways.webhooks import (
    SIGNATURE,
    Egress,
    Refused,
    Target,
    Webhooks,
    is_public,
    resolved,
    signature,
    target_of,
)

EGRESS = Egress(frozenset({"hooks.example"}))
KEY = Ed25519PrivateKey.generate()
GOOD = "https://hooks.example/rempart?site=1"
TARGET = Target("hooks.example", 443, "/rempart?site=1", tls=True)


def test_an_exact_host_over_https_is_allowed() -> None:
    """With and without the port that https has anyway."""
    assert target_of(GOOD, EGRESS) == TARGET
    assert target_of("https://hooks.example:443/", EGRESS) == Target("hooks.example", 443, "/", tls=True)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example/", "not-https"),
        ("https://hooks.example:8443/", "port-not-allowed"),
        ("https://hooks.example:22/", "port-not-allowed"),
        ("https://hooks.example.evil.example/", "host-not-allowed"),
        ("https://evil.example/hooks.example", "host-not-allowed"),
        ("https://sub.hooks.example/", "host-not-allowed"),
        ("https://hooks.example./", "host-not-allowed"),
        ("https://hooks.example@evil.example/", "url-with-credentials"),
        ("https://user:word@hooks.example/", "url-with-credentials"),
        ("https://@hooks.example/", "url-with-credentials"),
        ("https://127.0.0.1/", "host-not-allowed"),
        ("https://[::1]/", "host-not-allowed"),
        ("https://[::ffff:10.0.0.1]/", "host-not-allowed"),
        ("https://2130706433/", "host-not-allowed"),
        ("https://0x7f.1/", "host-not-allowed"),
        ("http://localhost/", "host-not-allowed"),
        ("https://hooks.example\\@evil.example/", "url-malformed"),
        ("https://hooks.example/\r\nHost: evil.example", "url-malformed"),
        ("https://hooks.example/ x", "url-malformed"),
        ("https://hooks.example/#x", "url-malformed"),
        ("https://hooks.exämple/", "url-malformed"),
        ("https://hooks.example:99999/", "url-malformed"),
        ("file:///etc/passwd", "url-malformed"),
        ("gopher://hooks.example/", "url-malformed"),
        ("//hooks.example/", "url-malformed"),
        ("https://hooks.example/" + "a" * 512, "url-malformed"),
        ("", "url-malformed"),
    ],
)
def test_any_other_address_is_refused_before_anything_is_resolved(url: str, code: str) -> None:
    """Scheme, port, host, credentials, escapes: a stable code, and nothing leaves."""
    assert target_of(url, EGRESS) == Refused(code)
    refusing = Webhooks(EGRESS, KEY, _never)
    assert refusing.deliver(url, b"{}", 1) == Refused(code)


def _never(host: str, port: int) -> Sequence[str]:
    raise AssertionError("resolved")


UNROUTED = str(ipaddress.IPv4Address(0))
PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", UNROUTED, "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "2002:a00:1::1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    """Private, loopback, link-local, mapped, translated or tunnelled: alone, or beside a public address."""
    assert resolved(TARGET, lambda *_: [address]) == Refused("address-not-public")
    assert resolved(TARGET, lambda *_: ["93.184.215.14", address]) == Refused("address-not-public")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14"])
def test_a_public_address_is_taken_as_it_is(address: str) -> None:
    """And the connection is made to that very text."""
    assert is_public(ipaddress.ip_address(address))
    assert resolved(TARGET, lambda *_: [address]) == address


def test_a_name_that_leads_nowhere_is_refused() -> None:
    """No address, an error of the resolver, or what is no address at all."""

    def failing(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror

    assert resolved(TARGET, failing) == Refused("host-not-found")
    assert resolved(TARGET, lambda *_: []) == Refused("host-not-found")
    assert resolved(TARGET, lambda *_: ["not an address"]) == Refused("host-not-found")


@dataclass
class Listening:
    """A site's software on this machine: what it got, and what it answers."""

    port: int = 0
    status: int = 204
    location: str = ""
    got: list[tuple[str, str, bytes]] = field(default_factory=list)
    seen: list[tuple[object, object]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/told"


@pytest.fixture
def listening() -> Iterator[Listening]:
    found = Listening()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((self.path, self.headers.get(SIGNATURE, ""), body))
            self.send_response(found.status)
            if found.location:
                self.send_header("Location", found.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None:
            found.seen.append((code, size))

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


DEMO = Egress(frozenset(), loopback=True)


def test_what_is_delivered_is_signed_and_fresh(listening: Listening) -> None:
    """The site's software knows the hub by its key; another body, key or hour is not believed."""
    assert Webhooks(DEMO, KEY).deliver(listening.url, b'{"state":"agreed"}', 1_000) is None
    ((path, header, body),) = listening.got
    public = KEY.public_key().public_bytes_raw()
    assert (path, body) == ("/told", b'{"state":"agreed"}')
    assert is_genuine(header, body, public, 1_000 + FRESH)
    assert not is_genuine(header, body, public, 1_001 + FRESH)
    assert not is_genuine(header, body + b" ", public, 1_000)
    assert not is_genuine(header.replace("t=1000", "t=1001"), body, public, 1_000)
    assert not is_genuine(header, body, Ed25519PrivateKey.generate().public_key().public_bytes_raw(), 1_000)
    for broken in ("", "t=1000", "t=x, ed25519=AAAA", "t=1000, ed25519=?"):
        assert not is_genuine(broken, body, public, 1_000)
    assert signature(KEY, body, 1_000) == header


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_nowhere(listening: Listening, status: int) -> None:
    """Not even to the same place: one request is made, and it is not delivered."""
    listening.status, listening.location = status, listening.url + "/other"
    assert Webhooks(DEMO, KEY).deliver(listening.url, b"{}", 1) == Refused("redirect-refused")
    assert [path for path, _, _ in listening.got] == ["/told"]


def test_what_is_not_taken_is_not_delivered(listening: Listening) -> None:
    """An error, or nobody there."""
    listening.status = 500
    assert Webhooks(DEMO, KEY).deliver(listening.url, b"{}", 1) == Refused("not-taken")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        assert Webhooks(DEMO, KEY).deliver(url, b"{}", 1) == Refused("no-answer")


def test_loopback_needs_the_demonstration_and_is_loopback() -> None:
    """Without the option it is refused; with it, a name that leads elsewhere still is."""
    assert Webhooks(EGRESS, KEY).deliver("http://127.0.0.1:80/", b"{}", 1) == Refused("host-not-allowed")
    led_away = Webhooks(DEMO, KEY, lambda *_: ["10.0.0.1"])
    assert led_away.deliver("http://localhost:80/", b"{}", 1) == Refused("address-not-loopback")


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once: what it answers a moment later is never asked."""
    asked: list[object] = []

    def create(address: tuple[str, int], timeout: float) -> socket.socket:
        asked.append(address)
        raise OSError

    monkeypatch.setattr("rempart.gateways.webhooks.socket.create_connection", create)
    assert Webhooks(EGRESS, KEY, lambda *_: ["93.184.215.14"]).deliver(GOOD, b"{}", 1) == Refused("no-answer")
    assert asked == [("93.184.215.14", 443)]
