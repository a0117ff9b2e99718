"""The key ring: every key of the keeper in one 0600 file, sealed under a data key that the key-encryption key wraps.

File: one JSON line (format, name of the KEK, wrapped data key), then the sealed body (msgpack under AES-256-GCM, the
first line as associated data). Rotation takes a new KEK **and** a new data key, rewraps what survives and destroys
the old KEK: a key that was dropped, and every backup of an older ring, are then unreadable.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rempart.domain.month import month_of
from rempart.ground.files import SecretRefused, read_secret, write_whole
from rempart.sealing.record import DEFAULT_SIZE

from .insurer import InsurerKeys
from .kek import KekMissingError, KekStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMAT = "rempart-ring/1"
MAX_RING = 16 << 20  # bytes
LOG_MONTHS = 12
ACT_MONTHS = 27  # the period in which an invoice can be disputed

State = Literal["building", "live", "retired"]


class _Secret(msgspec.Struct):
    """Structs that hold keys: they never show in a repr."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class IndexEntry(_Secret):
    """One version of an index key; `retired` ones keep their number and have lost their key."""

    version: int
    state: State
    key: bytes


class InsurerEntry(_Secret):
    """What the ring holds of an insurer; public keys are raw 32 bytes (Ed25519, X25519)."""

    number: str
    sign_public: bytes
    hpke_public: bytes
    size: int
    index: list[IndexEntry]
    person: bytes
    log: bytes
    weigh: bytes
    counter: bytes


class IdentityKeyEntry(_Secret):
    """A generation of the X25519 key to which callers seal who they present; seconds since 1970."""

    number: int
    private: bytes
    created: int
    until: int


class WaitingKeyEntry(_Secret):
    """The P-256 key of one waiting room: a scalar of 32 bytes; `created` microseconds UTC."""

    room: str
    private: bytes
    created: int


class RingBody(_Secret):
    """Everything under the seal. Months are year * 12 + month - 1. `identity_keys` newest first."""

    grant: bytes
    met: bytes
    inbox: bytes
    fingerprint: bytes
    iban: bytes
    registry: bytes
    checkpoint_seed: bytes
    load_private: bytes
    log_months: dict[int, bytes]
    act_months: dict[int, bytes]
    insurers: dict[str, InsurerEntry]
    identity_keys: list[IdentityKeyEntry] = msgspec.field(default_factory=list)
    waiting_keys: list[WaitingKeyEntry] = msgspec.field(default_factory=list)


class _Head(msgspec.Struct):
    format: str
    kek: str
    wrapped: bytes  # base64 in JSON


@dataclass(frozen=True, slots=True)
class RingRefused:
    """Why the ring was not opened: `code` is stable, `reason` says what to do."""

    code: str
    reason: str


class Ring:
    """An open key ring. Every change is on disk before the method returns."""

    def __init__(self, path: Path, head: _Head, data_key: bytes, body: RingBody) -> None:
        self._path = path
        self._head = head
        self._data_key = data_key
        self.body = body
        self.insurers: dict[str, InsurerKeys] = {}
        for entry in body.insurers.values():
            self._prepare(entry)

    def __repr__(self) -> str:
        return f"Ring(insurers={len(self.insurers)})"

    @classmethod
    def create(cls, path: Path, store: KekStore) -> Ring:
        """A new ring with fresh keys and a fresh KEK. Raises FileExistsError rather than replace one."""
        if path.exists():
            raise FileExistsError(path)
        kek = store.create()
        data_key = secrets.token_bytes(32)
        ring = cls(path, _Head(FORMAT, kek.id, kek.wrap(data_key)), data_key, _fresh_body())
        ring._write()
        return ring

    @classmethod
    def open(cls, path: Path, store: KekStore) -> Ring | RingRefused:
        """The ring at `path`, or why not; finishes a rotation that a crash interrupted."""
        found = _read(path, store)
        if isinstance(found, RingRefused):
            return found
        store.destroy_others(found[0].kek)
        return cls(path, *found)

    @staticmethod
    def refusal(path: Path, store: KekStore) -> RingRefused | None:
        """Why `open` would refuse the ring, None when it would not. Changes nothing."""
        found = _read(path, store)
        return found if isinstance(found, RingRefused) else None

    def add_insurer(self, number: str, sign_public: bytes, hpke_public: bytes, *, size: int = DEFAULT_SIZE) -> str:
        """Registers an insurer with fresh keys, index key version 1 live; "" or a refusal code."""
        known = self.body.insurers.get(number)
        if known is not None:
            same = (known.sign_public, known.hpke_public, known.size) == (sign_public, hpke_public, size)
            return "" if same else "insurer-exists"
        if len(number) != 10 or not number.isdecimal() or len(sign_public) != 32 or len(hpke_public) != 32:
            return "insurer-malformed"
        if not 64 <= size <= 4096:
            return "size-out-of-range"
        index = [IndexEntry(1, "live", secrets.token_bytes(32))]
        entry = InsurerEntry(
            number, sign_public, hpke_public, size, index, *(secrets.token_bytes(32) for _ in range(4))
        )
        self.body.insurers[number] = entry
        self._write()
        self._prepare(entry)
        return ""

    def begin(self, number: str) -> int:
        """A new index key version, `building`: sealed under by a load, not yet asked.

        KeyError for an unknown insurer.
        """
        entry = self.body.insurers[number]
        version = max(each.version for each in entry.index) + 1
        entry.index.append(IndexEntry(version, "building", secrets.token_bytes(32)))
        self._changed(entry)
        return version

    def promote(self, number: str, version: int) -> None:
        """`building` → `live`; older live versions still answer until they are retired. KeyError when not building."""
        self._entry(number, version, ("building",)).state = "live"
        self._changed(self.body.insurers[number])

    def retire(self, number: str, version: int) -> None:
        """Drops the key of a version; the last live one cannot be retired (KeyError)."""
        entry = self.body.insurers[number]
        retired = self._entry(number, version, ("building", "live"))
        if retired.state == "live" and sum(each.state == "live" for each in entry.index) == 1:
            raise KeyError(version)
        retired.state, retired.key = "retired", b""
        self._changed(entry)

    def forget_insurer(self, number: str) -> None:
        """Drops every key of an insurer; final once the KEK was rotated. KeyError for an unknown insurer."""
        del self.body.insurers[number]
        del self.insurers[number]
        self._write()

    def log_month(self, month: int) -> bytes:
        """The log's key of a month, made when first asked for."""
        return self._month(self.body.log_months, month)

    def act_month(self, month: int) -> bytes:
        """The acts' key of a month, made when first asked for."""
        return self._month(self.body.act_months, month)

    def forget_old(self, instant: int) -> None:
        """Drops the log's month keys after 12 months and the acts' after 27; `instant` in microseconds UTC."""
        month = month_of(instant)
        self.forget_months(log_before=month - LOG_MONTHS, acts_before=month - ACT_MONTHS)

    def forget_months(self, *, log_before: int, acts_before: int) -> None:
        """Drops month keys older than the given months; final once the KEK was rotated."""
        self.body.log_months = _since(self.body.log_months, log_before)
        self.body.act_months = _since(self.body.act_months, acts_before)
        self._write()
        for entry in self.body.insurers.values():
            self._prepare(entry)

    def keep_identity_keys(self, entries: list[IdentityKeyEntry]) -> None:
        """Replaces the generations; what is left out is final once the KEK was rotated."""
        self.body.identity_keys = entries
        self._write()

    def keep_waiting_keys(self, entries: list[WaitingKeyEntry]) -> None:
        """Replaces the waiting rooms' keys; what is left out is final once the KEK was rotated."""
        self.body.waiting_keys = entries
        self._write()

    def rotate(self, store: KekStore) -> None:
        """New KEK, new data key, survivors rewrapped, the old KEK destroyed. Crash-safe: see `KekStore`."""
        kek = store.create()
        self._data_key = secrets.token_bytes(32)
        self._head = _Head(FORMAT, kek.id, kek.wrap(self._data_key))
        self._write()
        store.destroy_others(kek.id)

    def _month(self, months: dict[int, bytes], month: int) -> bytes:
        key = months.get(month)
        if key is None:
            key = months[month] = secrets.token_bytes(32)
            self._write()
        return key

    def _entry(self, number: str, version: int, states: Iterable[State]) -> IndexEntry:
        for each in self.body.insurers[number].index:
            if each.version == version and each.state in states:
                return each
        raise KeyError(version)

    def _changed(self, entry: InsurerEntry) -> None:
        self._write()
        self._prepare(entry)

    def _prepare(self, entry: InsurerEntry) -> None:
        index = {each.version: each.key for each in entry.index if each.state != "retired"}
        live = [each.version for each in entry.index if each.state == "live"]
        self.insurers[entry.number] = InsurerKeys(
            entry.number,
            index=index,
            live=tuple(sorted(live, reverse=True)),
            person=entry.person,
            log=entry.log,
            marks=(entry.weigh, entry.counter),
            public=(entry.sign_public, entry.hpke_public),
            size=entry.size,
        )

    def _write(self) -> None:
        line = msgspec.json.encode(self._head)
        nonce = secrets.token_bytes(12)
        sealed = nonce + AESGCM(self._data_key).encrypt(nonce, msgspec.msgpack.encode(self.body), line)
        write_whole(self._path, line + b"\n" + sealed)


def _read(path: Path, store: KekStore) -> tuple[_Head, bytes, RingBody] | RingRefused:
    content = read_secret(path, most=MAX_RING)
    if isinstance(content, SecretRefused):
        return RingRefused(content.code, content.reason)
    line, _, sealed = content.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=_Head)
        if head.format != FORMAT:
            return RingRefused("ring-format", f"{path} is not a {FORMAT} file")
        data_key = store.find(head.kek).unwrap(head.wrapped)
        plain = AESGCM(data_key).decrypt(sealed[:12], sealed[12:], line)
        body = msgspec.msgpack.decode(plain, type=RingBody)
    except KekMissingError as error:
        return RingRefused("kek-missing", str(error))
    except (InvalidTag, msgspec.MsgspecError, ValueError):
        return RingRefused("ring-damaged", f"{path} is not what was written: restore it from a backup")
    return head, data_key, body


def _fresh_body() -> RingBody:
    fresh = secrets.token_bytes
    return RingBody(
        grant=fresh(32),
        met=fresh(32),
        inbox=fresh(32),
        fingerprint=fresh(32),
        iban=fresh(32),
        registry=fresh(32),
        checkpoint_seed=fresh(32),
        load_private=X25519PrivateKey.generate().private_bytes_raw(),
        log_months={},
        act_months={},
        insurers={},
    )


def _since(months: dict[int, bytes], first: int) -> dict[int, bytes]:
    return {month: key for month, key in months.items() if month >= first}
