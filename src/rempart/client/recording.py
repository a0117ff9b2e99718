"""What software said to the sandbox, exchange by exchange: read from a HAR file, or heard from our own client.

HAR 1.2 (W3C Web Performance draft, 2012) is what proxies and HTTP tools export. Only requests, answers and their times
are read; cookies, caches and timings are left out. A recording holds tokens and cards: only ever record the sandbox.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from rempart.client.exchange import Received, Send

MOST = 64 * 1024 * 1024  # bytes of one recording


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back; `status` 0 when nothing did. `at` in seconds UTC; header names in lower case."""

    at: float
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int
    answer_headers: Mapping[str, str] = field(repr=False)
    answer: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.url).path

    def asks(self, method: str, path: str) -> bool:
        return self.method == method and self.path == path

    @property
    def told(self) -> dict[str, Any]:
        """The request's JSON object; empty when it is none."""
        return _object(self.body)

    @property
    def answered(self) -> dict[str, Any]:
        """The answer's JSON object; empty when it is none."""
        return _object(self.answer)

    @property
    def form(self) -> dict[str, str]:
        """The request's form."""
        return dict(parse_qsl(self.body.decode("ascii", "replace")))

    @property
    def proof(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims of the DPoP proof, not verified: that is the hub's work."""
        return unverified(self.headers.get("dpop", ""))


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a compact JWS as they are; empty when it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}, {}
    return _object(_decoded(parts[0])), _object(_decoded(parts[1]))


def heard(origin: str, at: float, sent: Send, got: Received | None) -> Exchange:
    """The same of our own client."""
    headers = {name.lower(): value for name, value in sent.headers}
    status, back, body = (got.status, got.headers, got.body) if got is not None else (0, {}, b"")
    return Exchange(at, sent.method, origin + sent.path, headers, sent.body, status, back, body)


def read_har(content: bytes, origin: str) -> tuple[Exchange, ...] | str:
    """The exchanges with `origin` in order of time, or the code of what is wrong: recording-malformed, -empty."""
    if len(content) > MOST:
        return "recording-too-large"
    try:
        entries = msgspec.json.decode(content)["log"]["entries"]
        found = [_entry(entry) for entry in entries if entry["request"]["url"].startswith(origin.rstrip("/") + "/")]
    except (msgspec.DecodeError, UnicodeDecodeError, binascii.Error, LookupError, TypeError, ValueError):
        return "recording-malformed"
    return tuple(sorted(found, key=lambda each: each.at)) if found else "recording-empty"


def write_har(exchanges: tuple[Exchange, ...]) -> bytes:
    """A HAR file of them."""
    entries = [
        {
            "startedDateTime": datetime.fromtimestamp(each.at).astimezone().isoformat(),
            "time": 0,
            "request": {
                "method": each.method,
                "url": each.url,
                "httpVersion": "HTTP/1.1",
                "headers": _pairs(each.headers),
                "postData": {"mimeType": each.headers.get("content-type", ""), "text": each.body.decode("latin-1")},
            },
            "response": {
                "status": each.status,
                "httpVersion": "HTTP/1.1",
                "headers": _pairs(each.answer_headers),
                "content": {"text": base64.b64encode(each.answer).decode(), "encoding": "base64"},
            },
        }
        for each in exchanges
    ]
    creator = {"name": "rempart client conformance", "version": "1"}
    return msgspec.json.encode({"log": {"version": "1.2", "creator": creator, "entries": entries}})


def _entry(entry: Any) -> Exchange:
    request, response = entry["request"], entry["response"]
    at = datetime.fromisoformat(entry["startedDateTime"]).timestamp()
    return Exchange(
        at, str(request["method"]), str(request["url"]), _headers(request), _text(request.get("postData") or {}),
        int(response["status"]), _headers(response), _text(response.get("content") or {}),
    )  # fmt: skip


def _headers(message: Any) -> dict[str, str]:
    return {str(pair["name"]).lower(): str(pair["value"]) for pair in message["headers"]}


def _text(content: Any) -> bytes:
    text = content.get("text") or ""
    if not text and isinstance(content.get("params"), list):  # a form, told field by field
        return urlencode([(pair["name"], pair["value"]) for pair in content["params"]]).encode()
    return base64.b64decode(text, validate=True) if content.get("encoding") == "base64" else text.encode()


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
