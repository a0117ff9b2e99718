"""Telling a site's software what changed, by a signed POST to an address that the operator has agreed to.

An address given by others is a way into our own network, so: exact hosts of a list, https on port 443, no credentials
in it, every resolved address public, the connection made to the very address that was checked, and no redirect.
Loopback over http is for demonstrations only. The signature is Ed25519 over `<seconds>.<body>`.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

URL_MOST = 512  # characters
ANSWER_MOST = 4096  # bytes read of an answer, for the connection to end cleanly
TIMEOUT = 5.0  # seconds, for connecting and for each reading
SIGNATURE = "Rempart-Signature"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], Sequence[str]]
"""Addresses of a host, as texts. Raises OSError when there is none."""


@dataclass(frozen=True, slots=True)
class Egress:
    """Where webhooks may go: exact hosts in small letters; `loopback` lets http reach this machine, on any port."""

    hosts: frozenset[str]
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address, not resolved yet."""

    host: str
    port: int
    path: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was sent, or what was sent is not delivered; a stable code."""

    code: str


def target_of(url: str, egress: Egress) -> Target | Refused:
    """The address when the operator's list allows it."""
    if len(url) > URL_MOST or not url.isascii() or any(c <= " " or c in "\\\x7f" for c in url):
        return Refused("url-malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return Refused("url-malformed")
    host = parts.hostname or ""
    if not host or parts.fragment or parts.scheme not in {"https", "http"}:
        return Refused("url-malformed")
    if parts.username is not None or parts.password is not None:
        return Refused("url-with-credentials")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if egress.loopback and host in {"127.0.0.1", "::1", "localhost"}:
        return Target(host, port or 80, path, tls=False) if parts.scheme == "http" else Refused("url-malformed")
    if _address(host) is not None:
        return Refused("host-not-allowed")
    if host not in egress.hosts:
        return Refused("host-not-allowed")
    if parts.scheme != "https":
        return Refused("not-https")
    return Target(host, 443, path, tls=True) if port in {None, 443} else Refused("port-not-allowed")


def resolved(target: Target, resolve: Resolve) -> str | Refused:
    """One address to connect to; refused when any that the name has is not public: names can change between looks."""
    try:
        found = resolve(target.host, target.port)
    except OSError:
        return Refused("host-not-found")
    addresses = [_address(text.partition("%")[0]) for text in found]
    if not addresses or any(address is None for address in addresses):
        return Refused("host-not-found")
    fits = is_public if target.tls else is_loopback
    if not all(address is not None and fits(address) for address in addresses):
        return Refused("address-not-public" if target.tls else "address-not-loopback")
    return found[0].partition("%")[0]


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address, and any that hides in it, belongs to the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            hidden.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if not all(inner is None or is_public(inner) for inner in hidden):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_loopback(address: Address) -> bool:
    """Whether it is this machine."""
    return address.is_loopback


def system_resolve(host: str, port: int) -> list[str]:
    """By the machine's resolver."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class _Pinned(http.client.HTTPConnection):
    """Connects to an address that was checked, and speaks to the host that was asked for."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT)
        self._to, self._tls = address, target.tls

    def connect(self) -> None:
        """No second resolution: the name could answer otherwise now."""
        self.sock = socket.create_connection((self._to, self.port), TIMEOUT)
        if self._tls:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Delivers. `resolve` is replaced in tests only."""

    egress: Egress
    key: Ed25519PrivateKey
    resolve: Resolve = system_resolve

    def deliver(self, url: str, body: bytes, seconds: int) -> Refused | None:
        """One POST signed at `seconds` UTC; None when the site's software answered 2xx."""
        target = target_of(url, self.egress)
        if isinstance(target, Refused):
            return target
        address = resolved(target, self.resolve)
        if isinstance(address, Refused):
            return address
        connection = _Pinned(target, address)
        headers = {"Content-Type": "application/json", SIGNATURE: signature(self.key, body, seconds)}
        try:
            connection.request("POST", target.path, body, headers)
            answer = connection.getresponse()
            answer.read(ANSWER_MOST)
        except (OSError, http.client.HTTPException):
            return Refused("no-answer")
        finally:
            connection.close()
        if 300 <= answer.status < 400:
            return Refused("redirect-refused")
        return None if 200 <= answer.status < 300 else Refused("not-taken")


def signature(key: Ed25519PrivateKey, body: bytes, seconds: int) -> str:
    """The header's value: when, which key, and Ed25519 over `<seconds>.<body>`, base64."""
    signed = base64.b64encode(key.sign(f"{seconds}.".encode() + body)).decode()
    return f"t={seconds}, kid={key_id(key.public_key().public_bytes_raw())}, ed25519={signed}"


def key_id(public: bytes) -> str:
    """The first 8 bytes of SHA-256 of the raw public key, in hex."""
    return hashlib.sha256(public).digest()[:8].hex()
